"""Assessment: completions in, verdicts out."""
