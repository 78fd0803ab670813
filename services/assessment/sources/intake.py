"""From originals to completions on the topic: each is read, resolved, entered, published and counted, once in effect.

What is entered stands in the outbox until it is published and counted, so that whatever ends the process in between, the upkeep
does the rest; and what is sent again because nobody answered is known again by the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Any, Final

import orjson

from services.assessment.sources.applying import Applying
from services.assessment.sources.claims import Kind, Outcome, Understood
from services.assessment.sources.document import Source
from services.assessment.sources.gathering import Gathering
from services.assessment.sources.ledger import Ledger, other_claims, slot_of
from services.assessment.sources.outbox import Closing, Outbox, Parcel, new_parcel
from services.assessment.sources.people import Owner, People
from services.assessment.sources.resolving import Awaiting, Ready, referred, waits_for
from services.assessment.sources.saying import Saying
from services.assessment.sources.settling import ERASED, refusal, was_erased
from services.assessment.sources.tallies import Tally, day_of
from services.assessment.sources.understanding import Found, Read, Understanding
from services.assessment.sources.writing import kept_text
from shared import kafka, telemetry
from shared.events.envelope import Envelope, rfc3339
from shared.mongo import DatabaseError, Document, is_impossible
from shared.stream.loop import Steps, no_steps

DUPLICATED: Final = "it came before, and is not applied again"
OTHERWISE: Final = "this id was used for something else before; what corrects an earlier one needs an id of its own"

NOT_ALONE: Final = "it is good, but others that came with it are not, and together with them it is not taken"

TOGETHER: Final = 100
"""Originals of several requests that are taken together; a request with half as many goes alone."""

New = dict[int, Found]
"""What goes on, by its place among the originals."""


@dataclass(frozen=True)
class Coming:
    """A request's originals, read. `touches` are the ids of its claims, and those that they correct or take back."""

    source: Source
    read: Sequence[Read | Outcome]
    whole: bool
    traceparent: str | None
    touches: frozenset[str]


