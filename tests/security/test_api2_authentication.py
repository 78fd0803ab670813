"""API2:2023, broken authentication: who proves nothing is nobody, at every service."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from deploy.local.keys import AUDIENCE, ISSUER
from tests.security.school import ADA, SERVICES, STAFF_SCOPES, School

pytestmark = pytest.mark.asyncio(loop_scope="package")

WANTED = {
    "catalog": "/drafts",
    "assessment": "/learners/ben/entries",
    "awarding": "/learners/ben/awards",
    "notifications": "/learners/ben/inbox",
}
"""What staff may read of each."""


def segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "eve", "scope": " ".join(STAFF_SCOPES), "iat": now, "exp": now + 600}
    return {name: value for name, value in (said | changed).items() if value is not None}


def key_of(school: School) -> ECKey:
    """The institution's own, with which a forger can at most ask for signatures on other claims."""
    return ECKey.import_key(json.loads((school.platform.folder / "keys/signing-key.json").read_text()))


def forged(school: School) -> dict[str, str]:
    """Tokens by what is wrong with them."""
    key, now = key_of(school), int(time.time())
    public = json.loads(school.platform.keys.jwks.read_text())["keys"][0]
    head = {"alg": "ES256", "kid": public["kid"]}
    stranger = ECKey.generate_key("P-256", auto_kid=True)

    def signed(header: dict[str, Any] = head, with_: ECKey = key, **changed: Any) -> str:
        said = json.dumps(claims(**changed)).encode()
        registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        return jws.serialize_compact(header, said, with_, registry=registry)

    def hmac_of(secret: bytes, **header: Any) -> str:
        content = f"{segment({'alg': 'HS256', 'kid': public['kid']} | header)}.{segment(claims())}"
        seal = hmac.new(secret, content.encode(), hashlib.sha256).digest()
        return f"{content}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"

    good = signed()
    head_, body, seal = good.split(".")
    own = stranger.as_dict(private=False)
    return {
        "expired": signed(exp=now - 3_600),
        "without an end": signed(exp=None),
        "with an end that is text": signed(exp="9999999999"),
        "with an end that is true": signed(exp=True),
        "not valid yet": signed(nbf=now + 3_600),
        "of another issuer": signed(iss="https://elsewhere.example"),
        "of no issuer": signed(iss=None),
        "of several issuers": signed(iss=[ISSUER]),
        "for another audience": signed(aud="another"),
        "for no audience": signed(aud=None),
        "for everybody": signed(aud="*"),
        "of nobody": signed(sub=None),
        "unsigned": f"{segment({'alg': 'none', 'kid': public['kid']})}.{segment(claims())}.",
        "unsigned, in capitals": f"{segment({'alg': 'NONE'})}.{segment(claims())}.",
        "without its signature": f"{head_}.{body}.",
        "with another's signature": f"{head_}.{segment(claims(sub='root'))}.{seal}",
        "with HMAC of the public key": hmac_of(json.dumps(public).encode()),
        "with HMAC of the public key as PEM": hmac_of(key.as_pem(private=False)),
        "with HMAC of nothing": hmac_of(b""),
        "with HMAC and a key id that is a path": hmac_of(b"", kid="/dev/null"),
        "with a key id that is a path": signed({**head, "kid": "../../../../dev/null"}, stranger),
        "with a key id that is an address": signed({**head, "kid": "http://127.0.0.1:9/jwks.json"}, stranger),
        "with a key id that is a query": signed({**head, "kid": "' OR 1=1 --"}, stranger),
        "with a key id that is an object": f"{segment({'alg': 'ES256', 'kid': {'$gt': ''}})}.{body}.{seal}",
        "with no key id, by a stranger": signed({"alg": "ES256"}, stranger),
        "by a stranger under the key's id": signed(head, stranger),
        "with its own key in its header": signed({**head, "kid": stranger.kid, "jwk": own}, stranger),
        "with its keys' address in its header": signed({**head, "kid": stranger.kid, "jku": "http://127.0.0.1:9/"}, stranger),
        "with what nobody knows as critical": f"{segment({**head, 'crit': ['x'], 'x': 1})}.{body}.{seal}",
        "with scopes in a list": signed(scope=list(STAFF_SCOPES)),
        "encrypted": f"{segment({'alg': 'dir', 'enc': 'A128GCM'})}..{body}.{body}.{seal}",
        "too long": good + "A" * 20_000,
        "no token": "null",
    }


