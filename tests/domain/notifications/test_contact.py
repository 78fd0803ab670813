"""What may be entered in the contact book."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.notifications.domain.contact import Contact
from services.notifications.domain.kinds import MAILED, Kind


def test_a_contact_wants_every_mailed_kind_unless_it_says_otherwise() -> None:
    assert Contact(address="ada@example.edu").wants == MAILED
    assert Contact(address="ada@example.edu", wants=frozenset({Kind.REVOKED})).wants == {Kind.REVOKED}


@pytest.mark.parametrize("address", ["ada@example.edu", "a.b+c@sub.example.edu", "root@localhost", "o'hara@example.edu"])
def test_an_ordinary_address_is_taken_as_it_is(address: str) -> None:
    assert Contact(address=address).address == address


def test_a_domain_with_other_letters_is_kept_as_dns_has_it() -> None:
    assert Contact(address="ada@exämple.org").address == "ada@xn--exmple-cua.org"


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "@example.edu",
        "ada@",
        "ada@example.edu\r\nBcc: eve@example.edu",
        "ada@example.edu,eve@example.edu",
        "Ada <ada@example.edu>",
        "a da@example.edu",
        "ada@@example.edu",
        "ada..b@example.edu",
        ".ada@example.edu",
        "ada@example..edu",
        "jürgen@example.edu",
        "a" * 65 + "@example.edu",
        "ada@" + "x" * 260,
        "ada@" + "ü" * 64 + ".edu",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        Contact(address=address)


def test_a_name_cannot_carry_a_header() -> None:
    with pytest.raises(ValidationError):
        Contact(address="ada@example.edu", name="Ada\r\nBcc: eve@example.edu")


def test_a_kind_that_is_never_mailed_cannot_be_wanted_by_mail() -> None:
    with pytest.raises(ValidationError, match="inbox only"):
        Contact(address="ada@example.edu", wants=frozenset({Kind.EXPIRED}))
