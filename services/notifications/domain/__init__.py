"""What is told to whom, and what becomes of each delivery. Pure: standard library and pydantic only."""
