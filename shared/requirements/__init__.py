"""The requirement language: what a learner must show to earn an achievement, and how that is found out.

One language for every requirement in Cairn. `model` is its grammar, `tree` walks and evaluates it, `sentences` reads it aloud.
The catalog validates with it, assessment evaluates the leaves about activities, awarding those about awards.
"""
