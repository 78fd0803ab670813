"""The operators' command: all services at a glance, their switches, their dead letters, and one learner's whole way."""
