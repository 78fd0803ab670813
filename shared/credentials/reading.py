"""From what somebody brings (JSON, a token, a picture with either baked in) to the credential in it.

Strict where leniency could hide something: a member named twice, numbers that no other reader would understand the same way,
and text that is no Unicode are refused, not guessed at.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.credentials import baking

Source = Literal["json", "jwt", "png", "svg"]

MOST_TEXT: Final = 2_000_000
"""Bytes of a credential as JSON or token."""

MOST_PICTURE: Final = 8_000_000
DEEPEST: Final = 64
"""Levels of objects and arrays within each other; real credentials have some ten."""

LARGEST_NUMBER: Final = 2**63
PNG: Final = b"\x89PNG\r\n\x1a\n"
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
ADDRESS: Final = re.compile(r"https?://\S+")
ENVELOPE: Final = re.compile(r"data:application/(vc\+jwt|jwt|vc\+ld\+json\+jwt),(.*)", re.DOTALL)


WORDS: Final[Mapping[type, str]] = {dict: "an object", str: "a text"}


class Unreadable(ValueError):
    """There is no credential in it that could be checked. `code` is stable; the text says what is wrong."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code = code
        self.says = says


@dataclass(frozen=True, slots=True)
class Brought:
    """`document` is the credential, without the token's own claims; `token` the compact JWT it came as, `claims` its payload."""

    document: dict[str, Any]
    source: Source
    token: str | None = None
    header: Mapping[str, Any] | None = None
    claims: Mapping[str, Any] | None = None


