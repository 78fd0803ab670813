"""Credentials with marks in the place of their places in status lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.awarding.domain.ids import PublicIds
from services.awarding.domain.issuing import CREDENTIALS, Issuing, credential_document, issue
from services.awarding.domain.record import Record
from services.awarding.domain.rules import Rules
from services.awarding.domain.status_lists import ListId, Purpose
from services.awarding.stream import flow
from shared.decisions import Decided, Event, Put, Writer
from shared.events.awarding import CredentialIssued
from shared.stream import Flow


class Marked:
    """Awarding's flow, with marks instead of the places in status lists: those are the copies' own."""

    def __init__(self, ids: PublicIds, issuing: Issuing | None) -> None:
        self._ids, self._issuing = ids, issuing
        self.given: list[tuple[str, Purpose]] = []
        self._by_award: dict[str, int] = {}

    def flow(self) -> Flow[Record, Rules]:
        plugged = flow(self._ids, self._issuing)
        return plugged if plugged.number is None else replace(plugged, number=self._number)

    def _number(
        self, before: Record, decided: Decided[Record], event: Event[Any] | None, writer: Writer, rules: Rules
    ) -> tuple[Decided[Record], Mapping[str, int]]:
        assert self._issuing is not None
        told, numbers = issue(before, decided, event, writer, rules, issuing=self._issuing)
        if told is decided or told.record is None:
            return told, numbers
        facts = tuple(self._marked(fact) if isinstance(fact, CredentialIssued) else fact for fact in told.facts)
        credentials = {
            award: replace(issued, list=mark_of_list(self._by_award[award]), index=mark_of_index(self._by_award[award]))
            for award, issued in told.record.credentials.items()
        }
        puts = {fact.credential: credential_document(fact) for fact in facts if isinstance(fact, CredentialIssued)}
        writes = tuple(
            Put(CREDENTIALS, puts[write.document["_id"]], write.new)
            if isinstance(write, Put) and write.collection == CREDENTIALS
            else write
            for write in told.writes
        )
        return Decided(replace(told.record, credentials=credentials), facts, writes), numbers

    def _marked(self, fact: CredentialIssued) -> CredentialIssued:
        place = ListId.of(fact.status.list)
        if place is not None:
            self._by_award[fact.award] = len(self.given)
            self.given.append((place.unit, place.purpose))
        number = self._by_award[fact.award]
        status = fact.status.model_copy(update={"list": mark_of_list(number), "index": mark_of_index(number)})
        return fact.model_copy(update={"status": status})


def mark_of_list(number: int) -> str:
    return f"<list {number}>"


def mark_of_index(number: int) -> int:
    """Longer than any number in a document."""
    return 99_000_000_000_000_000 + number
