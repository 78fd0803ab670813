"""Open edX: its event bus on Kafka, as `edx-event-bus-kafka` and `openedx-events` publish it.

An original is one event as a CloudEvent in JSON: the attributes out of the message's headers, and `data` out of its Avro. Its id
is the event's (`ce_id`), which Open edX makes anew for each; its time is `ce_time`, in UTC.

A learner is named by the user's id (`openedx:user`) and by the username (`openedx:username`), a course by its key, a course of a
coach (CCX) by its own, a program by `program:` and its UUID. Names, addresses and the URLs of certificates stay in the original.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from services.assessment.sources.claims import Claim, Nothing, Wrong
from services.assessment.sources.formats.format import Format
from services.assessment.sources.formats.members import instant, the_object, the_text
from services.assessment.sources.formats.openedx.events import EVENTS
from services.assessment.sources.formats.topics import OnTopics, TopicName

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

Matter = Literal["passing", "grades", "certificates", "programs", "enrollments"]


class Options(OnTopics):
    """`counts` are the matters that count. Passing, grades and certificates are all about the course: of what they say, the last
    counts. Who lets certificates decide leaves `passing` out, for with each grade Open edX says anew whether a learner passes.
    """

    topics: Annotated[tuple[TopicName, ...], Field(min_length=1, max_length=50)]
    counts: Annotated[tuple[Matter, ...], Field(min_length=1)] = (
        "passing",
        "grades",
        "certificates",
        "programs",
        "enrollments",
    )


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    event = the_object(original, "", "an event")
    id_ = the_text(event.get("id"), "id")
    try:
        return _claims(id_, event, source.options)
    except Wrong as wrong:
        wrong.id = wrong.id or id_
        raise


def _claims(id_: str, event: Any, options: Any) -> Sequence[Claim] | Nothing:
    type_ = the_text(event.get("type"), "type")
    known = EVENTS.get(type_)
    if known is None:
        return _unknown(type_)
    if known.says is None:
        return Nothing(known.why)
    if known.matter not in getattr(options, "counts", ()):
        return Nothing(f"by the source's document, {known.matter} do not count")
    if len(id_) > 255:
        raise Wrong("an event's id has 255 characters at most", "id")
    time = instant(event.get("time"), "time")
    data = the_object(event.get("data"), "data", "what the event says")
    names, activity, said = known.says(data)
    return [Claim(id_, time, names, activity, said)]


def _unknown(type_: str) -> Nothing:
    """Raises Wrong for another version of what is understood: ignoring it would lose completions."""
    name, _, version = type_.rpartition(".")
    if (understood := [known for known in EVENTS if known.rpartition(".")[0] == name]) and version:
        raise Wrong(f"this version of {name} is unknown, understood is {', '.join(sorted(understood))}", "type")
    return Nothing("events of this type say nothing about completions")


def concerns(type_: str) -> bool:
    """Whether what the event says must be known to read it."""
    known = EVENTS.get(type_)
    return known is not None and known.says is not None


FORMAT: Final = Format("openedx", "Open edX event bus", read, options=Options, keys=(), sent_to="the Kafka topics of its options")
