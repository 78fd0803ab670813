"""Curves are shown as they were measured, and a try with few learners leaves the document alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.bench import curves, curves_pages
from deploy.bench.curves import CURVES, SMALL_SIZES
from deploy.bench.marks import BEGIN, END, between

PROCESSES = curves_pages.PROCESSES


def point(at: int, seconds: float, cold: float | None = None) -> dict[str, Any]:
    cost = {"cpu": dict.fromkeys(PROCESSES, seconds), "operations": {"assessment": 100.0}, "places": {}}
    colder = None if cold is None else cost | {"cpu": dict.fromkeys(PROCESSES, cold)}
    return {"at": at, "cost": cost, "idle": dict.fromkeys(PROCESSES, 0.001), "turns": [cost], "cold": colder}


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "performance.md"
    marks = [mark.format(name="curves", by=curves_pages.BY) for mark in (BEGIN, END)]
    path.write_text("\n".join(["before", *marks, "after\n"]))
    monkeypatch.setattr(curves_pages, "PAGE", path)
    monkeypatch.setattr(curves_pages, "PICTURES", tmp_path / "pictures")
    return path


def measured(folder: Path) -> Path:
    path = folder / "curves.json"
    points = [point(10, 1.0), point(10_000, 1.2, cold=2.0)]
    path.write_text(json.dumps({"cores": 2, "curves": {"before": {"grows": "completions before", "points": points}}}))
    return path


def test_the_document_gets_tables_and_pictures_between_its_marks(page: Path, tmp_path: Path) -> None:
    curves_pages.show(measured(tmp_path), document=True)
    curves_pages.show(measured(tmp_path), document=True)
    shown = between(page.read_text(), "curves", curves_pages.BY)
    assert "| completions before | 10 | 10,000 | last to first |" in shown
    assert "| **all of these, CPU s** | 5.00 | 6.00 | 1.20 |" in shown
    assert "| with records that were not in memory, CPU s |  | 10.00 | |" in shown
    assert (tmp_path / "pictures" / "curve-before.svg").read_text().startswith("<svg")
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("after\n")


def test_the_document_stays_as_it_is_if_nobody_asks(page: Path, tmp_path: Path) -> None:
    before = page.read_text()
    curves_pages.show(measured(tmp_path), document=False)
    assert page.read_text() == before


def test_a_small_try_has_something_of_every_curve() -> None:
    assert all(min(curve.sizes) <= SMALL_SIZES < max(curve.sizes) for curve in CURVES)


def test_a_curve_that_is_not_there_is_refused_before_anything_starts() -> None:
    with pytest.raises(SystemExit, match="no curve heights; there are achievements, stacks, before, held"):
        curves.main(only=["heights"])
