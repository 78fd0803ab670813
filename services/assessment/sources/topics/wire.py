"""Avro as Confluent's serializers write it: a zero, the schema's id in four bytes (most significant first), the data.

https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from fastavro import schemaless_reader

from services.assessment.sources.claims import Wrong

MAGIC: Final = 0
HEAD: Final = 5
DEEPEST: Final = 100


def parts(value: bytes | None) -> tuple[int, bytes]:
    """The schema's id, and the data. Raises Wrong."""
    if value is None:
        raise Wrong("the message has no value", "value", status=400)
    if len(value) < HEAD or value[0] != MAGIC:
        raise Wrong(
            "the value must begin with a zero and the id of its schema, as Confluent's serializers write it", "value", status=400
        )
    return int.from_bytes(value[1:HEAD], "big"), value[HEAD:]


def decoded(data: bytes, schema: Any) -> Any:
    """As JSON has it, with exact numbers. `schema` is one that was parsed. Raises Wrong."""
    stream = BytesIO(data)
    try:
        found = schemaless_reader(stream, schema, None)
    except Exception as error:  # bytes that others wrote, by a schema that others wrote: it may be anything
        raise Wrong(f"the data are not what their schema says ({type(error).__name__})", "value", status=400) from error
    if stream.tell() != len(data):
        raise Wrong("there is more in the value than its schema says", "value", status=400)
    return plain(found)


def plain(value: Any, depth: int = 0) -> Any:
    """A value of Avro, or of one of its logical types, as JSON. Raises Wrong."""
    if value is None or isinstance(value, bool | int | str | Decimal):
        return value
    if depth > DEEPEST:
        raise Wrong("the data are nested too deeply", "value")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Wrong("a number must be finite", "value")
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {str(name): plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, depth + 1) for inner in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise Wrong(f"a {type(value).__name__} has no form in JSON", "value")
