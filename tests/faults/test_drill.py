"""A short drill: one of each fault that costs little, and the whole verdict."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from deploy.drill.drill import Drill
from deploy.drill.people import university
from deploy.drill.schedule import Fault, Kind

SECONDS = 26.0
RATE = 25
SEED = 7

PLAN = (
    Fault(3.0, Kind.CUT, "broker", 1.0),
    Fault(5.0, Kind.SLOW, "assessment.database", 3.0, 0.1),
    Fault(8.0, Kind.KILL, "mailbox", 0.5),
    Fault(8.5, Kind.HOLD, "awarding.database", 3.0),
    Fault(12.0, Kind.KILL, "notifications", 0.0),
    Fault(13.0, Kind.KILL, "database", 1.0),
    Fault(20.0, Kind.KILL, "catalog", 0.0),
)


@pytest.mark.timeout(400)
async def test_after_a_short_drill_everything_is_as_a_plain_evaluation_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAIRN_KAFKA", raising=False)  # it kills them
    monkeypatch.delenv("CAIRN_MONGODB", raising=False)
    plot = university(SEED, int(SECONDS * RATE), datetime.now(UTC), SECONDS)
    outcome = await Drill(SEED, SECONDS, PLAN, plot, tmp_path / "drill", Console(width=160)).run()
    assert [str(difference) for difference in outcome.differences] == []
    assert list(outcome.mistakes) == []
    assert [one.skipped for one in outcome.struck] == [None] * len(PLAN)
    assert outcome.figures["completions"] == len(plot.completions)
