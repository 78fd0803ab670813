"""The plain evaluation that drills compare with, for the tests that do the same."""

from deploy.drill.plain import Held, Worker, awarded, held, publications, told

__all__ = ["Held", "Worker", "awarded", "held", "publications", "told"]
