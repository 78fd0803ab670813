"""The clock that senders share. What machines believe of the time may differ by hours, and no lease may end by that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic


class Clock:
    """The database's, looked at now and then by `time`, and counted on from there; before the first look, the machine's."""

    def __init__(self, time: Callable[[], Awaitable[datetime]]) -> None:
        self._time = time
        self._seen = datetime.now(UTC), monotonic()

    async def look(self) -> None:
        """Raises what `time` raises, and then goes on from the last look."""
        asked = monotonic()
        self._seen = await self._time(), asked

    def now(self) -> datetime:
        seen, at = self._seen
        return seen + timedelta(seconds=monotonic() - at)
