"""The batch loop between topics and database: the only place that knows checkpoints and Faust's acknowledgements."""

from typing import TYPE_CHECKING, Any

from shared.decisions import Amend, Decided, Drop, Event, Put, Refused, Writer
from shared.stream.flow import Flow

if TYPE_CHECKING:
    from shared.stream.engine import Stream

__all__ = ["Amend", "Decided", "Drop", "Event", "Flow", "Put", "Refused", "Stream", "Writer"]


def __getattr__(name: str) -> Any:
    """`Stream` brings Faust along, which takes half a second: who only declares a flow need not wait for it."""
    if name == "Stream":
        from shared.stream.engine import Stream

        return Stream
    raise AttributeError(name)