def brought(data: bytes) -> Brought:
    """What the bytes are is seen by looking at them, not by what they are said to be. Raises Unreadable."""
    picture = data.startswith(PNG) or (data[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<")
    limit = MOST_PICTURE if picture else MOST_TEXT
    if len(data) > limit:
        raise Unreadable("too_large", f"It has more than {limit // 1_000_000} million bytes.")
    if picture:
        source: Source = "png" if data.startswith(PNG) else "svg"
        return _of_text(_baked(data), source)
    if data[:2] in (b"\xff\xd8", b"GI", b"RI", b"BM", b"%P", b"PK"):
        raise Unreadable("not_a_credential", "Bring the credential as JSON, JWT, PNG or SVG; other files cannot hold one.")
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Unreadable("not_text", "It is neither a PNG or SVG picture nor text in UTF-8.") from error
    return _of_text(text, None)


def address_in(data: bytes) -> str | None:
    """The address, if that is all that the text has."""
    if len(data) > 2_000 or not ADDRESS.fullmatch(text := data.decode("utf-8", "replace").strip()):
        return None
    return text


def unwrapped(data: bytes) -> dict[str, Any]:
    """Of a JSON body {credential or address, documents, email}: `credential` as text, the others as they are; None if missing.

    A body that is a credential itself is taken for one. Raises Unreadable.
    """
    if len(data) > 2 * MOST_TEXT:
        raise Unreadable("too_large", f"It has more than {2 * MOST_TEXT // 1_000_000} million bytes.")
    try:
        found = strict_json(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable("not_text", "It is not text in UTF-8.") from error
    if isinstance(found, str):
        found = {"credential": found}
    if not isinstance(found, dict):
        raise Unreadable("not_an_object", "Send an object with `credential` or `address`, or the credential itself.")
    if not found.keys() & {"credential", "address"}:
        found = {"credential": found}
    for member, kinds in (("credential", (dict, str)), ("address", (str,)), ("documents", (dict,)), ("email", (str,))):
        if not isinstance(found.get(member), (*kinds, type(None))):
            raise Unreadable(member, f"`{member}` should be {' or '.join(WORDS[kind] for kind in kinds)}.")
    if isinstance(email := found.get("email"), str) and not email.strip():
        raise Unreadable("email", "`email` should be an e-mail address, like ada@example.org, or be left out.")
    credential = found.get("credential")
    if isinstance(credential, dict):
        credential = json.dumps(credential, ensure_ascii=False)
    if credential is None and not found.get("address"):
        raise Unreadable("empty", "Send an object with `credential` or `address`, or the credential itself.")
    return {"credential": credential, **{member: found.get(member) for member in ("address", "documents", "email")}}


def _of_text(text: str, source: Source | None) -> Brought:
    if TOKEN.fullmatch(text):
        return _of_token(text, source or "jwt")
    found = strict_json(text)
    if isinstance(found, str) and TOKEN.fullmatch(found.strip()):
        return _of_token(found.strip(), source or "jwt")
    if not isinstance(found, dict):
        raise Unreadable("not_an_object", "A credential is one JSON object, or a compact JWT.")
    return _of_object(found, source or "json")


def _of_object(found: dict[str, Any], source: Source) -> Brought:
    """Also out of what it may be wrapped in: an envelope, or a presentation of one credential."""
    match found:
        case {"type": "EnvelopedVerifiableCredential" | ["EnvelopedVerifiableCredential"], "id": str(id_)}:
            if envelope := ENVELOPE.fullmatch(id_):
                return _of_text(envelope[2], source)
            raise Unreadable("not_a_credential", "The envelope holds no JWT.")
        case {"verifiableCredential": [dict(only)] | dict(only), "type": types} if _is_presentation(types):
            return _of_object(only, source)
        case {"verifiableCredential": [str(only)] | str(only), "type": types} if _is_presentation(types):
            return _of_text(only.strip(), source)
    return Brought(found, source)


def _is_presentation(types: object) -> bool:
    return types == "VerifiablePresentation" or (isinstance(types, list) and "VerifiablePresentation" in types)


def _of_token(token: str, source: Source) -> Brought:
    header, claims = (_segment(part) for part in token.split(".")[:2])
    within = claims.get("vc")
    if isinstance(within, dict):
        return Brought(_of_first_edition(within, claims), source, token, header, claims)
    registered = {"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}
    return Brought({k: v for k, v in claims.items() if k not in registered}, source, token, header, claims)


def _of_first_edition(within: dict[str, Any], claims: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens of the data model's first edition hold the credential in `vc` and may say some members as claims only."""
    return {
        **({"issuer": claims["iss"]} if "iss" in claims else {}),
        **({"id": claims["jti"]} if "jti" in claims else {}),
        **within,
    }


def _segment(part: str) -> dict[str, Any]:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        found = strict_json(raw.decode())
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Unreadable("not_a_token", "It looks like a JWT, but its parts are not base64url of JSON.") from error
    if not isinstance(found, dict):
        raise Unreadable("not_a_token", "It looks like a JWT, but its parts are not JSON objects.")
    return found


def _baked(data: bytes) -> str:
    if re.match(rb"[\s\xef\xbb\xbf]*<(!doctype html|html)", data[:1_000], re.IGNORECASE):
        raise Unreadable("a_page", "It is a web page. Bring the credential itself: pages have it as a download or a link.")
    try:
        return baking.unbaked(data).strip()
    except baking.NothingBaked as error:
        raise Unreadable("nothing_baked", "The picture has no Open Badges 3.0 credential in it.") from error
    except baking.Malformed as error:
        raise Unreadable("picture_malformed", f"The picture cannot be read: {error}.") from error


def strict_json(text: str) -> Any:
    """The JSON value. Raises Unreadable."""
    try:
        found = json.loads(text, object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_constant)
    except RecursionError as error:
        raise _too_deep() from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unreadable("not_json", f"It is not JSON ({where}), not a compact JWT, and no picture with either in it.") from error
    _look_through(found)
    return found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise Unreadable("named_twice", f"An object has the member {twice[:60]!r} twice, so it could be read in two ways.")
    return found


def _integer(text: str) -> int:
    if len(text) > 20 or abs(number := int(text)) >= LARGEST_NUMBER:
        raise Unreadable("number", f"The number {text[:20]}… has more digits than other readers of JSON keep.")
    return number


def _float(text: str) -> float:
    number = float(text)
    if len(text) > 400 or number in (float("inf"), float("-inf")):
        raise Unreadable("number", f"The number {text[:20]}… is larger than other readers of JSON keep.")
    return number


def _constant(text: str) -> float:
    raise Unreadable("number", f"{text} is no number in JSON.")


def _look_through(found: Any) -> None:
    """Nothing deeper than DEEPEST, and nothing that is not Unicode."""
    level, depth = [found], 0
    while level:
        if depth > DEEPEST:
            raise _too_deep()
        depth += 1
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.values()
                below += value.keys()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str) and not _is_unicode(value):
                raise Unreadable("not_unicode", "A text in it has half of a surrogate pair, which is no character.")
        level = below


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _too_deep() -> Unreadable:
    return Unreadable("too_deep", f"Its objects and arrays lie within each other more than {DEEPEST} levels deep.")
