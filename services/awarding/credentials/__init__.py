"""Credentials: what an award looks like to a stranger, signed. Nothing here decides; what is decided stands in facts."""
