"""Multibase text of the two kinds credentials use: `z` is base58btc (keys, signatures), `u` base64url without padding (lists)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
DIGITS: Final = {character: value for value, character in enumerate(ALPHABET)}
LONGEST_BASE58: Final = 1_024
"""Characters: base58 takes quadratic time, and the longest key or signature has some hundred."""
BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


class NotMultibase(ValueError):
    """The text is not multibase of a kind that credentials use."""


def base58(data: bytes) -> str:
    """`z` and the base58btc digits; leading zero bytes become leading ones."""
    number = int.from_bytes(data, "big")
    digits: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + ALPHABET[0] * zeros + "".join(reversed(digits))


def base64url(data: bytes) -> str:
    """`u` and base64url without padding."""
    return "u" + base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of multibase text; raises NotMultibase."""
    if text.startswith("z"):
        return _from_base58(text[1:])
    if text.startswith("u"):
        return _from_base64url(text[1:])
    raise NotMultibase("multibase text begins with z (base58btc) or u (base64url)")


def _from_base58(text: str) -> bytes:
    if len(text) > LONGEST_BASE58:
        raise NotMultibase(f"base58 text has {LONGEST_BASE58} characters at most, this one {len(text)}")
    number = 0
    for character in text:
        digit = DIGITS.get(character)
        if digit is None:
            raise NotMultibase(f"{character!r} is no base58 digit")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip(ALPHABET[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _from_base64url(text: str) -> bytes:
    if not BASE64URL.fullmatch(text):
        raise NotMultibase("base64url text has letters, digits, - and _ only, and no padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as problem:
        raise NotMultibase(f"the base64url text is cut off: {problem}") from None
    if base64url(data) != "u" + text:
        raise NotMultibase("the base64url text has bits beyond its last byte")
    return data
