"""Who holds what, as a pure function of verdicts, decisions of people and published versions."""