NAMES = (
    *("expired", "without an end", "with an end that is text", "with an end that is true", "not valid yet"),
    *("of another issuer", "of no issuer", "of several issuers", "for another audience", "for no audience", "for everybody"),
    *("of nobody", "unsigned", "unsigned, in capitals", "without its signature", "with another's signature"),
    *("with HMAC of the public key", "with HMAC of the public key as PEM", "with HMAC of nothing"),
    *("with HMAC and a key id that is a path", "with a key id that is a path", "with a key id that is an address"),
    *("with a key id that is a query", "with a key id that is an object", "with no key id, by a stranger"),
    *("by a stranger under the key's id", "with its own key in its header", "with its keys' address in its header"),
    *("with what nobody knows as critical", "with scopes in a list", "encrypted", "too long", "no token"),
)


@pytest.mark.parametrize("name", NAMES)
async def test_a_token_that_proves_nothing_opens_nothing(school: School, name: str) -> None:
    token = forged(school)[name]
    for service in SERVICES:
        answer = await school.ask(service, "GET", WANTED[service], token=token)
        assert answer.status_code == 401, (service, answer.text)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert token not in answer.text


async def test_the_forger_s_own_good_token_is_good(school: School) -> None:
    """Or else the tokens above were refused for something else."""
    token = jwt.encode({"alg": "ES256", "kid": key_of(school).kid}, claims(), key_of(school))
    for service in SERVICES:
        assert (await school.ask(service, "GET", WANTED[service], token=token)).is_success


async def test_every_forgery_is_tried(school: School) -> None:
    assert set(forged(school)) == set(NAMES)


@pytest.mark.parametrize("header", ["Bearer", "Bearer e30", "Basic e30=", "Digest x", "Token x", "Bearer a b", "x" * 9_000])
async def test_another_header_is_no_token(school: School, header: str) -> None:
    for service in SERVICES:
        answer = await school.ask(service, "GET", WANTED[service], token="", headers={"authorization": header})
        assert answer.status_code in (400, 401), (service, answer.text)


async def test_a_token_in_the_address_or_the_body_is_none(school: School) -> None:
    token = school.token(*STAFF_SCOPES)
    for service in SERVICES:
        answer = await school.ask(
            service, "GET", f"{WANTED[service]}?access_token={token}&authorization=Bearer%20{token}", token=""
        )
        assert answer.status_code == 401


