"""A share's link can be shown again to its maker, and be guessed by nobody."""

from __future__ import annotations

import base64

import pytest

from services.awarding.sharing.links import Links, looked_up
from services.awarding.sharing.store import Share
from tests.domain.awarding.scene import day

LINKS = Links(bytes(range(32)), "https://awards.example.org/cairn")
SHARE = Share("5" * 32, "ada", ("a" * 32,), name=False, evidence=False, stack=True, label="", made_at=day(1))


def test_the_same_share_has_the_same_link_always() -> None:
    assert LINKS.link("5" * 32) == Links(bytes(range(32)), LINKS.outside).link("5" * 32)
    assert LINKS.link("5" * 32) == f"https://awards.example.org/cairn/shared/{LINKS.token('5' * 32)}"


def test_a_token_has_32_bytes_and_follows_from_the_key() -> None:
    token = LINKS.token("5" * 32)
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert token != Links(bytes(32), LINKS.outside).token("5" * 32)
    assert token != LINKS.token("6" * 32)


def test_what_is_kept_does_not_open_the_share() -> None:
    kept = looked_up(LINKS.token("5" * 32))
    assert kept is not None
    assert looked_up(kept) is None
    assert LINKS.token("5" * 32) not in kept


def test_two_shares_never_have_one_id() -> None:
    assert len({LINKS.new_share() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("token", ["", "short", "a" * 42, "a" * 44, "a" * 42 + "\n", "a" * 42 + "=", "é" * 43, "a" * 10_000])
def test_what_has_not_the_form_of_a_token_is_not_looked_up(token: str) -> None:
    assert looked_up(token) is None


def test_a_share_covers_the_awards_that_it_names_and_a_passport_all_of_the_learner() -> None:
    named, strange = {"_id": "a" * 32, "learner": "ada"}, {"_id": "b" * 32, "learner": "ada"}
    passport = Share("5" * 32, "ada", None, name=False, evidence=False, stack=True, label="", made_at=day(1))
    assert SHARE.covers(named)
    assert not SHARE.covers(strange)
    assert passport.covers(strange)
    assert not passport.covers({"_id": "c" * 32, "learner": "bob"})
    assert not SHARE.covers({"_id": "a" * 32, "learner": "bob"})
