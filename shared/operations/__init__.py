"""What a service that streams tells its operators of itself, and what they can do: pause and resume it, redrive its dead letters.

Each service answers about itself alone: `python -m deploy.operate` asks them all and puts it together.
"""