def _hmac(key: ECKey, token: str) -> str:
    """The token's claims, sealed with the public key as if it were a secret."""
    content = f"{segment({'alg': 'HS256', 'kid': key.kid})}.{token.split('.')[1]}"
    seal = hmac.new(key.as_pem(private=False), content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"


async def granted(school: School, **form: str) -> httpx.Response:
    asked = {"grant_type": "client_credentials"} | form
    return await school.ask("assessment", "POST", "/oauth/token", token="", data=asked)


async def test_an_assertion_is_good_once_and_only_as_it_was_meant(school: School) -> None:
    key = ECKey.generate_key("P-256", auto_kid=True)
    asked = {"kind": "public_key", "jwks": {"keys": [key.as_dict(private=False)]}}
    made = await school.must("assessment", "POST", "/sources/xapi/keys", "sources:write", json=asked)
    id_, endpoint = made["key"]["id"], f"{school.platform.address('assessment')}/oauth/token"
    now = int(time.time())

    def assertion(header: dict[str, Any] | None = None, with_: Any = key, **changed: Any) -> dict[str, str]:
        said = {"iss": id_, "sub": id_, "aud": endpoint, "iat": now, "exp": now + 60, "jti": "one"} | changed
        said = {name: value for name, value in said.items() if value is not None}
        head = header or {"alg": "ES256", "kid": key.kid}
        registry = jws.JWSRegistry(algorithms=["ES256"])
        return {
            "client_assertion": jws.serialize_compact(head, json.dumps(said).encode(), with_, registry=registry),
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }

    first = assertion()
    assert (await granted(school, **first)).is_success
    refused = {
        "reused": first,
        "expired": assertion(jti="two", exp=now - 400, iat=now - 500),
        "without an end": assertion(jti="three", exp=None),
        "without an id": assertion(jti=None),
        "for another": assertion(jti="four", aud="https://elsewhere.example/oauth/token"),
        "of another key": assertion(jti="five", iss=school.things["moodle.key"], sub=school.things["moodle.key"]),
        "by a stranger": assertion(jti="six", with_=ECKey.generate_key("P-256", auto_kid=True)),
        "with HMAC": {**first, "client_assertion": _hmac(key, first["client_assertion"])},
    }
    for name, form in refused.items():
        answer = await granted(school, **form)
        assert answer.status_code in (400, 401), (name, answer.text)
        assert "access_token" not in answer.text


async def test_a_source_s_access_token_is_no_platform_token_and_the_other_way_round(school: School) -> None:
    granted_ = await school.ask(
        "assessment",
        "POST",
        "/oauth/token",
        token="",
        headers=school.of_source("xapi"),
        data={"grant_type": "client_credentials"},
    )
    token = granted_.raise_for_status().json()["access_token"]
    for service in SERVICES:
        assert (await school.ask(service, "GET", WANTED[service], token=token)).status_code == 401
    platform = school.token(*STAFF_SCOPES)
    headers = {"x-experience-api-version": "1.0.3"}
    assert (
        await school.ask("assessment", "POST", "/xapi/statements", token=platform, headers=headers, json=[])
    ).status_code == 401


async def test_a_session_s_cookie_is_good_only_as_it_was_made(school: School, tmp_path: Path) -> None:
    from shared.http.sessions import Sessions

    address, key = school.platform.address("awarding"), bytes.fromhex(school.platform.keys.session_key.read_text())
    ours, theirs = Sessions(key, address), Sessions(bytes(32), address)
    good = ours.signed(ADA)
    attempts = Sessions(key, address)._attempts
    assert attempts is not None

    async def opened(cookie: str, service: str = "awarding", path: str = "/passport") -> int:
        return (await school.ask(service, "GET", path, token="", headers={"cookie": f"{ours.cookie}={cookie}"})).status_code

    assert await opened(good) == 200
    assert await opened(theirs.signed(ADA)) == 401, "signed with a key that was rotated away"
    assert await opened(str(attempts.dumps({"learner": ADA, "scopes": []}))) == 401, "a cookie of another purpose"
    payload, stamp, seal = good.split(".")
    assert await opened(f"{segment({'learner': 'ben', 'scopes': list(STAFF_SCOPES)})}.{stamp}.{seal}") == 401
    assert await opened(f"{payload}.{stamp[:-1]}Z.{seal}") == 401
    assert await opened(good + "x") == 401
    assert await opened("") == 401


async def test_a_cookie_opens_no_api_that_wants_a_token(school: School) -> None:
    """It comes along by itself, whoever made the browser send the request."""
    from shared.http.sessions import Sessions

    key = bytes.fromhex(school.platform.keys.session_key.read_text())
    for service in SERVICES:
        sessions = Sessions(key, school.platform.address(service))
        cookie = {"cookie": f"{sessions.cookie}={sessions.signed('root', frozenset(STAFF_SCOPES))}"}
        answer = await school.ask(service, "GET", WANTED[service], token="", headers=cookie)
        assert answer.status_code == 401, (service, answer.text)
