"""Learners bring credentials on a page of their own, in both languages, and see whether these still stand."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from services.assessment.pages.routes import add_pages
from tests.domain.sources.proofs.badges import source as another
from tests.journeys.proofs_school import WALLS, School, hashed
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def school() -> AsyncIterator[School]:
    async with School.open() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory, school: School
) -> AsyncIterator[SourcesTown]:
    name = uuid4().hex[:10]
    folder = tmp_path_factory.mktemp("page")
    async with SourcesTown.open(kafka, mongodb, f"t_{name}", f"t-{name}.", folder, fetch_from=school.place) as opened:
        add_pages(opened.app, opened.settings)
        trusts = [{"id": school.did, "name": "Stone <school>"}]
        source = another({"named": WALLS, "is": "urn:campus:walls"}, trusts=trusts)
        await opened.register(source, None)
        await opened.learners(source.id, {("email", "ada@example.org"): "ada"})
        yield opened


async def page(town: SourcesTown, learner: str = "ada", language: str = "en", **form: object) -> httpx.Response:
    headers = {
        "authorization": f"Bearer {town.town.keys.token(learner=learner)}",
        "accept": "text/html",
        "accept-language": language,
    }
    if not form:
        return await town.client.get("/my/proofs", headers=headers)
    files = {"file": form.pop("file")} if "file" in form else {"file": ("", b"")}
    data = {"source": "elsewhere", **form}
    return await town.client.post("/my/proofs", headers=headers, data=data, files=files)  # type: ignore[arg-type]


def text_of(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text))


async def test_a_page_says_whose_credentials_are_taken(town: SourcesTown) -> None:
    answer = await page(town)
    assert answer.status_code == 200
    assert "Bring a credential" in answer.text
    assert "Stone &lt;school&gt;" in answer.text
    assert "Einen Nachweis bringen" in text_of(await page(town, language="de"))


async def test_what_is_brought_counts_and_is_listed_until_it_is_taken_back(town: SourcesTown, school: School) -> None:
    badge = school.badge(hashed("ada@example.org"))
    answer = await page(town, file=("walls.json", json.dumps(badge).encode()), email="ada@example.org")
    assert (answer.status_code, "Taken: it counts" in answer.text) == (200, True), text_of(answer)
    listed = text_of(await page(town))
    assert "It counts." in listed
    assert "Dry stone walling" in listed
    again = await page(town, file=("walls.json", json.dumps(badge).encode()), email="ada@example.org")
    assert "You brought this before" in again.text
    assert town.sources.proofs is not None
    await town.sources.proofs.again.turn()
    school.is_there(badge["id"])
    await town.town.database["proofs"].update_many({}, {"$set": {"due": datetime.now(UTC)}})
    await town.sources.proofs.again.turn()
    listed = text_of(await page(town, language="de"))
    assert "Es zählt nicht mehr" in listed
    assert "Dry stone walling" in listed, "its name outlives the text of the original"


async def test_what_nobody_has_mapped_yet_is_kept_and_said_to_be(town: SourcesTown, school: School) -> None:
    await town.learners("elsewhere", {("email", "grace@example.org"): "grace"})
    subject = school.unsigned(hashed("grace@example.org"))["credentialSubject"]
    subject["achievement"]["id"] = "https://stone.example/achievements/bridges"
    badge = school.badge(credentialSubject=subject)
    answer = await page(town, learner="grace", text=json.dumps(badge), email="grace@example.org")
    assert "Kept: it counts once it is known" in answer.text
    assert "It counts once it is known here what it is worth." in text_of(await page(town, learner="grace"))


async def test_what_is_not_the_learners_is_refused_with_the_reason_and_what_was_said_stays(
    town: SourcesTown, school: School
) -> None:
    token = school.token(hashed("ada@example.org"))
    answer = await page(town, learner="eve", text=token, email="eve@example.org")
    assert answer.status_code == 403
    assert "Not taken" in answer.text
    assert "Nothing in it shows that it was given to you" in answer.text
    assert f">{token}</textarea>" in answer.text
    assert 'value="eve@example.org"' in answer.text


@pytest.mark.parametrize("form", [{"text": ""}, {"text": "x", "source": "nowhere"}])
async def test_a_form_that_brings_nothing_is_shown_again(town: SourcesTown, form: dict[str, str]) -> None:
    answer = await page(town, **form)
    assert (answer.status_code, "Choose a file" in answer.text) == (422, True)


async def test_nobody_without_a_learner_opens_it(town: SourcesTown) -> None:
    assert (await town.client.get("/my/proofs")).status_code == 401
    staff = {"authorization": f"Bearer {town.town.keys.token('submissions:write')}"}
    assert (await town.client.get("/my/proofs", headers=staff)).status_code == 403
