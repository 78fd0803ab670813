"""Proofs of learning elsewhere: what is found out about a credential, whose it is, and whether it still stands."""
