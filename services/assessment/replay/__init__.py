"""Assessment rebuilt: records and verdicts from the archive of entries and decisions, all else taken over as it was.

`python -m services.assessment.replay --into <prefix> --from <prefix>`
"""
