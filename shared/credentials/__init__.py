"""Verifiable credentials as formats: contexts, canonical forms, keys, proofs, tokens, status lists, baked pictures.

Technical, and knows no service: the catalog checks endorsements with it, awarding signs and checks credentials.
"""