class Intake:
    """`steps` is called between any two steps, with the name of the one that is done, for tests."""

    def __init__(
        self,
        understanding: Understanding,
        people: People,
        ledger: Ledger,
        outbox: Outbox,
        saying: Saying,
        applying: Applying,
        *,
        steps: Steps = no_steps,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._understanding = understanding
        self._people = people
        self._ledger = ledger
        self._outbox = outbox
        self._saying = saying
        self._applying = applying
        self._step = steps
        self._clock = clock
        self._gatherings: dict[str, Gathering[Coming, list[Outcome]]] = {}

    async def take(self, source: Source, originals: Sequence[Any], *, whole: bool = False) -> list[Outcome]:
        """What became of each, in their order. What is accepted is on the topic, and all of it is counted.
        A Wrong stands for one that could not even be taken apart: it is refused, as it says, and counted.

        With `whole` none is taken if any can't be. Whether an id was used for something else shows only when the others are
        entered; that stops none of them.

        While a source's few are being taken, others that come are gathered and then taken together, each as if alone.

        Raises `kafka.Unavailable` and `mongo.DatabaseError`: then the same is to be sent again, for nothing is applied twice.
        """
        coming = self._coming(source, originals, whole)
        if len(originals) * 2 >= TOGETHER:
            (alone,) = await self._taken([coming])
            return alone
        gathering = self._gatherings.get(source.id)
        if gathering is None:
            gathering = self._gatherings[source.id] = Gathering(self._taken, room=_goes_with, full=_enough, blames=_is_ones_own)
        return await gathering.made(coming)

    async def _taken(self, together: Sequence[Coming]) -> list[list[Outcome]]:
        """What became of each request's, which are all of one source and have nothing to do with each other."""
        source, now = together[0].source, self._clock()
        outcomes, new = await self._looked_at(together, now)
        owners = await self._people.owners(one.owner for one in new.values())
        _leave_out_what_was_erased(outcomes, new, owners)
        _leave_out_what_is_not_whole(together, outcomes, new)
        parcel = await self._entered(source, outcomes, new, owners, now) if new else None
        await self._saying.publish((one.says.learner, one.events) for one in new.values() if isinstance(one.says, Ready))
        await self._step("published")
        outcomes |= {index: outcome_of(one) for index, one in new.items()}
        ordered = [outcomes[index] for index in range(len(outcomes))]
        await self._outbox.close(_closing(source, now, ordered, parcel, list(new.values())))
        await self._step("counted")
        await self._applying.came(source, [one for one in new.values() if isinstance(one.says, Ready)])
        return [ordered[places.start : places.stop] for places in _places(together)]

    async def trial(self, source: Source, originals: Sequence[Any]) -> list[Understood]:
        """What would become of each, were they sent now. Nothing is written."""
        outcomes, new = await self._looked_at([self._coming(source, originals, False)], self._clock())
        _leave_out_what_was_erased(outcomes, new, await self._people.known(one.owner for one in new.values()))
        entered = await self._ledger.entered(one.read.ids[0] for one in new.values())
        for index, one in list(new.items()):
            if (before := entered.get(one.read.ids[0])) is not None:
                outcomes[index] = again(one, before)
                del new[index]
        return [
            Understood(outcome_of(new[index]), tuple(map(shown, new[index].events)))
            if index in new
            else Understood(outcomes[index])
            for index in range(len(originals))
        ]

    def _coming(self, source: Source, originals: Sequence[Any], whole: bool) -> Coming:
        read = [self._understanding.read(source, original) for original in originals]
        claims = [claim for one in read if isinstance(one, Read) for claim in one.claims]
        touches = frozenset(claim.id for claim in claims) | referred(claims)
        return Coming(source, read, whole, telemetry.traceparent(), touches)

    async def _looked_at(self, together: Sequence[Coming], now: datetime) -> tuple[dict[int, Outcome], New]:
        """What is decided already, and what goes on: of several with one id the first."""
        read = [one for coming in together for one in coming.read]
        traceparents = [coming.traceparent for coming in together for _ in coming.read]
        outcomes: dict[int, Outcome] = {}
        new: New = {}
        places: dict[str, Found] = {}
        for index, one in enumerate(await self._understanding.found(together[0].source, read, now, traceparents)):
            if isinstance(one, Outcome):
                outcomes[index] = one
            elif (before := places.setdefault(one.read.ids[0], one)) is not one:
                outcomes[index] = again(one, {"digest": before.read.digest, "text": before.read.text_digest})
            else:
                new[index] = one
        return outcomes, new

    async def _entered(
        self, source: Source, outcomes: dict[int, Outcome], new: New, owners: Mapping[str, Owner], now: datetime
    ) -> Parcel:
        """Into the outbox, and what is new into the ledger; what isn't moves from `new` to `outcomes`."""
        parcel = new_parcel(source.id, now, [one.read.ids[0] for one in new.values()])
        held = [_held_document(one, parcel) for one in new.values() if isinstance(one.says, Awaiting)]
        parcel = replace(parcel, held=tuple(held))
        documents = [originals_document(one, parcel, owners[one.owner]) for one in new.values()]
        others = [other for document in documents for other in other_claims(document)]
        await self._outbox.put(parcel)
        await self._step("put in the outbox")
        known = await self._ledger.enter(documents)
        await self._step("entered")
        if others:
            await self._ledger.enter(others)
        if known:
            before = await self._ledger.entered(documents[place]["_id"] for place in known)
            for index, one in list(new.items()):
                if (entered := before.get(one.read.ids[0])) is not None:
                    outcomes[index] = again(one, entered)
                    del new[index]
                    held = [document for document in held if document["_id"] != one.read.ids[0]]
        await self._ledger.hold(held)
        return parcel


def _goes_with(together: Sequence[Coming], one: Coming) -> bool:
    """What one says of the same, or takes back of the others', must not depend on what becomes of theirs."""
    return (
        one.source is together[0].source
        and sum(len(coming.read) for coming in together) + len(one.read) <= TOGETHER
        and all(one.touches.isdisjoint(coming.touches) for coming in together)
    )


def _enough(waiting: Sequence[Coming]) -> bool:
    return sum(len(coming.read) for coming in waiting) >= TOGETHER


def _is_ones_own(failure: Exception) -> bool:
    """Whether something of one request may be the reason, rather than that something is away."""
    return is_impossible(failure) or not isinstance(failure, DatabaseError | kafka.Unavailable)


def _places(together: Sequence[Coming]) -> list[range]:
    """Of each request's originals among all of them."""
    ends = list(accumulate((len(coming.read) for coming in together), initial=0))
    return [range(start, end) for start, end in pairwise(ends)]


def originals_document(found: Found, parcel: Parcel, owner: Owner) -> Document:
    read, says = found.read, found.says
    assert owner.key is not None
    document: Document = {
        "_id": read.ids[0],
        "source": parcel.source,
        "claim": read.id,
        "at": parcel.at,
        "parcel": parcel.id,
        "digest": read.digest,
        "text": read.text_digest,
        "owner": found.owner,
        "learner": says.learner,
        "held": isinstance(says, Awaiting),
        "sealed": owner.key.seal(kept_text(read.text, found.events), read.ids[0]),
    }
    if len(read.ids) > 1:
        document["more"] = list(read.ids[1:])
    return document


def _held_document(found: Found, parcel: Parcel) -> Document:
    assert isinstance(found.says, Awaiting)
    return {
        "_id": found.read.ids[0],
        "source": parcel.source,
        "claim": found.read.id,
        "at": parcel.at,
        "day": parcel.day,
        "slot": slot_of(parcel.at),
        "parcel": parcel.id,
        "more": list(found.read.ids[1:]),
        "awaits": list(found.says.awaits),
        "learner": found.says.learner,
        "detail": waits_for(found.says.awaits),
        "takes_back": any(one.startswith("report:") for one in found.says.awaits),
    }


def _leave_out_what_was_erased(outcomes: dict[int, Outcome], new: New, owners: Mapping[str, Owner]) -> None:
    for index, one in list(new.items()):
        if was_erased(one, owners):
            outcomes[index] = Outcome(Kind.REFUSED, one.read.id, ERASED, status=422)
            del new[index]


def _leave_out_what_is_not_whole(together: Sequence[Coming], outcomes: dict[int, Outcome], new: New) -> None:
    for coming, places in zip(together, _places(together), strict=True):
        refused = any(index in outcomes and outcomes[index].kind is Kind.REFUSED for index in places)
        if coming.whole and refused:
            for index in places:
                if (one := new.pop(index, None)) is not None:
                    outcomes[index] = Outcome(Kind.REFUSED, one.read.id, NOT_ALONE, status=424)


def outcome_of(found: Found) -> Outcome:
    """Of what is new."""
    if isinstance(found.says, Ready):
        return Outcome(Kind.ACCEPTED, found.read.id)
    return Outcome(Kind.HELD, found.read.id, waits_for(found.says.awaits))


def again(found: Found, before: Mapping[str, Any]) -> Outcome:
    """Of what has an id that came before. The same text is the same, also if it is read otherwise now."""
    if before.get("digest") == found.read.digest or before.get("text") == found.read.text_digest:
        return Outcome(Kind.DUPLICATED, found.read.id, DUPLICATED)
    return Outcome(Kind.REFUSED, found.read.id, OTHERWISE, "id", 409)


def _closing(source: Source, now: datetime, outcomes: Sequence[Outcome], parcel: Parcel | None, new: Sequence[Found]) -> Closing:
    tally = Tally(source.id, day_of(now), said=sum(len(one.events) for one in new), last=now)
    for outcome in outcomes:
        tally.add(outcome)
    entered = tuple(id_ for one in new for id_ in one.read.ids)
    return Closing(tally, parcel, entered, tuple(refusal(source.id, one, now) for one in outcomes if one.kind is Kind.REFUSED))


def shown(event: Envelope) -> dict[str, Any]:
    """The CloudEvent in JSON."""
    head = {"specversion": "1.0", "id": event.id, "source": event.source, "type": event.type, "time": rfc3339(event.time)}
    return head | {"datacontenttype": "application/json", "data": orjson.loads(event.data)}
