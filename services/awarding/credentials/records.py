"""A learner's awards as one signed record, Comprehensive Learner Record 2.0, issued by the institution.

Each part is in it as it was issued, with its own proof; associations tell how they stack.
Source: https://www.imsglobal.org/spec/clr/v2p0/
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import orjson

from services.awarding.credentials.addresses import INSTITUTION
from services.awarding.credentials.document import Unmakeable
from services.awarding.credentials.identity import Sealed
from services.awarding.credentials.keyring import NoKey
from services.awarding.credentials.office import Made, Office
from services.awarding.credentials.profile import institution
from services.awarding.domain.rules import Rules
from shared.credentials.contexts import CLR, CREDENTIALS, OPEN_BADGES
from shared.credentials.jwts import as_jwt
from shared.credentials.proofs import signed
from shared.events.awarding import AwardStatus, CredentialIssued
from shared.events.envelope import rfc3339
from shared.mongo import Document

CONTEXTS: Final = (CREDENTIALS, CLR, OPEN_BADGES)
RECORDS: Final = uuid.UUID("0d0d1d7c-0a34-5c55-9a0e-5f0d3c1a8e11")
"""The namespace of records' ids (UUIDv5 of the learner's keyed id)."""
SECOND: Final = timedelta(seconds=1)

Link = tuple[str, str, str]
"""An association: its type, and the ids of two achievements."""


@dataclass(frozen=True)
class Signed:
    """A record with its proof, and the same as a token (None: the institution has no RSA key)."""

    document: dict[str, Any]
    token: str | None

    def json(self) -> bytes:
        return orjson.dumps(self.document)


class Registry:
    """Gives learners' records. The app carries it as `app.state.registry`."""

    def __init__(self, office: Office, name: str) -> None:
        self._office = office
        self._name = name

    async def record(self, learner: str, stack: str | None = None) -> Signed | None:
        """All that the learner holds, or one stack with its parts; None where that is nothing. Raises NoKey."""
        issued, parts = await self._parts(learner)
        rules = self._office.rulebook.rules
        chosen = parts if stack is None else _of_stack(parts, stack, rules)
        if not chosen:
            return None
        ended = [award["status_since"] for award in await self._awards(learner) if award["status"] == AwardStatus.REVOKED.value]
        since = max([made.issued.valid_from for made in chosen] + [_whole(moment) for moment in ended])
        erasures = (await self._office.shelves.record(learner)).erasures
        subject = rules.ids.subject(learner, INSTITUTION, erasures)
        id_ = uuid.uuid5(RECORDS, f"{subject} {stack or ''}").urn
        identifier = await self._identifier(learner, id_, since)
        return await asyncio.to_thread(self._signed, id_, subject, identifier, chosen, since, len(chosen) < issued)

    async def as_json(self, learner: str) -> bytes | None:
        found = await self.record(learner)
        return None if found is None else found.json()

    async def _parts(self, learner: str) -> tuple[int, list[Made]]:
        """How many credentials the learner has, revoked ones aside, and those of them that can be made, the oldest first."""
        held = [kept for kept in await self._office.shelves.credentials_of(learner) if not kept.get("revoked")]
        made: list[Made] = []
        for kept in held:
            try:
                one = await self._office.edition(CredentialIssued.model_validate(kept["fact"]))
                await asyncio.to_thread(one.signed)
                made.append(one)
            except (Unmakeable, NoKey):
                continue
        return len(held), sorted(made, key=lambda one: (one.award.awarded_at, one.issued.credential))

    async def _awards(self, learner: str) -> list[Document]:
        return await self._office.shelves.awards_of(learner)

    async def _identifier(self, learner: str, id_: str, since: datetime) -> list[dict[str, Any]]:
        shared = await self._office.shelves.identity(learner)
        sealed = None if shared is None else shared.get("sealed")
        if not sealed:
            return []
        try:
            found = self._office.identity(sealed, id_, int(since.timestamp()))
        except Sealed:
            return []
        return [] if found is None else found.objects()

    def _signed(
        self, id_: str, subject: str, identifier: list[dict[str, Any]], parts: Sequence[Made], since: datetime, partial: bool
    ) -> Signed:
        keyring = self._office.keyring
        subject_ = {"id": subject, "type": ["ClrSubject"]}
        document: dict[str, Any] = {
            "@context": list(CONTEXTS),
            "id": id_,
            "type": ["VerifiableCredential", "ClrCredential"],
            "name": f"Record of learning, {self._name}",
            "description": "What the learner holds, each part signed by its own issuer, and how the parts stack.",
            "issuer": institution(self._name, keyring.addresses, INSTITUTION),
            "validFrom": rfc3339(since),
            **({"partial": True} if partial else {}),
            "credentialSubject": {
                **subject_,
                **({"identifier": identifier} if identifier else {}),
                "verifiableCredential": [made.signed() for made in parts],
                "achievement": _achievements(parts),
                **_associated(associations(parts, self._office.rulebook.rules)),
            },
        }
        key = keyring.proof_key(INSTITUTION)
        proved = signed(document, key, keyring.addresses.key(INSTITUTION, key.kid), since)
        tokens = keyring.jwt_key(INSTITUTION)
        token = None if tokens is None else as_jwt(document, tokens, keyring.addresses.key(INSTITUTION, tokens.kid))
        return Signed(proved, token)


