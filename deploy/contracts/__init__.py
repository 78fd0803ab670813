"""What is promised to the outside, made from the code (schemas, AsyncAPI, OpenAPI, metrics), and whether a change breaks it."""
