"""Keys missing, rotated, retired, lost and stolen: what stays valid, what is issued again, and what is said meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from services.awarding.reissue import Reissue
from tests.domain.awarding.scene import achievement, part, passed, verdict
from tests.journeys.awarding_town import Town
from tests.journeys.credentials_scene import House, key_set, made_key, made_rsa, town_of
from tests.platform.parts import Broker, DatabaseServer

HELD = {"a": "valid"}


@pytest_asyncio.fixture
async def town(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town_of(kafka, mongodb, tmp_path_factory.mktemp("town"), achievement("a")) as opened:
        yield opened


def without_private_part(key: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name not in ("d", "p", "q", "dp", "dq", "qi")}


async def earned(town: Town, keys: str) -> tuple[bytes, bytes]:
    """Ada's credential under this key set, as JSON and as a token."""
    async with House.open(town, keys) as house, town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", HELD)
        return (await house.credential("a")).content, (await house.credential("a", format="jwt")).content


async def test_what_a_retired_key_signed_stays_valid_and_comes_out_the_same(town: Town) -> None:
    old, token, new = made_key("old"), made_rsa("token"), made_key("new")
    before, token_before = await earned(town, key_set(old, token))
    async with House.open(town, key_set({**old, "state": "retired"}, token, new)) as house, town.stream():
        assert (await house.credential("a")).content == before
        assert (await house.credential("a", format="jwt")).content == token_before
        assert (await house.checked(before)).verdict == "valid"
        await town.say(verdict("a", part(4), learner="bob"))
        await town.holds("bob", HELD)
        (proof,) = (await house.credential("a", "bob")).json()["proof"]
        assert proof["verificationMethod"].endswith("#new")
        kept = (await house.get("/issuers/uni/documents")).json()["documents"]
        assert [len(one["document"]["assertionMethod"]) for one in kept] == [2, 3]


async def test_what_a_stolen_key_signed_is_refused_and_issued_again_with_another_key(town: Town) -> None:
    stolen, token, new = made_key("stolen"), made_rsa("token"), made_key("new")
    before, _ = await earned(town, key_set(stolen, token))
    async with House.open(town, key_set({**stolen, "state": "compromised"}, token, new)) as house, town.stream():
        report = await house.checked(before)
        assert (report.verdict, {check.code for check in report.checks if check.outcome == "no"}) == (
            "invalid",
            {"issuer.key_not_listed"},
        )
        award = (await house.awards())["a"]
        meanwhile = await house.get(f"/awards/{award}/credential", scopes=("awards:read",))
        assert (meanwhile.status_code, "compromised" in meanwhile.json()["detail"]) == (503, True)
        assert await Reissue(town.database, town.publisher, {"stolen"}, town.topics.requests).again() == 1
        await house.issued("a", edition=2)
        again = await house.credential("a")
        assert (await house.checked(again.content)).verdict == "valid"
        was, is_ = report.credential or {}, again.json()
        assert (is_["id"], is_["awardedDate"], is_["credentialStatus"]) == (
            was["id"],
            was["awardedDate"],
            was["credentialStatus"],
        )
        assert is_["validFrom"] > was["validFrom"]
        assert is_["proof"][0]["verificationMethod"].endswith("#new")


async def test_a_key_whose_private_part_is_gone_still_verifies_what_it_signed(town: Town) -> None:
    old, token, new = made_key("old"), made_rsa("token"), made_key("new")
    before, token_before = await earned(town, key_set(old, token))
    retired = [{**without_private_part(key), "state": "retired"} for key in (old, token)]
    async with House.open(town, key_set(*retired, new, made_rsa("token-2"))) as house:
        assert (await house.checked(before)).verdict == "valid"
        assert (await house.checked(token_before)).verdict == "valid"
        award = (await house.awards())["a"]
        assert (await house.get(f"/awards/{award}/credential", scopes=("awards:read",))).status_code == 503


async def test_an_archived_identity_document_verifies_what_the_live_one_no_longer_does(town: Town) -> None:
    old, token, new = made_key("old"), made_rsa("token"), made_key("new")
    before, _ = await earned(town, key_set(old, token))
    async with House.open(town, key_set(new, token)) as house:
        first, second = (await house.get("/issuers/uni/documents")).json()["documents"]
        methods = [method["id"].rpartition("#")[2] for method in first["document"]["verificationMethod"]]
        assert methods == ["old", "token"]
        assert first["since"] <= second["since"]
        report = await house.checked(before)
        assert {check.code for check in report.checks if check.outcome == "no"} == {"issuer.key_not_listed"}


async def test_an_award_from_before_issuing_has_no_credential_yet(town: Town) -> None:
    async with House.open(town, keys="") as silent, town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", HELD)
        award = (await silent.awards())["a"]
        without = await silent.get(f"/awards/{award}/credential", scopes=("awards:read",))
        assert (without.status_code, "CAIRN_ISSUER_KEYS" in without.json()["detail"]) == (503, True)
        for path in ("/issuers/uni/did.json", "/issuers/uni/status/uni-r-0-0", "/issuers/uni"):
            assert (await silent.get(path)).status_code == 503
        assert (await silent.get("/pictures/a/1.svg")).status_code == 200
        async with House.open(town) as house:
            answer = await house.get(f"/awards/{award}/credential", scopes=("awards:read",))
            assert (answer.status_code, answer.headers["retry-after"]) == (404, "5")


async def test_a_house_without_an_rsa_key_says_so_when_asked_for_its_token(town: Town) -> None:
    async with House.open(town, key_set(made_key("only"))) as house, town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", HELD)
        award = (await house.awards())["a"]
        answer = await house.get(f"/awards/{award}/credential", scopes=("awards:read",), format="jwt")
        assert (answer.status_code, "EdDSA" in answer.json()["detail"]) == (503, True)
        token = await house.credential("a", format="jwt", alg="EdDSA")
        assert (await house.checked(token.content)).verdict == "valid"
