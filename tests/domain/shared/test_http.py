"""What every service's HTTP side answers, whatever its routes are."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from shared import kafka, mongo
from shared.http import Caller, Page, Problem, Tokens, create_app, may_see_learner, requires
from shared.http.paging import PagingByNumber
from tests.domain.shared.authority import AUDIENCE, ISSUER, claims, ec_key, key_set, signed

KEY = ec_key()
router = APIRouter()


class Line(BaseModel):
    name: Annotated[str, Field(max_length=5)]


class Order(BaseModel):
    lines: list[Line]


@router.post("/orders")
async def order(order: Order) -> int:
    return len(order.lines)


@router.get("/orders")
async def orders() -> list[int]:
    return []


@router.get("/secret")
async def secret(caller: Annotated[Caller, Depends(requires("awards:read"))]) -> str:
    return caller.subject


@router.get("/learners/{learner}/things")
async def things(
    learner: str, caller: Annotated[Caller, Depends(may_see_learner("entries:read"))], paging: PagingByNumber
) -> Page[int]:
    first = paging.after or 0
    last = min(first + paging.limit, 5)
    return paging.page(list(range(first, last)), last if last < 5 else None)


@router.get("/fails/{how}")
async def fails(how: str) -> None:
    raise FAILURES[how]


FAILURES: Mapping[str, Exception] = {
    "problem": Problem(409, "Already there", "It was published before.", place="id"),
    "bug": RuntimeError("secret inside"),
    "database": mongo.Unavailable("no server"),
    "broker": kafka.Unavailable("no broker"),
}


def bearer(**changed: object) -> dict[str, str]:
    return {"authorization": f"Bearer {signed(KEY, 'ES256', claims(**changed))}"}


class Needs:
    """What the service needs, as a readiness check that tests can change."""

    def __init__(self) -> None:
        self.found: dict[str, bool | str] | Exception = {"database": True}

    async def __call__(self) -> Mapping[str, bool | str]:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture
def needs() -> Needs:
    return Needs()


@pytest_asyncio.fixture
async def http(tmp_path: Path, needs: Needs) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "jwks.json").write_text(key_set(KEY))
    tokens = Tokens(str(tmp_path / "jwks.json"), ISSUER, AUDIENCE)
    app = create_app("test", routers=[router], ready=needs, tokens=tokens, largest=1_000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Its members, when it is problem details of that status."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    return body


async def test_without_a_token_nothing_protected_is_shown(http: httpx.AsyncClient) -> None:
    answer = await http.get("/secret")
    problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer nonsense", "nonsense"])
async def test_what_is_no_token_is_answered_with_a_challenge(http: httpx.AsyncClient, header: str) -> None:
    answer = await http.get("/secret", headers={"authorization": header})
    problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_refused_token_is_told_why_and_not_repeated(http: httpx.AsyncClient) -> None:
    headers = bearer(exp=1)
    answer = await http.get("/secret", headers=headers)
    assert "expired" in problem(answer, 401)["detail"]
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert headers["authorization"].split()[1] not in answer.text


async def test_a_missing_scope_is_named(http: httpx.AsyncClient) -> None:
    answer = await http.get("/secret", headers=bearer(scope="entries:read"))
    assert problem(answer, 403)["scope"] == "awards:read"
    assert 'scope="awards:read"' in answer.headers["www-authenticate"]


async def test_the_scope_opens_the_door(http: httpx.AsyncClient) -> None:
    answer = await http.get("/secret", headers=bearer(scope="x awards:read"))
    assert (answer.status_code, answer.json()) == (200, "someone")


async def test_a_learner_reads_their_own_and_no_others(http: httpx.AsyncClient) -> None:
    own = bearer(sub="l-1", learner="l-1")
    assert (await http.get("/learners/l-1/things", headers=own)).status_code == 200
    problem(await http.get("/learners/l-2/things", headers=own), 403)
    assert (await http.get("/learners/l-2/things", headers=bearer(scope="entries:read"))).status_code == 200


async def test_an_app_without_a_key_set_lets_nobody_in(needs: Needs) -> None:
    app = create_app("test", routers=[router], ready=needs)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        problem(await client.get("/secret", headers=bearer(scope="awards:read")), 503)


async def test_each_error_of_a_document_is_named_with_its_place(http: httpx.AsyncClient) -> None:
    answer = await http.post("/orders", json={"lines": [{"name": "fine"}, {"name": "too long"}, {}]})
    assert [error["place"] for error in problem(answer, 422)["errors"]] == ["body.lines[1].name", "body.lines[2].name"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"null", b"[" * 900])
async def test_undecodable_bodies_are_problems(http: httpx.AsyncClient, body: bytes) -> None:
    assert problem(await http.post("/orders", content=body, headers={"content-type": "application/json"}), 422)["errors"]


async def test_a_body_over_the_limit_is_refused_whatever_it_declares(http: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    problem(await http.post("/orders", content=b"x" * 2_000), 413)
    problem(await http.post("/orders", content=pieces()), 413)


async def test_a_client_that_is_still_sending_too_much_gets_its_answer_at_the_end(http: httpx.AsyncClient) -> None:
    sent = []

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            sent.append(100)
            yield b"x" * 100

    problem(await http.post("/orders", content=pieces(), headers={"content-length": "2000"}), 413)
    assert sum(sent) == 2_000


async def test_a_client_that_asks_first_is_not_made_to_send_too_much(http: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        pytest.fail("it was asked for")
        yield b""

    problem(await http.post("/orders", content=pieces(), headers={"content-length": "2000", "expect": "100-continue"}), 413)


async def test_a_body_of_exactly_the_limit_is_taken(http: httpx.AsyncClient) -> None:
    body = b'{"lines":[]}'
    answer = await http.post("/orders", content=body + b" " * (1_000 - len(body)), headers={"content-type": "application/json"})
    assert answer.json() == 0


async def test_unknown_paths_and_methods_are_problems(http: httpx.AsyncClient) -> None:
    assert problem(await http.get("/nowhere"), 404)["detail"] == "There is nothing at this address."
    answer = await http.delete("/orders")
    assert problem(answer, 405)["detail"] == "DELETE is not for this address; it takes GET, HEAD, POST."
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_a_document_tells_what_may_go_wrong_with_any_request_of_its_shape() -> None:
    paths = create_app("test", routers=[router], ready=Needs()).openapi()["paths"]
    assert {"400", "413"} < paths["/orders"]["post"]["responses"].keys()
    assert {"400", "401", "403", "404"} < paths["/learners/{learner}/things"]["get"]["responses"].keys()
    assert paths["/orders"]["get"]["responses"].keys() == {"200", "429", "503"}


async def test_a_problem_carries_its_members(http: httpx.AsyncClient) -> None:
    body = problem(await http.get("/fails/problem"), 409)
    assert (body["title"], body["detail"], body["place"]) == ("Already there", "It was published before.", "id")


async def test_a_bug_shows_nothing_of_the_inside(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = await http.get("/fails/bug")
    problem(answer, 500)
    assert "secret inside" not in answer.text
    assert [record.levelname for record in caplog.records if record.name == "shared.http.problems"] == ["ERROR"]


@pytest.mark.parametrize("away", ["database", "broker"])
async def test_what_is_away_asks_for_patience(http: httpx.AsyncClient, away: str) -> None:
    answer = await http.get(f"/fails/{away}")
    assert away in problem(answer, 503)["detail"]
    assert int(answer.headers["retry-after"]) > 0


async def test_readiness_tells_the_truth(http: httpx.AsyncClient, needs: Needs) -> None:
    assert (await http.get("/health/ready")).json() == {"status": "ready", "checks": {"database": True}}
    needs.found = {"database": False, "broker": "no answer"}
    assert problem(await http.get("/health/ready"), 503)["checks"] == {"database": False, "broker": "no answer"}
    needs.found = RuntimeError("driver")
    assert "driver" not in (await http.get("/health/ready")).text
    problem(await http.get("/health/ready"), 503)
    assert (await http.get("/health/live")).status_code == 200


async def test_pages_follow_each_other_to_the_end(http: httpx.AsyncClient) -> None:
    headers, seen, cursor = bearer(scope="entries:read"), [], None
    for _ in range(3):
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/learners/l-1/things", headers=headers, params=params)).json()
        seen += page["items"]
        cursor = page["next"]
    assert (seen, cursor) == ([0, 1, 2, 3, 4], None)


@pytest.mark.parametrize("cursor", ["!", "e30", "dHJ1ZQ", "MS41", "W1tdXQ", "ä"])
async def test_a_cursor_that_is_none_of_ours_is_a_problem(http: httpx.AsyncClient, cursor: str) -> None:
    problem(await http.get("/learners/l-1/things", headers=bearer(scope="entries:read"), params={"cursor": cursor}), 400)


async def test_the_openapi_document_declares_tokens_and_problems(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"]["bearer"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A JWT of the institution's issuer.",
    }
    protected = document["paths"]["/secret"]["get"]
    assert protected["security"] == [{"bearer": []}]
    assert set(protected["responses"]) == {"200", "401", "403", "429", "503"}
    for operation in (document["paths"]["/orders"]["post"], protected):
        refusals = [answer for status, answer in operation["responses"].items() if status[0] == "4"]
        assert all("application/problem+json" in answer["content"] for answer in refusals)


@pytest.mark.parametrize("status", [429, 503])
def test_whoever_shall_come_again_is_told_when(status: int) -> None:
    assert int(Problem(status).response().headers["retry-after"]) > 0
    assert Problem(status, headers={"Retry-After": "60"}).response().headers["retry-after"] == "60"
    assert "retry-after" not in Problem(422).response().headers
