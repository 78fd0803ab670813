"""TLS to the database, as the settings ask for it: with a user, with a certificate, and never with a server not trusted."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.authority import Authority
from deploy.local.database import Database as Server
from deploy.local.guard import Guard
from shared.mongo import ASCENDING, Database, DatabaseError, Unavailable, name_of
from shared.settings import Settings, Unset

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN = "cairn_awarding"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard(tmp_path_factory: pytest.TempPathFactory) -> Guard:
    return Guard(tmp_path_factory.mktemp("guard"), {"awarding": "scram"})


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[False, True], ids=["tls", "mutual"])
async def server(request: pytest.FixtureRequest, guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    databases = {"awarding": [OWN]}
    async with Server(tmp_path_factory.mktemp("database"), None, guard, databases, certificates=request.param) as running:
        yield running


def told(environment: dict[str, str], **changed: object) -> Settings:
    said = {name.removeprefix("CAIRN_").lower(): value for name, value in environment.items()} | changed
    nothing = {"kafka": "x", "jwks": "x", "token_issuer": "x", "token_audience": "x"}
    return Settings.read(**{"mongodb_ca": None, "mongodb_certificate": None} | nothing | said)


async def test_a_service_does_all_it_does_over_tls_as_its_own_user(server: Server) -> None:
    with closing(Database.of(told(server.environment("awarding")), OWN)) as database:
        await database.ping()
        await database.time()
        records = await database.create("records", [("partition", ASCENDING)])
        async with database.transaction() as session:
            await records.insert_one({"_id": 1, "partition": 0}, session=session)
        kept = await database.session()
        await database.abort_of(name_of(kept))
        assert await records.find_one({"_id": 1}) == {"_id": 1, "partition": 0}
        assert await database.collections() == ["records"]
    anothers = Database.of(told(server.environment("awarding")), "cairn_assessment")
    with closing(anothers), pytest.raises(DatabaseError, match="not authorized"):
        await anothers["records"].find_one({})


async def test_a_server_that_another_authority_certified_is_not_spoken_to(server: Server, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger", "Somebody's authority")
    settings = told(server.environment("awarding"), mongodb_ca=stranger.ca)
    with closing(Database.of(settings, OWN)) as database, pytest.raises(Unavailable, match="certificate verify failed"):
        await database.ping()


async def test_a_server_at_another_name_than_its_certificates_is_not_spoken_to(server: Server) -> None:
    environment = server.environment("awarding")
    elsewhere = environment["CAIRN_MONGODB"].replace("127.0.0.1", "127.0.0.2")
    with closing(Database.of(told(environment, mongodb=elsewhere), OWN)) as database, pytest.raises(Unavailable):
        await database.ping()


async def test_without_tls_or_the_password_nobody_is_let_in(server: Server, guard: Guard) -> None:
    environment = server.environment("awarding")
    plain = told({"CAIRN_MONGODB": environment["CAIRN_MONGODB"]})
    wrong = told(environment, mongodb=environment["CAIRN_MONGODB"].replace(guard.password("awarding").read_text(), "guessed"))
    nobody = told(environment, mongodb=server.uri_at(server.address))
    for settings in (plain, wrong, nobody):
        with closing(Database.of(settings, OWN, None)) as database, pytest.raises(DatabaseError):
            await database["records"].find_one({})


async def test_where_certificates_are_asked_for_the_password_alone_opens_nothing(server: Server, tmp_path: Path) -> None:
    environment = server.environment("awarding")
    if "CAIRN_MONGODB_CERTIFICATE" not in environment:
        pytest.skip("this server asks for none")
    forged = Authority(tmp_path / "stranger", "Somebody's authority").certificate("awarding").both
    for certificate in (None, forged):
        settings = told(environment, mongodb_certificate=certificate)
        with closing(Database.of(settings, OWN)) as database, pytest.raises(DatabaseError):
            await database["records"].find_one({})


async def test_what_cannot_be_is_refused_at_the_start(guard: Guard, tmp_path: Path) -> None:
    (tmp_path / "none").write_text("no certificate")
    right = {"CAIRN_MONGODB": "mongodb://user:hidden@localhost", "CAIRN_MONGODB_CA": str(guard.authority.ca)}
    only_certificate = guard.authority.certificate("awarding").certificate
    for changed, names in (
        ({"mongodb_ca": tmp_path / "nothing"}, "CAIRN_MONGODB_CA: .* holds no certificates"),
        ({"mongodb_ca": tmp_path / "none"}, "CAIRN_MONGODB_CA: .* holds no certificates"),
        ({"mongodb_certificate": tmp_path / "none"}, "CAIRN_MONGODB_CERTIFICATE: .* is no certificate with its key"),
        ({"mongodb_certificate": only_certificate}, "CAIRN_MONGODB_CERTIFICATE: .* is no certificate with its key"),
        ({"mongodb": "mongodb://user:hid:den@localhost"}, "CAIRN_MONGODB: not a connection string"),
        ({"mongodb": "mongodb://user:hidden@localhost/?tls=false"}, "CAIRN_MONGODB: .*where CAIRN_MONGODB_CA .* ask for TLS"),
    ):
        with pytest.raises(Unset, match=f"^{names}") as refusal:
            Database.of(told(right, **changed), OWN)
        assert "hid" not in str(refusal.value).replace(os.fspath(tmp_path), "")
