"""The rules as the HTTP side knows them, which may run without a stream: always those of the newest publications."""

from __future__ import annotations

from services.awarding.domain.ids import PublicIds
from services.awarding.domain.rules import Rules, rules_of
from shared.broadcast import Broadcast, Snapshot


class Rulebook:
    """Follows a broadcast. Rules are made when they are first asked for after something was published."""

    def __init__(self, broadcast: Broadcast, ids: PublicIds) -> None:
        self._broadcast = broadcast
        self._ids = ids
        self._made: tuple[Snapshot, Rules] | None = None

    @property
    def rules(self) -> Rules:
        snapshot = self._broadcast.snapshot
        if self._made is None or self._made[0] is not snapshot:
            self._made = snapshot, rules_of(snapshot.publications, self._ids)
        return self._made[1]
