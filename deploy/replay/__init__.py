"""All four services' databases rebuilt, one after another: `python -m deploy.replay --into <prefix>`."""
