"""Notifications: tells learners what became of their awards, in an inbox and by e-mail."""
