"""How the brokers are reached: what may be said together, what clients are told of it, and tokens that are renewed in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from faust import auth
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from deploy.local.authority import Authority
from shared.broker import ClientCredentials, broker_of
from shared.settings import KafkaSettings, Settings, Unset
from shared.stream.worker import app_of

PASSWORD = "a: strange pass"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CAIRN_{name.upper()}", raising=False)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """One of each kind, by the variable that would name it."""
    authority = Authority(tmp_path / "authority")
    own = authority.certificate("awarding")
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "empty").touch()
    return {
        "ca": str(authority.ca),
        "certificate": str(own.certificate),
        "key": str(own.key),
        "password": str(tmp_path / "password"),
        "empty": str(tmp_path / "empty"),
        "nowhere": str(tmp_path / "nowhere"),
    }


def settings(files: dict[str, str], **said: str) -> KafkaSettings:
    """Values that name one of the files stand for its path."""
    return KafkaSettings.read(kafka="a:9093,b:9093", **{f"kafka_{name}": files.get(value, value) for name, value in said.items()})


SCRAM = {"security": "SASL_SSL", "sasl": "SCRAM-SHA-512", "user": "awarding", "password": "password", "ca": "ca"}
MUTUAL = {"security": "SSL", "ca": "ca", "certificate": "certificate", "key": "key"}
OAUTH = {
    "security": "SASL_SSL",
    "sasl": "OAUTHBEARER",
    "token_url": "https://id.example.edu/token",
    "client_id": "awarding",
    "client_secret": "password",
}


def test_without_a_word_brokers_are_reached_plainly(files: dict[str, str]) -> None:
    assert broker_of(settings(files)).connection == {"bootstrap_servers": ["a:9093", "b:9093"]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            SCRAM,
            {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": "awarding",
                "sasl_plain_password": PASSWORD,
            },
        ),
        (MUTUAL, {"security_protocol": "SSL"}),
        ({"security": "SSL"}, {"security_protocol": "SSL"}),
        (OAUTH, {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"}),
        (
            {"security": "SASL_PLAINTEXT", "sasl": "PLAIN", "user": "u", "password": "password"},
            {
                "security_protocol": "SASL_PLAINTEXT",
                "sasl_mechanism": "PLAIN",
                "sasl_plain_username": "u",
                "sasl_plain_password": PASSWORD,
            },
        ),
    ],
    ids=["scram", "mutual", "tls", "oauth", "plain"],
)
def test_faust_and_aiokafka_are_told_the_same(files: dict[str, str], said: dict[str, str], told: dict[str, Any]) -> None:
    broker = broker_of(settings(files, **said))
    connection = broker.connection
    assert connection.pop("bootstrap_servers") == ["a:9093", "b:9093"]
    in_fausts_words = dict(credentials_to_aiokafka_auth(app_of("x", broker, _nowhere, 1).conf.broker_credentials))
    assert {name: value for name, value in in_fausts_words.items() if value is not None} == connection
    assert (connection.pop("ssl_context", None) is not None) == connection["security_protocol"].endswith("SSL")
    assert (connection.pop("sasl_oauth_token_provider", None) is not None) == (said is OAUTH)
    assert connection == told


async def _nowhere(_: object) -> dict[Any, int]:
    return {}


def test_brokers_certificates_are_verified_by_host(files: dict[str, str]) -> None:
    context = broker_of(settings(files, **SCRAM)).context
    assert context is not None
    assert context.check_hostname
    assert [one["subject"] for one in context.get_ca_certs()] == [((("commonName", "Authority of this machine"),),)]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"security": "TLS"}, "CAIRN_KAFKA_SECURITY: .*SASL_SSL"),
        ({"security": "SASL_SSL"}, "CAIRN_KAFKA_SASL: SASL_SSL needs one of PLAIN, SCRAM"),
        ({"sasl": "PLAIN"}, "CAIRN_KAFKA_SASL: PLAIN goes with CAIRN_KAFKA_SECURITY=SASL_SSL"),
        (MUTUAL | {"sasl": "SCRAM-SHA-512"}, "CAIRN_KAFKA_SASL: SCRAM-SHA-512 goes with .*not SSL"),
        ({"user": "u"}, "CAIRN_KAFKA_USER: goes with CAIRN_KAFKA_SASL="),
        ({"security": "SASL_SSL", "sasl": "SCRAM-SHA-256", "user": "u"}, "CAIRN_KAFKA_PASSWORD: needed with .*SCRAM-SHA-256"),
        (SCRAM | {"client_id": "x"}, "CAIRN_KAFKA_CLIENT_ID: goes with CAIRN_KAFKA_SASL=OAUTHBEARER only"),
        (SCRAM | {"scope": "x"}, "CAIRN_KAFKA_SCOPE: goes with"),
        (OAUTH | {"user": "u"}, "CAIRN_KAFKA_USER: goes with CAIRN_KAFKA_SASL=PLAIN"),
        ({"security": "SASL_SSL", "sasl": "OAUTHBEARER"}, "CAIRN_KAFKA_TOKEN_URL, CAIRN_KAFKA_CLIENT_ID, .*SECRET: needed"),
        (OAUTH | {"token_url": "http://id.example.edu/token"}, "CAIRN_KAFKA_TOKEN_URL: .*https"),
        ({"ca": "ca"}, "CAIRN_KAFKA_CA: goes with CAIRN_KAFKA_SECURITY=SSL or SASL_SSL, not PLAINTEXT"),
        ({"security": "SSL", "certificate": "certificate"}, "CAIRN_KAFKA_CERTIFICATE, CAIRN_KAFKA_KEY: either both or none"),
        ({"security": "SSL", "ca": "nowhere"}, "CAIRN_KAFKA_CA: .* holds no certificates"),
        ({"security": "SSL", "ca": "password"}, "CAIRN_KAFKA_CA: .* holds no certificates"),
        (MUTUAL | {"key": "ca"}, "CAIRN_KAFKA_CERTIFICATE, CAIRN_KAFKA_KEY: .* are no certificate with its key"),
        (SCRAM | {"password": "nowhere"}, "CAIRN_KAFKA_PASSWORD: .* cannot be read"),
        (SCRAM | {"password": "empty"}, "CAIRN_KAFKA_PASSWORD: .* is empty"),
    ],
)
def test_what_cannot_be_together_is_refused_with_what_would_be_right(
    files: dict[str, str], said: dict[str, str], names: str
) -> None:
    with pytest.raises(Unset, match=f"^{names}") as refusal:
        broker_of(settings(files, **said))
    assert PASSWORD not in str(refusal.value)


def test_no_secret_is_shown(files: dict[str, str]) -> None:
    broker = broker_of(settings(files, **SCRAM))
    credentials = app_of("x", broker, _nowhere, 1).conf.broker_credentials
    assert isinstance(credentials, auth.SASLCredentials)
    assert PASSWORD not in f"{broker!r} {credentials!r} {settings(files, **SCRAM)!r}"


def test_one_process_has_one_provider_of_tokens(files: dict[str, str]) -> None:
    first, second = broker_of(settings(files, **OAUTH)), broker_of(settings(files, **OAUTH))
    assert isinstance(first.tokens, ClientCredentials)
    assert first.tokens is second.tokens
