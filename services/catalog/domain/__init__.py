"""Documents, what is wrong with them, and the versions they become. Pure."""
