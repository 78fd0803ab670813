"""What awarding issues, on a real broker and database, as other people's implementations see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest_asyncio

from shared.credentials.baking import unbaked
from tests.domain.awarding.scene import achievement, holds, part, passed, stack, verdict
from tests.interop.issuing_town import ADDRESSES, IssuingTown
from tests.interop.others import Answer, Others
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

CATALOG = (
    achievement("a", ects="2.5", skills=("titrate",)),
    achievement("b", ects="5", when_withdrawn="suspend"),
    achievement("c", ects="5", issuer="guild"),
    stack(
        "path",
        {
            "bronze": holds("a"),
            "silver": {"all": [holds("a"), holds("c")]},
            "gold": {"all": [{"stack": "path", "level": "silver"}, holds("b")]},
        },
    ),
)


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[IssuingTown]:
    async with IssuingTown.open(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path) as opened:
        await opened.town.publish(*CATALOG)
        yield opened


EVERYTHING = {"a": "valid", "b": "valid", "c": "valid"} | {f"path.{level}": "valid" for level in ("bronze", "silver", "gold")}


async def _earn_everything(town: IssuingTown) -> None:
    await town.town.say(passed("a", 3), passed("b", 4), passed("c", 5))
    await town.town.holds("ada", EVERYTHING)


async def test_every_credential_of_a_stack_verifies_elsewhere_in_every_form(town: IssuingTown, others: Others) -> None:
    async with town.town.stream():
        await _earn_everything(town)
        credentials = [await town.credential("ada", id_) for id_ in EVERYTHING]
        forms: list[dict[str, Any] | str] = list(credentials)
        for id_ in EVERYTHING:
            path = f"/awards/{await town.award('ada', id_)}/credential"
            forms += [(await town.get(path, format="jwt", alg=alg)).text for alg in ("RS256", "EdDSA")]
            forms += [orjson.loads(unbaked((await town.get(path, format=form)).content)) for form in ("png", "svg")]

        for answer in others.verify_all(forms, await town.documents(*credentials)):
            assert answer.verified, answer.error
            assert [set_ for _, set_ in answer.status] == [False]


async def test_a_learners_record_verifies_elsewhere_with_each_of_its_parts(town: IssuingTown, others: Others) -> None:
    async with town.town.stream():
        await _earn_everything(town)
        parts = [await town.credential("ada", id_) for id_ in EVERYTHING]
        record = (await town.get("/learners/ada/record", format="json")).json()
        token = (await town.get("/learners/ada/record", format="jwt")).text
        tampered = deepcopy(record)
        tampered["credentialSubject"]["verifiableCredential"][2]["credentialSubject"]["achievement"]["name"] = "Diploma"

        whole, as_token, changed = others.verify_all([record, token, tampered], await town.documents(*parts))

    assert whole.verified, whole.error
    assert len(whole.parts) == len(EVERYTHING)
    assert all(part.verified and part.status[0][1] is False for part in whole.parts), whole.parts
    assert as_token.verified, as_token.error
    assert not changed.verified
    assert [part.verified for part in changed.parts].count(False) == 1
    kinds = {each["associationType"] for each in record["credentialSubject"]["association"]}
    assert kinds >= {"isPartOf", "precedes"}


async def _becomes(town: IssuingTown, others: Others, credential: dict[str, Any], expected: tuple[str, bool]) -> Answer:
    """What others say of the credential as soon as they read this status."""
    said: list[Answer] = []

    async def read() -> bool:
        said.append(others.verify(credential, await town.documents(credential)))
        return said[-1].status == (expected,)

    await eventually(read, within=20, why=f"others never read {expected}")
    return said[-1]


async def test_a_revocation_is_read_elsewhere_and_an_award_earned_again_is_another_credential(
    town: IssuingTown, others: Others
) -> None:
    async with town.town.stream():
        await _earn_everything(town)
        credential = await town.credential("ada", "c")
        award = await town.award("ada", "c")
        assert (await _becomes(town, others, credential, ("revocation", False))).verified
        answer = await town.town.ask(
            "POST", f"/awards/{award}/revocation", "awards:write", body={"reason": "Not their own work."}
        )
        answer.raise_for_status()
        revoked = await _becomes(town, others, credential, ("revocation", True))
        asked = {"learner": "ada", "achievement": "c", "reason": "Examined once more."}
        (await town.town.ask("POST", "/awards", "awards:write", body=asked)).raise_for_status()
        await town.town.holds("ada", EVERYTHING)
        again = await town.credential("ada", "c")
        answer_again = await _becomes(town, others, again, ("revocation", False))
        await _becomes(town, others, credential, ("revocation", True))

    assert revoked.verified, "the signature stays good: the list says what became of it"
    assert answer_again.verified
    assert again["id"] != credential["id"]
    assert again["credentialStatus"]["statusListIndex"] != credential["credentialStatus"]["statusListIndex"]


async def test_a_suspension_is_read_elsewhere_and_so_is_its_end(town: IssuingTown, others: Others) -> None:
    async with town.town.stream():
        await _earn_everything(town)
        part_, level = await town.credential("ada", "b"), await town.credential("ada", "path.gold")
        silver = await town.credential("ada", "path.silver")
        await _becomes(town, others, part_, ("suspension", False))

        await town.town.say(verdict("b", part(4, (6, None)), revision=2))
        await town.town.holds("ada", EVERYTHING | {"b": "suspended", "path.gold": "suspended"})
        await _becomes(town, others, part_, ("suspension", True))
        await _becomes(town, others, level, ("suspension", True))
        await _becomes(town, others, silver, ("revocation", False))

        await town.town.say(verdict("b", part(4, (6, None), (8, 4)), revision=3))
        await town.town.holds("ada", EVERYTHING)
        await _becomes(town, others, part_, ("suspension", False))
        await _becomes(town, others, level, ("suspension", False))


async def test_a_credential_is_verified_against_the_identity_document_that_its_issuer_serves(
    town: IssuingTown, others: Others
) -> None:
    async with town.town.stream():
        await _earn_everything(town)
        credential = await town.credential("ada", "c")
        documents = await town.documents(credential)

    assert credential["issuer"]["id"] == ADDRESSES.did("guild") == "did:web:awards.example.org%3A8443:cairn:issuers:guild"
    assert others.verify(credential, documents).verified
    left = documents | {ADDRESSES.did("guild"): documents[ADDRESSES.did("guild")] | {"assertionMethod": []}}
    assert not others.verify(credential, left).verified
