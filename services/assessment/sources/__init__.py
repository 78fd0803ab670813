"""Systems that report completions, each in what it already speaks: who they are, what they say, and what becomes of it."""
