"""Whether a running platform is consistent: what follows from what, looked up across all services, reading only.

`python -m deploy.consistency`
"""
