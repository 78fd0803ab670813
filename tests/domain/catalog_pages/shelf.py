"""Published definitions for tests of the public's pages, and the catalog's HTTP side with nothing else behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx

from services.catalog.addresses import Addresses
from services.catalog.app import app_of
from services.catalog.desk import Desk
from services.catalog.domain.versions import Shelf, published
from services.catalog.publishing import Catalog, Stock
from services.catalog.store import Announcements, Drafts
from shared.pages.pages import Site
from tests.domain.catalog.documents import submitted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CATALOG, AWARDING = "https://catalog.example", "https://awarding.example"


def stock_of(*documents: dict[str, Any], now: datetime = NOW) -> Stock:
    """Published one after another, a day between them, the last one yesterday."""
    shelf = Shelf({})
    for ago, document in zip(range(len(documents), 0, -1), documents, strict=True):
        submission = submitted(document)
        shelf = shelf.with_(published(submission, shelf.of(submission.id), now - timedelta(days=ago)))
    return Stock(1, shelf)


@dataclass
class Published:
    """Stands where the catalog stands, and knows just this."""

    known: Stock

    async def stock(self) -> Stock:
        return self.known


def visitor(stock: Stock, language: str = "en") -> httpx.AsyncClient:
    """Somebody with a browser, who signs in nowhere."""

    async def ready() -> Mapping[str, bool | str]:
        return {}

    catalog = cast(Catalog, Published(stock))
    desk = Desk(catalog, cast(Drafts, None), cast(Announcements, None), Addresses(CATALOG, AWARDING))
    app = app_of(ready, desk=desk, site=Site("North", CATALOG, AWARDING, CATALOG))
    headers = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": language}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=CATALOG, headers=headers)
