"""Rebuilding a service's database from what is kept for good: the steps that the services' replays have in common."""
