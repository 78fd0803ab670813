"""What is brought, and what is refused because it could be read in two ways or would only make work."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from PIL import Image

from shared.credentials.baking import bake_png, bake_svg
from shared.credentials.jwts import as_jwt
from shared.credentials.reading import Unreadable, brought, strict_json, unwrapped
from tests.domain.checking.world import DID, ED, badge, by

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'


def refused(data: bytes | str) -> str:
    with pytest.raises(Unreadable) as error:
        brought(data.encode() if isinstance(data, str) else data)
    assert error.value.says.endswith(".")
    return error.value.code


def test_a_credential_is_found_in_each_form_it_may_come_in() -> None:
    document = by(ED, badge())
    token = as_jwt(badge(), ED, f"{DID}#e1")
    text = json.dumps(document)
    assert brought(text.encode()).document == document
    assert brought(b"\xef\xbb\xbf  " + text.encode()).document == document
    assert brought(bake_svg(SVG, json_text=text).encode()).document == document
    for data in (token, json.dumps(token), f" {token}\n", bake_svg(SVG, jws=token)):
        found = brought(data.encode())
        assert (found.document, found.token) == (badge(), token)


def test_a_credential_is_taken_out_of_what_wallets_wrap_it_in() -> None:
    token = as_jwt(badge(), ED, f"{DID}#e1")
    envelope = {"type": "EnvelopedVerifiableCredential", "id": f"data:application/vc+jwt,{token}"}
    presentation = {"type": ["VerifiablePresentation"], "verifiableCredential": [by(ED, badge())]}
    assert brought(json.dumps(envelope).encode()).token == token
    assert brought(json.dumps(presentation).encode()).document["id"] == badge()["id"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "not_json"),
        ("{", "not_json"),
        ("[]", "not_an_object"),
        ("7", "not_an_object"),
        ('"text"', "not_an_object"),
        ("[" * 10_000, "too_deep"),
        ('{"a":' * 10_000, "too_deep"),
        ('{"a":' * 900 + "1" + "}" * 900, "too_deep"),
        ('{"a": 1, "b": 2, "a": 3}', "named_twice"),
        ('{"a": ' + "9" * 100_000 + "}", "number"),
        ('{"a": 1e999}', "number"),
        ('{"a": NaN}', "number"),
        ('{"a": 18446744073709551616}', "number"),
        ('{"a": "\\ud800"}', "not_unicode"),
        (b"\xff\xfe{}", "not_text"),
        (b"\xff\xd8\xff\xe0 a photograph", "not_a_credential"),
        (b"%PDF-1.7", "not_a_credential"),
        (b"\x89PNG\r\n\x1a\n", "picture_malformed"),
        ("<svg", "picture_malformed"),
        (SVG, "nothing_baked"),
        ("<!DOCTYPE html><html></html>", "a_page"),
        ("a.b.c", "not_a_token"),
        (b'{"a": "' + b"x" * 2_000_000 + b'"}', "too_large"),
        (b"\x89PNG\r\n\x1a\n" + bytes(8_000_000), "too_large"),
    ],
    ids=str,
)
def test_what_is_no_credential_is_refused_with_its_reason(data: bytes | str, code: str) -> None:
    assert refused(data) == code


def test_an_entity_that_grows_is_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE svg [<!ENTITY l0 "ha">{laughs}]><svg xmlns="http://www.w3.org/2000/svg"><text>&l11;</text></svg>'
    assert refused(bomb) == "picture_malformed"


def test_a_picture_keeps_what_was_baked_into_it() -> None:
    text = json.dumps(by(ED, badge()))
    plain = BytesIO()
    Image.new("RGB", (4, 4)).save(plain, "PNG")
    assert json.dumps(brought(bake_png(plain.getvalue(), text)).document) == text


def test_a_hundred_thousand_members_are_read_and_one_that_is_twice_among_them_found() -> None:
    names = [f'"m{number}": {number}' for number in range(100_000)]
    assert len(strict_json("{" + ",".join(names) + "}")) == 100_000
    assert refused("{" + ",".join([*names, '"m99999": 0']) + "}") == "named_twice"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"credential": 7}, "credential"),
        ({"credential": None}, "empty"),
        ({"address": 7}, "address"),
        ({"credential": {}, "documents": []}, "documents"),
        ({"credential": {}, "email": ["a@b"]}, "email"),
        ({"credential": {}, "email": ""}, "email"),
        ({"credential": {}, "email": "  "}, "email"),
        ([], "not_an_object"),
    ],
)
def test_a_request_that_asks_for_nothing_is_told_what_it_may_ask(body: object, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        unwrapped(json.dumps(body).encode())
    assert error.value.code == code


def test_a_body_is_the_credential_itself_or_an_object_that_has_it() -> None:
    document = by(ED, badge())
    for body in (document, {"credential": document}, {"credential": json.dumps(document)}):
        text = unwrapped(json.dumps(body).encode())["credential"]
        assert json.loads(text) == document
    asked = unwrapped(json.dumps({"address": "https://example.org/c", "email": "a@example.org"}).encode())
    assert (asked["credential"], asked["address"], asked["email"]) == (None, "https://example.org/c", "a@example.org")
