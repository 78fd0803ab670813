"""What a sign-in cookie is worth: it says who, for eight hours, and nobody else can write one."""

from __future__ import annotations

import base64
import json
import time

import pytest
from starlette.responses import Response

from shared.http.auth import Caller
from shared.http.sessions import LASTS, Sessions, is_local

SECRET = bytes(range(32))
HERE = "http://localhost:8002"


def sessions(secret: bytes = SECRET, outside: str = HERE) -> Sessions:
    return Sessions(secret, outside)


def test_a_cookie_says_who_signed_in_and_what_they_may() -> None:
    text = sessions().signed("ada", frozenset({"awards:read"}))
    assert sessions().caller_of(text) == Caller("ada", frozenset({"awards:read"}), "ada", is_learner=True)


def test_a_cookie_holds_the_learner_and_the_scopes_and_nothing_else() -> None:
    content = sessions().signed("ada").split(".")[0]
    said = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    assert said == {"learner": "ada", "scopes": []}


def test_any_changed_character_makes_a_cookie_worthless() -> None:
    text = sessions().signed("ada")
    for place, character in enumerate(text):
        changed = text[:place] + ("A" if character != "A" else "B") + text[place + 1 :]
        found = sessions().caller_of(changed)
        # The last character of base64 has bits that mean nothing: what reads the same is the same.
        assert found is None or place == len(text) - 1


def test_a_cookie_of_another_key_is_worthless() -> None:
    assert sessions().caller_of(sessions(b"another key of 32 bytes length..").signed("ada")) is None


def test_an_attempts_cookie_is_no_session() -> None:
    own, response = sessions(), Response()
    own.remember(response, own.attempt("/passport"))
    text = response.headers["set-cookie"].split("=", 1)[1].split(";")[0]
    assert own.caller_of(text) is None


@pytest.mark.parametrize(("later", "known"), [(LASTS - 5, True), (LASTS + 5, False)])
def test_a_cookie_lasts_eight_hours(monkeypatch: pytest.MonkeyPatch, later: int, known: bool) -> None:
    text = sessions().signed("ada")
    now = time.time() + later
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now)
    assert (sessions().caller_of(text) is not None) is known


@pytest.mark.parametrize("text", [None, "", ".", "a.b.c", "é.é.é", "x" * 5_000, '{"learner": "ada"}'])
def test_nonsense_is_nobody(text: str | None) -> None:
    assert sessions().caller_of(text) is None


def test_without_a_key_nobody_is_signed_in() -> None:
    assert Sessions(None, HERE).caller_of(sessions().signed("ada")) is None


def test_scripts_other_sites_and_other_hosts_get_no_cookie() -> None:
    response = Response()
    own = sessions(outside="https://awards.example.org")
    own.open(response, own.signed("ada"))
    kept, dropped = (value for name, value in response.headers.items() if name == "set-cookie")
    assert kept.startswith("__Host-cairn=")
    for attribute in ("HttpOnly", "SameSite=lax", "Secure", "Path=/", f"Max-Age={LASTS}"):
        assert attribute in kept
    assert "Domain" not in kept
    assert dropped.startswith("__Host-cairn-sign-in=")
    assert "Max-Age=0" in dropped


def test_without_https_a_cookie_is_neither_secure_nor_named_so() -> None:
    response = Response()
    sessions().open(response, "text")
    assert response.headers["set-cookie"].startswith("cairn=")
    assert "Secure" not in response.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/", "/passport", "/passport?lang=de", "/awards/0a?x=%2F%2Fevil.example", "/a//b", "/a:b@c"])
def test_a_path_of_this_service_is_local(path: str) -> None:
    assert is_local(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "passport",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "/\t/evil.example",
        "/\n/evil.example",
        " /passport",
        "/pass port",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/passport\r\nset-cookie: a=b",
        "/" + "a" * 2_000,
    ],
)
def test_what_a_browser_could_take_for_another_address_is_not_local(path: str) -> None:
    assert not is_local(path)
