"""Decisions of people have a reason that can be read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from services.assessment.api import app_of as assessment
from services.awarding.api import app_of as awarding
from shared.http import Tokens
from shared.http.grounds import GivenReason
from tests.domain.shared.authority import AUDIENCE, ISSUER, claims, ec_key, key_set, signed

KEY = ec_key()
REASON: Final[TypeAdapter[str]] = TypeAdapter(GivenReason)
BLANKS = (
    "",
    "   ",
    "\t\r\n",
    "\u00a0\u2003",
    "\u200b\u200d",
    "\ufeff",
    "\u2060 \u00ad",
    "\u3164",
    "\u2800",
    "\u0301",
    "\x00",
    "\u202e",
)
AWARD = "0" * 32
LEAF: Final = {"version": 1, "path": "", "activity": "lms:essay"}
DECISIONS: Final[Mapping[tuple[str, str], dict[str, Any]]] = {
    ("awarding", "/awards"): {"learner": "ada", "achievement": "sql"},
    ("awarding", f"/awards/{AWARD}/revocation"): {},
    ("assessment", "/learners/ada/achievements/sql/waivers"): {"version": 1, "path": ""},
    ("assessment", "/learners/ada/achievements/sql/substitutions"): LEAF,
    ("assessment", "/learners/ada/erasure"): {},
}


@pytest.mark.parametrize("blank", BLANKS)
def test_a_reason_that_shows_nothing_is_none(blank: str) -> None:
    with pytest.raises(ValidationError):
        REASON.validate_python(blank)


@pytest.mark.parametrize("said", ["Plagiarism", "§ 7", "?", "不正", "عذر", "\N{ROCK}", "नक़ल"])
def test_a_reason_is_kept_as_it_was_said_without_the_blanks_around_it(said: str) -> None:
    assert REASON.validate_python(f" \n{said}\t") == said


async def nothing() -> Mapping[str, bool | str]:
    return {}


async def test_every_decision_is_refused_without_a_reason(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(key_set(KEY))
    tokens = Tokens(str(tmp_path / "jwks.json"), ISSUER, AUDIENCE)
    apps = {"awarding": awarding(nothing, tokens), "assessment": assessment(nothing, tokens)}
    headers = {"authorization": f"Bearer {signed(KEY, 'ES256', claims(scope='awards:write decisions:write'))}"}
    for name, app in apps.items():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers) as http:
            for blank in BLANKS:
                for path, said in [(path, said) for (service, path), said in DECISIONS.items() if service == name]:
                    answer = await http.post(path, json=said | {"reason": blank})
                    assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "body.reason"), (path, blank)
                if name == "assessment":
                    answer = await http.delete("/learners/ada/decisions/d-1", params={"reason": blank})
                    assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "query.reason"), blank
