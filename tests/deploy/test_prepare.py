"""Keys are made once, and are ones that services take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from deploy.prepare.keys import make_keys
from services.awarding.credentials.identity import Unsealing
from services.awarding.credentials.keyring import Keyring
from services.notifications.identity import Sealer
from shared.settings import Settings


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
