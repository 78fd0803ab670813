"""Awarding: verdicts become awards, awards complete levels of stacks, and stacks complete other stacks."""
