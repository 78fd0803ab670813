"""Judgement by people: evidence is handed in, assessors judge it, and their verdict is a completion like any other."""
