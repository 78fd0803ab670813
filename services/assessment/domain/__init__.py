"""What assessment decides, as pure functions: no I/O, no clock, no random ids."""
