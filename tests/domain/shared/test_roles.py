"""What roles of the institution's provider may do here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.http.auth import caller_of
from shared.http.roles import Roles
from shared.settings import Unset

ROLES = Roles(claim="realm_access.roles", roles={"registrar": ["awards:read", "awards:write"], "tutor": ["awards:read"]})


def claims(*roles: object) -> dict[str, object]:
    return {"sub": "ada", "realm_access": {"roles": list(roles)}}


def test_who_has_several_roles_has_the_scopes_of_all() -> None:
    assert ROLES.scopes(claims("tutor", "registrar")) == {"awards:read", "awards:write"}


def test_a_role_that_nobody_named_gives_nothing() -> None:
    assert ROLES.scopes(claims("rector", "Registrar", "registrar ", 7, None, ["registrar"])) == frozenset()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"realm_access": None},
        {"realm_access": ["registrar"]},
        {"realm_access": {}},
        {"realm_access": {"roles": {"registrar": 1}}},
    ],
    ids=str,
)
def test_a_claim_that_is_not_there_or_no_list_gives_nothing(said: dict[str, object]) -> None:
    assert ROLES.scopes(said) == frozenset()


def test_a_claim_may_be_text_and_have_points_in_its_name() -> None:
    named = Roles(claim="https://example.edu/roles", roles={"tutor": ["awards:read"]})
    assert named.scopes({"https://example.edu/roles": "student tutor"}) == {"awards:read"}


def test_roles_add_to_what_the_token_may_by_itself() -> None:
    assert caller_of({**claims("tutor"), "scope": "entries:read"}, ROLES).scopes == {"awards:read", "entries:read"}


def test_without_a_document_roles_mean_nothing() -> None:
    assert caller_of({**claims("tutor"), "scope": "entries:read"}).scopes == {"entries:read"}


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        {},
        {"roles": {}},
        {"roles": {"tutor": "awards:read"}},
        {"roles": {"tutor": ["awards:read awards:write"]}},
        {"roles": {"tutor": [""]}},
        {"claim": "", "roles": {"tutor": ["awards:read"]}},
        {"claims": "groups", "roles": {"tutor": ["awards:read"]}},
    ],
    ids=str,
)
def test_a_document_that_is_none_is_refused_at_the_start(tmp_path: Path, document: object) -> None:
    (tmp_path / "roles.json").write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(Unset, match="CAIRN_ROLES"):
        Roles.in_file(tmp_path / "roles.json")


def test_a_document_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unset, match=r"CAIRN_ROLES: the file .* cannot be read"):
        Roles.in_file(tmp_path / "nothing")
