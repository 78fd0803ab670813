"""Files that are not taken, and who may bring them."""

from __future__ import annotations

import pytest

from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_files import DOCUMENT, brought, many, table
from tests.journeys.test_source_files import town as town


@pytest.mark.parametrize(
    ("content", "content_type", "status", "says"),
    [
        (b"Name,Age\nAna,5\n", "text/csv", 422, "does not name the column"),
        (table("s-\xe4na".encode("latin-1").decode("latin-1")).replace("ä".encode(), b"\xe4"), "text/csv", 422, "not utf-8"),
        (table(), "application/pdf", 415, "text/csv"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_whole_and_at_once(
    town: SourcesTown, content: bytes, content_type: str, status: int, says: str
) -> None:
    answer = await brought(town, content, content_type)
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert "Ana" not in answer.text
    assert (await town.ask("GET", "/sources/sis/files", "sources:read")).json() == []


async def test_who_may_bring_files_is_staff_and_the_source_itself(town: SourcesTown) -> None:
    made = await town.sources.keys.make("sis", "secret", "staff")
    await town.register({**DOCUMENT, "source": "other"})
    key = (made.key.id, made.secret or "")
    headers = {"content-type": "text/csv"}
    answer = await town.client.post("/sources/sis/files", content=table(*many(2)), headers=headers, auth=key)
    assert answer.status_code == 202
    assert answer.json()["received_by"] == "source:sis"
    path = f"/sources/sis/files/{answer.json()['id']}"
    assert (await town.client.get(path, auth=key)).status_code == 200
    assert (await town.client.post("/sources/other/files", content=table(), headers=headers, auth=key)).status_code == 403
    assert (await town.client.post("/sources/sis/files", content=table(), headers=headers)).status_code == 401
    assert (await town.ask("POST", "/sources/sis/files", "sources:read")).status_code == 403
    assert (await town.ask("GET", "/sources/none/files", "sources:read")).status_code == 404
    assert (await town.ask("GET", "/sources/sis/files/none", "sources:read")).status_code == 404
