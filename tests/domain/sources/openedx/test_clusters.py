"""Operators say how other clusters are reached; sources only name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.assessment.sources.topics.clusters import Clusters
from shared.settings import Settings, Unset


def settings(folder: Path, clusters: object = None, **more: Any) -> Settings:
    file = folder / "clusters.json"
    if clusters is not None:
        file.write_text(json.dumps(clusters))
        more["source_clusters"] = file
    return Settings(kafka="own:9092", mongodb="mongodb://x", jwks="x", token_issuer="x", token_audience="x", **more)


def test_the_platforms_own_broker_has_no_name(tmp_path: Path) -> None:
    own = Clusters(settings(tmp_path, schema_registry="http://registry")).get(None)
    assert own is not None
    assert own.connection == {"bootstrap_servers": ["own:9092"]}
    assert own.schemas is not None


def test_a_cluster_is_reached_as_its_operators_say(tmp_path: Path) -> None:
    (tmp_path / "login").write_text("cairn:a:secret\n")
    edx = {"bootstrap": "a:9093,b:9093", "security": "SASL_SSL", "mechanism": "SCRAM-SHA-512", "login": str(tmp_path / "login")}
    found = Clusters(settings(tmp_path, {"edx": edx})).get("edx")
    assert found is not None
    said = dict(found.connection)
    assert said.pop("ssl_context").check_hostname
    assert said == {
        "bootstrap_servers": ["a:9093", "b:9093"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "cairn",
        "sasl_plain_password": "a:secret",
    }
    assert found.schemas is None


def test_nobody_knows_a_cluster_that_the_operators_have_not_named(tmp_path: Path) -> None:
    assert Clusters(settings(tmp_path)).get("edx") is None


@pytest.mark.parametrize(
    "described",
    [
        {},
        {"bootstrap": "a:9092", "security": "SASL_SSL"},
        {"bootstrap": "a:9092", "login": "somewhere"},
        {"bootstrap": "a:9092", "authorities": "somewhere"},
        {"bootstrap": "a:9092", "password": "in clear"},
        {"bootstrap": "a:9092", "security": "SASL_SSL", "login": "/nowhere"},
        {"bootstrap": "a:9092", "security": "SSL", "authorities": "/nowhere"},
    ],
    ids=str,
)
def test_what_cannot_be_is_said_at_the_start_with_the_setting_and_no_secret(described: object, tmp_path: Path) -> None:
    with pytest.raises(Unset, match="CAIRN_SOURCE_CLUSTERS") as raised:
        Clusters(settings(tmp_path, {"edx": described}))
    assert "in clear" not in str(raised.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unset, match="cannot be read"):
        Clusters(settings(tmp_path, source_clusters=tmp_path / "nothing"))
