"""One learner, and three systems that know them by three names and speak three formats."""
