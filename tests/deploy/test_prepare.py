"""Keys, topics and indexes are made once, and are ones that services take."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from deploy.local.database import Database as DatabaseServer
from deploy.local.kafka import Kafka
from deploy.local.service import ROOT
from deploy.prepare.keys import make_keys
from services.awarding.credentials.identity import Unsealing
from services.awarding.credentials.keyring import Keyring
from services.notifications.identity import Sealer
from shared.mongo import Database
from shared.settings import Settings
from shared.topics import TOPICS


def settings_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    said = {
        "KAFKA": "x:1",
        "MONGODB": "mongodb://x",
        "JWKS": "https://x.example.edu/keys",
        "TOKEN_ISSUER": "x",
        "TOKEN_AUDIENCE": "x",
        "SESSION_KEY": folder / "session.key",
        "SOURCES_KEY": folder / "sources.key",
        "PUBLIC_ID_KEY": folder / "public-id.key",
        "ISSUER_KEYS": folder / "issuer-keys.json",
        "UNSEALING_KEY": folder / "unsealing-key.json",
        "SEALING_KEY": folder / "sealing-key.json",
    }
    for name, value in said.items():
        monkeypatch.setenv(f"CAIRN_{name}", str(value))
    return Settings.read()


def test_services_take_the_keys_that_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_keys(tmp_path)
    settings = settings_with(tmp_path, monkeypatch)
    assert len({settings.secret_of_sources(), settings.secret_of_sessions(), settings.secret_of_public_ids()}) == 3
    assert Keyring.from_settings(settings) is not None
    assert Unsealing.from_settings(settings) is not None
    assert Sealer.from_settings(settings) is not None


def test_what_is_there_is_never_touched_and_the_public_part_has_nothing_private(tmp_path: Path) -> None:
    assert len(make_keys(tmp_path)) == 6
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert make_keys(tmp_path) == []
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert not ECKey.import_key(json.loads(before["sealing-key.json"])).is_private
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def prepared(*arguments: str, env: Mapping[str, str]) -> str:
    """What the command says."""
    command = [sys.executable, "-m", "deploy.prepare", *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_topics_and_indexes_are_made_once_on_a_real_broker_and_database(
    own_kafka: Kafka, own_database: DatabaseServer, tmp_path: Path
) -> None:
    env = {"CAIRN_KAFKA": own_kafka.bootstrap, "CAIRN_MONGODB": own_database.uri}
    names = ", ".join(topic.name for topic in TOPICS)
    asked = ("topics", "--replication", "1", "--partitions", "3")
    assert prepared(*asked, env=env) == f"made {names}\n"
    assert prepared(*asked, env=env) == "all topics are there\n"

    make_keys(tmp_path / "keys")
    env |= {
        "CAIRN_JWKS": str(tmp_path / "keys/sealing-key.json"),
        "CAIRN_TOKEN_ISSUER": "x",
        "CAIRN_TOKEN_AUDIENCE": "x",
        "CAIRN_SOURCES_KEY": str(tmp_path / "keys/sources.key"),
    }
    for _ in range(2):
        assert prepared("indexes", "assessment", env=env) == "all collections and indexes of assessment are there\n"
    database = Database(own_database.uri, "cairn_assessment")
    try:
        assert {"sources", "originals"} <= set(await database.collections())
    finally:
        database.close()
