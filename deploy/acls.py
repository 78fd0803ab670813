"""Who may do what on the broker: exactly what each service reads and writes, from the registry of topics.

The Strimzi users, and the access lists of the broker that tests start, are made of this one table. An operation on a topic or
group that isn't here is refused. An idempotent producer needs nothing more than a topic that it may write (Kafka from 3.0 on).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from shared.topics import DEAD_LETTERS, PUBLICATIONS, REQUESTS, TOPICS, Topic

SERVICES: Final = ("catalog", "assessment", "awarding", "notifications")

PRINCIPALS: Final = (*SERVICES, "operators", "autoscaling", "topics")
"""The services; people who look at dead letters, redrive and replay; what measures lag; and the job that makes topics."""

READ: Final = ("Describe", "Read")
WRITE: Final = ("Describe", "Write")


@dataclass(frozen=True)
class Acl:
    """A resource, and what is allowed on it. What begins with the name is meant where the pattern is `prefix`."""

    resource: Literal["topic", "group", "cluster", "transactional_id"]
    name: str
    pattern: Literal["literal", "prefix"]
    operations: tuple[str, ...]


def acls(principal: str, *, database_prefix: str = "cairn", source_topics: tuple[str, ...] = ()) -> list[Acl]:
    """What one of `PRINCIPALS` may do. `source_topics` are those of sources that publish on topics of their own on this broker:
    they are read in groups whose names begin with `database_prefix`, which is the services' `CAIRN_DATABASE_PREFIX`.
    """
    match principal:
        case "operators":
            return [
                *(_on(topic, *_of_operators(topic)) for topic in TOPICS),
                *(_group(service, "Describe") for service in REQUESTS),
            ]
        case "autoscaling":
            return [
                *(_on(topic, "Describe") for topic in TOPICS if set(topic.readers) & set(REQUESTS) and topic is not PUBLICATIONS),
                *(_group(service, "Describe") for service in REQUESTS),
            ]
        case "topics":
            return [_on(topic, "Create", "Describe") for topic in TOPICS]
        case _ if principal in SERVICES:
            return _of_service(principal, database_prefix, source_topics)
        case _:
            raise ValueError(f"{principal} is none of {', '.join(PRINCIPALS)}")


def _of_service(service: str, database_prefix: str, source_topics: tuple[str, ...]) -> list[Acl]:
    """The consumer group has the service's name. Read without a group are the publications, by the catalog its own, too, and
    by the others their dead letters, for operators.

    What strangers partitioned otherwise is forwarded on the same topic, which takes a right to write it: only the topic's owner
    forwards there. Our own services find every learner's home, so nothing is forwarded on their topics, and no reader may write.
    """
    own = [DEAD_LETTERS[service]] if service in DEAD_LETTERS else [PUBLICATIONS]
    found = []
    for topic in TOPICS:
        operations = {
            *(READ if service in topic.readers or topic in own else ()),
            *(WRITE if service == topic.owner else ()),
        }
        if operations:
            found.append(_on(topic, *operations))
    if service in REQUESTS:
        found.append(_group(service, *READ))
    if service == "assessment":
        found.append(Acl("group", f"{database_prefix}_assessment.source.", "prefix", READ))
        found += [Acl("topic", name, "literal", READ) for name in source_topics]
    return found


def _of_operators(topic: Topic) -> tuple[str, ...]:
    """A replay reads every topic; redrive writes to requests, and notes on the dead letters what was sent."""
    return (*READ, "Write") if topic in (*REQUESTS.values(), *DEAD_LETTERS.values()) else READ


def _on(topic: Topic, *operations: str) -> Acl:
    return Acl("topic", topic.name, "literal", tuple(sorted(operations)))


def _group(service: str, *operations: str) -> Acl:
    return Acl("group", service, "literal", tuple(sorted(operations)))
