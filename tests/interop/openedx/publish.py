"""Publishes events as an LMS does: Django's signals, sent out by Open edX's own handler and producer.

Run in an environment that has them. Arguments: bootstrap servers, the registry's URL, the prefix of topics. Input: a JSON object
on each line, with `signal` (its name in `openedx_events.learning.signals`), `time` and `data`. Each event goes to the topic
`<prefix>-learning`, keyed by what it is about. Exits with 1 when one could not be sent; what was in the way is in the output.
"""

# mypy: disable-error-code="import-not-found"

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import django
from ccx_keys.locator import CCXLocator
from django.conf import settings
from opaque_keys.edx.keys import CourseKey, UsageKey

BOOTSTRAP, REGISTRY, PREFIX = sys.argv[1:4]
TOPIC = "learning"
KEYS = {
    "course_passing_status": "course_passing_status.course.course_key",
    "grade": "grade.course.course_key",
    "certificate": "certificate.course.course_key",
    "program_certificate": "program_certificate.program.uuid",
    "enrollment": "enrollment.course.course_key",
    "exam_attempt": "exam_attempt.course_key",
    "badge": "badge.uuid",
}
"""By what an event carries, as Open edX documents it."""


class Seen(logging.StreamHandler[Any]):
    """The producer says in the log what it could not send, and nowhere else."""

    failed = False

    def emit(self, record: logging.LogRecord) -> None:
        Seen.failed = True
        super().emit(record)


def configured(config: dict[str, Any]) -> None:
    """As an operator of Open edX does."""
    settings.configure(
        INSTALLED_APPS=["openedx_events"],
        EVENTS_SERVICE_NAME="lms",
        EVENT_BUS_PRODUCER="edx_event_bus_kafka.create_producer",
        EVENT_BUS_KAFKA_BOOTSTRAP_SERVERS=BOOTSTRAP,
        EVENT_BUS_KAFKA_SCHEMA_REGISTRY_URL=REGISTRY,
        EVENT_BUS_TOPIC_PREFIX=PREFIX,
        EVENT_BUS_KAFKA_POLL_INTERVAL_SEC=0.1,
        EVENT_BUS_PRODUCER_CONFIG=config,
    )
    django.setup()
    logging.basicConfig(level=logging.ERROR, handlers=[Seen(sys.stderr)], force=True)


def config_of(signals: Any) -> dict[str, Any]:
    found = {}
    for signal in signals.OpenEdxPublicSignal.all_events():
        (carried,) = signal.init_data
        if carried in KEYS:
            key = KEYS[carried].replace("course_key", "ccx_course_key" if ".ccx." in signal.event_type else "course_key")
            found[signal.event_type] = {TOPIC: {"event_key_field": key, "enabled": True}}
    return found


def built(type_: Any, said: Any) -> Any:
    """An instance of the data class, of plain JSON, by the types of its fields."""
    if said is None:
        return None
    if hasattr(type_, "__attrs_attrs__"):
        return type_(**{field.name: built(field.type, said[field.name]) for field in type_.__attrs_attrs__ if field.name in said})
    if type_ is datetime:
        return datetime.fromisoformat(said)
    if type_ in (CourseKey, CCXLocator, UsageKey):
        return type_.from_string(said)
    return said


def main() -> int:
    from openedx_events.event_bus import get_producer
    from openedx_events.learning import signals

    configured(config_of(signals))
    for line in sys.stdin:
        said = json.loads(line)
        signal = getattr(signals, said["signal"])
        data = {name: built(type_, said["data"][name]) for name, type_ in signal.init_data.items()}
        signal.send_event(time=datetime.fromisoformat(said["time"]).astimezone(UTC), **data)
    get_producer().prepare_for_shutdown()
    return int(Seen.failed)


if __name__ == "__main__":
    sys.exit(main())
