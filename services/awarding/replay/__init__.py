"""Awarding rebuilt: what was said is remembered from `awarding.awards`, and who holds what decided anew from the verdicts.

`python -m services.awarding.replay --into <prefix> [--from <prefix>]`, after assessment's
"""