def associations(parts: Sequence[Made], rules: Rules) -> list[Link]:
    """What is part of which level, which level comes before which, and which version took another's place; each once."""
    found = {*_part_of(parts, rules), *_precedes(parts, rules), *_replaced(parts)}
    return sorted(found)


def _part_of(parts: Sequence[Made], rules: Rules) -> Iterator[Link]:
    by_award = {made.issued.award: made for made in parts}
    for level in parts:
        stack = _stack(level, rules)
        for award in level.award.rests_on if stack is not None else ():
            part = by_award.get(award)
            if part is not None and _stack(part, rules) != stack:
                yield "isPartOf", achievement_id(part), achievement_id(level)


def _precedes(parts: Sequence[Made], rules: Rules) -> Iterator[Link]:
    standing: dict[str, dict[tuple[int, int], Made]] = {}
    for made in parts:
        rule = rules.by_id.get(made.issued.achievement)
        if rule is not None and rule.stack is not None and rule.level is not None:
            standing.setdefault(rule.stack, {})[rules.height(rule.stack, rule.level)] = made
    for levels in standing.values():
        for lower, higher in pairwise(levels[height] for height in sorted(levels)):
            yield "precedes", achievement_id(lower), achievement_id(higher)


def _replaced(parts: Sequence[Made]) -> Iterator[Link]:
    versions: dict[str, dict[int, Made]] = {}
    for made in parts:
        versions.setdefault(made.issued.achievement, {})[made.issued.version] = made
    for line in versions.values():
        for older, newer in pairwise(line[number] for number in sorted(line)):
            yield "replacedBy", achievement_id(older), achievement_id(newer)


def achievement_id(made: Made) -> str:
    return str(made.document["credentialSubject"]["achievement"]["id"])


def _stack(made: Made, rules: Rules) -> str | None:
    rule = rules.by_id.get(made.issued.achievement)
    return None if rule is None else rule.stack


def _of_stack(parts: Sequence[Made], stack: str, rules: Rules) -> list[Made]:
    """The stack's levels, and whatever they rest on."""
    by_award = {made.issued.award: made for made in parts}
    wanted: set[str] = set()
    open_ = [made.issued.award for made in parts if _stack(made, rules) == stack]
    while open_:
        award = open_.pop()
        if award in by_award and award not in wanted:
            wanted.add(award)
            open_ += by_award[award].award.rests_on
    return [made for made in parts if made.issued.award in wanted]


SHOWN: Final = ("id", "type", "achievementType", "name", "description", "criteria", "version")


def _achievements(parts: Sequence[Made]) -> list[dict[str, Any]]:
    """What the associations speak of, in short; the parts have them whole."""
    by_id: dict[str, Mapping[str, Any]] = {
        achievement_id(made): made.document["credentialSubject"]["achievement"] for made in parts
    }
    return [{name: by_id[id_][name] for name in SHOWN if name in by_id[id_]} for id_ in sorted(by_id)]


def _associated(links: Sequence[Link]) -> dict[str, Any]:
    listed = [
        {"type": "Association", "associationType": kind, "sourceId": source, "targetId": target} for kind, source, target in links
    ]
    return {"association": listed} if listed else {}


def _whole(moment: datetime | str) -> datetime:
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    whole = read.astimezone(UTC).replace(microsecond=0)
    return whole if whole == read else whole + SECOND
