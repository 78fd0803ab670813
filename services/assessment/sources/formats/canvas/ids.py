"""Canvas's ids: the same user or course has a local and a global one, and events mix them.

A global id is shard × 10^13 + local id. The normal form is the local id on the shard of the source, for local ids stay when a
Canvas moves to another shard; and the global id of what lives on another shard, such as a user of a trusted account.
Source: https://developerdocs.instructure.com/services/canvas/data-services/live-events/overview/file.data_service_introduction
"""

from __future__ import annotations

import re
from typing import Any, Final

from services.assessment.sources.claims import Wrong
from services.assessment.sources.formats.members import text

SHARD: Final = 10**13
_SHORT: Final = re.compile(r"(\d{1,6})~(\d{1,13})", re.ASCII)
_DIGITS: Final = re.compile(r"\d{1,19}", re.ASCII)


def normal(value: Any, place: str, shard: int | None) -> str | None:
    """The normal form; None where there is no id. Raises Wrong.

    On shard 2107, `565`, `21070000000000565` and `2107~565` are one.
    """
    said = text(value, place)
    if said is None:
        return None
    if (short := _SHORT.fullmatch(said)) is not None:
        number = int(short[1]) * SHARD + int(short[2])
    elif _DIGITS.fullmatch(said) is not None:
        number = int(said)
    else:
        raise Wrong("an id of Canvas is a whole number", place)
    of_shard, rest = divmod(number, SHARD)
    return str(rest if of_shard == shard else number)


def local(normal_id: str) -> str:
    """What is the same in the local and the global id."""
    return str(int(normal_id) % SHARD)


def shard_of(value: Any, place: str) -> int | None:
    """The shard that a global id names; None for a local one. Raises Wrong."""
    found = normal(value, place, None)
    return None if found is None else int(found) // SHARD or None
