"""What the environment may say, and what is answered when it says it wrongly."""

from pathlib import Path

import pytest

from shared.settings import Settings, Unset

NEEDED = {
    "CAIRN_KAFKA": "localhost:9092",
    "CAIRN_MONGODB": "mongodb://user:hidden@localhost",
    "CAIRN_JWKS": "/keys/jwks.json",
    "CAIRN_TOKEN_ISSUER": "issuer",
    "CAIRN_TOKEN_AUDIENCE": "cairn",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CAIRN_{name.upper()}", raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def test_what_is_needed_is_enough() -> None:
    settings = Settings.read()
    assert (settings.kafka, settings.database("awarding")) == ("localhost:9092", "cairn_awarding")


def test_everything_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        monkeypatch.delenv(name)
    with pytest.raises(Unset) as caught:
        Settings.read()
    assert all(name in str(caught.value) for name in NEEDED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAIRN_HTTP_PORT", "eighty"),
        ("CAIRN_HTTP_PORT", "70000"),
        ("CAIRN_SMTP", "mailserver"),
        ("CAIRN_PARTITIONS", "0"),
        ("CAIRN_LOG_LEVEL", "LOUD"),
        ("CAIRN_DATABASE_PREFIX", "a/b"),
        ("CAIRN_MAIL_FROM", "nobody"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Unset, match=name):
        Settings.read()


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("CAIRN_SCHEMA_REGISTRY", "", "https://host"),
        ("CAIRN_SCHEMA_REGISTRY", "https://registry.example/", "without a slash at its end"),
        ("CAIRN_SMTP", "mailserver", "host:port"),
        ("CAIRN_REVIEWS_WEBHOOK", "chat.example/hooks/1", "https://"),
    ],
)
def test_people_are_told_what_would_be_right_and_what_it_is_for(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, right: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Unset) as caught:
        Settings.read()
    assert right in str(caught.value)
    assert str(Settings.model_fields[name.removeprefix("CAIRN_").lower()].description) in str(caught.value)


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr(Settings.read())


@pytest.mark.parametrize(("smtp", "address"), [("mail.example:25", ("mail.example", 25)), ("[::1]:2525", ("::1", 2525))])
def test_the_mail_server_has_host_and_port(monkeypatch: pytest.MonkeyPatch, smtp: str, address: tuple[str, int]) -> None:
    monkeypatch.setenv("CAIRN_SMTP", smtp)
    assert Settings.read().smtp_address == address


def test_the_secret_of_public_ids_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    monkeypatch.setenv("CAIRN_PUBLIC_ID_KEY", str(tmp_path / "key"))
    assert Settings.read().secret_of_public_ids() == b"\xab" * 32


@pytest.mark.parametrize("content", [None, "", "not hexadecimal", "abcd"])
def test_a_secret_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "key").write_text(content)
    monkeypatch.setenv("CAIRN_PUBLIC_ID_KEY", str(tmp_path / "key"))
    with pytest.raises(Unset, match="CAIRN_PUBLIC_ID_KEY"):
        Settings.read().secret_of_public_ids()
