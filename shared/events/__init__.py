"""What is said on topics: the envelope, and one file of event models per owning service."""
