"""The batch loop between topics and database: the only place that knows checkpoints and Faust's acknowledgements."""

from shared.decisions import Decided, Drop, Event, Put, Refused
from shared.stream.flow import Flow

__all__ = ["Decided", "Drop", "Event", "Flow", "Put", "Refused"]
