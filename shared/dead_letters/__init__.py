"""The operators' command for dead letters: list them, look at one, send them again. `python -m shared.dead_letters --help`"""
