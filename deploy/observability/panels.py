"""The pieces that dashboards are made of: panels as Grafana reads them, laid out in rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

WIDE: Final = 24
HEIGHT: Final = 8
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}

Unit = Literal["short", "s", "ops", "reqps", "percentunit", "bytes", "dateTimeFromNow"]


@dataclass(frozen=True, slots=True)
class Panel:
    """A title, what it shows as (legend, query), the unit, and what to read out of it.

    As a `stat` it shows the last value alone. `red_above` colours what is more.
    """

    title: str
    queries: Sequence[tuple[str, str]]
    unit: Unit = "short"
    says: str = ""
    stat: bool = False
    red_above: float | None = None

    def document(self, id_: int, place: Mapping[str, int]) -> dict[str, Any]:
        steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
        if self.red_above is not None:
            steps.append({"color": "red", "value": self.red_above})
        defaults: dict[str, Any] = {"unit": self.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
        if not self.stat and self.red_above is not None:
            defaults["custom"] = {"thresholdsStyle": {"mode": "line"}}
        return {
            "id": id_,
            "type": "stat" if self.stat else "timeseries",
            "title": self.title,
            "description": self.says,
            "datasource": SOURCE,
            "gridPos": dict(place),
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": {} if self.stat else {"legend": {"showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}},
            "targets": [
                {"refId": chr(ord("A") + at), "expr": query, "legendFormat": legend, "datasource": SOURCE}
                for at, (legend, query) in enumerate(self.queries)
            ],
        }


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, under a heading."""

    title: str
    panels: Sequence[Panel]


def dashboard(uid: str, title: str, says: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Of the last hour, with the data source to choose."""
    panels: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "panels": [],
                "gridPos": {"x": 0, "y": y, "w": WIDE, "h": 1},
            }
        )
        width = WIDE // len(row.panels)
        for at, panel in enumerate(row.panels):
            place = {"x": at * width, "y": y + 1, "w": width, "h": HEIGHT}
            panels.append(panel.document(len(panels) + 1, place))
        y += 1 + HEIGHT
    return {
        "uid": uid,
        "title": title,
        "description": says,
        "tags": ["cairn"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "current": {}}]
        },
        "links": [{"type": "dashboards", "title": "Cairn", "tags": ["cairn"], "asDropdown": True}],
        "panels": panels,
    }
