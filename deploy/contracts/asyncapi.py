"""The AsyncAPI 3 document: every topic with its messages, who sends and who receives, made from the registry of topics."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.contracts.examples import data_of, headers_of
from deploy.contracts.schemas import events
from shared.dead_letters.letters import LETTER, REDRIVEN
from shared.events.envelope import Message
from shared.http.app import release
from shared.kafka import configuration
from shared.topics import DEAD_LETTERS, REQUESTS, TOPICS, Topic

Node = dict[str, Any]

FORMAT: Final = "application/schema+json;version=draft-07"
SAYS: Final = """\
Messages are CloudEvents 1.0 in Kafka's binary mode: the attributes in headers, the data as JSON in the value.
Types carry a version. Within a version only optional fields are added; readers ignore fields that they do not know.
Facts carry the whole state of their subject and its revision: ignore a revision that is not newer than what you have.
Keys are opaque learner ids; a learner's partition is murmur2 of the key, as Java's clients choose it.
"""


def document(root: Path) -> str:
    """As YAML. Examples are read beneath `root`."""
    topic_of = {model.TYPE: topic for topic in reversed(TOPICS) for model in topic.events}
    messages = {name: _message(root, model, topic_of[name]) for name, model in events().items()}
    whole: Node = {
        "asyncapi": "3.0.0",
        "info": {"title": "Cairn", "version": release(), "description": SAYS},
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {"host": "{bootstrap}", "protocol": "kafka", "variables": {"bootstrap": {"default": "localhost:9092"}}}
        },
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": dict(_operations()),
        "components": {
            "messages": messages | {LETTER: _letter(), REDRIVEN: _redriven()},
            "messageTraits": {"cloudevent": _cloudevent()},
        },
    }
    return yaml.dump(whole, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=130)


def _channel(topic: Topic) -> Node:
    configured = configuration(topic)
    binding: Node = {
        "topic": topic.name,
        "topicConfiguration": {
            "cleanup.policy": [configured["cleanup.policy"]],
            "retention.ms": int(configured["retention.ms"]),
            "max.message.bytes": int(configured["max.message.bytes"]),
        },
        "bindingVersion": "0.5.0",
    }
    if not topic.partitioned:
        binding["partitions"] = 1
    return {
        "address": topic.name,
        "description": f"{topic.says} Key: {topic.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _types(topic)},
        "bindings": {"kafka": binding},
    }


def _types(topic: Topic) -> Iterator[str]:
    """What may be on the topic. A service's requests also take originals of its main input, sent again."""
    if topic in DEAD_LETTERS.values():
        yield from (LETTER, REDRIVEN)
    yield from (model.TYPE for model in topic.events)
    if topic in REQUESTS.values():
        yield from (
            model.TYPE
            for read in TOPICS
            if read.partitioned and topic.owner in read.readers and read is not topic
            for model in read.events
        )


def _operations() -> Iterator[tuple[str, Node]]:
    for topic in TOPICS:
        writers = ("learning_systems", topic.owner) if topic.strangers_write else (topic.owner,)
        for verb, action, parties in (("sends", "send", writers), ("receives", "receive", topic.readers)):
            for party in parties:
                yield (
                    f"{party}.{verb}.{topic.name}",
                    {
                        "action": action,
                        "channel": {"$ref": f"#/channels/{topic.name}"},
                        "summary": f"{party.replace('_', ' ').capitalize()} {verb} {topic.name}.",
                        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in _types(topic)],
                    },
                )


def _message(root: Path, model: type[Message], topic: Topic) -> Node:
    data = data_of(root, model)
    return {
        "name": model.TYPE,
        "title": model.__name__,
        "description": getdoc(model),
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {"schemaFormat": FORMAT, "schema": {"$ref": f"./schemas/{model.TYPE}.json"}},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": "0.5.0"}},
        "examples": [{"name": "example", "headers": headers_of(model, data, topic), "payload": data}],
    }


def _texts(**says: str) -> Node:
    return {name: {"type": "string", "description": said} for name, said in says.items()}


def _cloudevent() -> Node:
    properties = _texts(
        ce_id="With ce_source, the event's name: the same pair again is the same event, and decides nothing twice.",
        ce_source="The system that says so.",
        ce_type="The event's type, with its version.",
        ce_time="The time at the source, RFC 3339 with an offset.",
        ce_subject="What a fact is about.",
        traceparent="The W3C trace context of what led here.",
        cairn_arrived="When what led to a fact came to the platform, in milliseconds since 1970; not always there.",
    )
    properties["ce_id"]["maxLength"] = 255
    properties["ce_source"]["maxLength"] = 500
    properties["ce_time"]["format"] = "date-time"
    fixed = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "content-type": {"type": "string", "const": "application/json"},
    }
    required = ["ce_id", "ce_source", "ce_type", "ce_time"]
    return {"headers": {"type": "object", "required": required, "properties": fixed | properties}}


def _letter() -> Node:
    properties = _texts(
        reason="Why it can never be applied.",
        origin_topic="Where the original stood.",
        origin_partition="Its partition.",
        origin_offset="Its offset.",
        service="Who could not apply it.",
        truncated_from="The original's size in bytes, where only its beginning was kept.",
    )
    return {
        "name": LETTER,
        "title": "DeadLetter",
        "description": "An original that can never be applied: its value as it was, its headers under `original_<name>`.",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "headers": {
            "type": "object",
            "required": ["reason", "origin_topic", "origin_partition", "origin_offset", "service"],
            "properties": properties,
            "patternProperties": {"^original_": {"type": "string", "description": "A header of the original."}},
        },
        "payload": {"description": "The original's value, whatever it is."},
    }


def _redriven() -> Node:
    return {
        "name": REDRIVEN,
        "title": "Redriven",
        "description": "An operator sent the original of a dead letter again. It has no value.",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "headers": {"type": "object", "required": ["redrives"], "properties": _texts(redrives="The letter's id.")},
        "payload": {"type": "null"},
    }


class _Plain(yaml.SafeDumper):
    """Long texts as blocks; no anchors, since people read it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)
