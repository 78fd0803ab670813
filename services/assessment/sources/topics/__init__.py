"""Sources that publish on Kafka topics of their own: each is read by a consumer group of its own, in the background.

What lies there is taken at least once: offsets are committed only after all of a portion is entered and published. A trouble that
passes is waited out in place; what can never be read is refused, counted and kept (`unread.py`), and the next message is read.
"""
