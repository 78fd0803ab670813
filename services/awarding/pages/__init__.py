"""What people look at: shared awards, the check of a credential, the learner's passport, and the front page."""
