"""Whether a credential was given to the person with an e-mail address, without the credential having to say the address."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.credentials.findings import Check, finding

KINDS: Final = ("emailAddress", "ext:emailAddress")
HASHED: Final = re.compile(r"sha256\$[0-9a-f]{64}")
UNSALTED: Final = frozenset({"", "not-used"})


def given_to(document: Mapping[str, Any], email: str) -> Check:
    """Compares with identity objects (Open Badges 3.0): in plain, or `sha256$` and the digest of the address and the salt."""
    identities = list(_addresses_in(document))
    if not identities:
        return finding("email.absent")
    typed = unicodedata.normalize("NFC", email.strip())
    found = any(_is_of(identity, form) for identity in identities for form in dict.fromkeys((typed, typed.lower())))
    return finding("email.matches" if found else "email.differs")


def _addresses_in(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    subject = document.get("credentialSubject")
    for one in subject if isinstance(subject, list) else [subject]:
        identifiers = one.get("identifier") if isinstance(one, dict) else None
        for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
            if isinstance(identifier, dict) and identifier.get("identityType") in KINDS and _is_comparable(identifier):
                yield identifier


def _is_comparable(identity: Mapping[str, Any]) -> bool:
    """Of an empty value, or one hashed in a way that is not known here, nobody can say that it is another's."""
    value, salt = identity.get("identityHash"), identity.get("salt", "")
    if not isinstance(value, str) or not isinstance(salt, str) or not value.strip():
        return False
    return not identity.get("hashed") or HASHED.fullmatch(value.lower()) is not None


def is_of(identity: Mapping[str, Any], said: str) -> bool:
    """Whether an identity object, of whatever kind, is of the value that somebody says: in plain, or hashed with its salt."""
    typed = unicodedata.normalize("NFC", said.strip())
    return _is_comparable(identity) and any(_is_of(identity, form) for form in dict.fromkeys((typed, typed.lower())) if form)


def _is_of(identity: Mapping[str, Any], address: str) -> bool:
    value, salt = str(identity["identityHash"]), str(identity.get("salt", ""))
    if not identity.get("hashed"):
        return value.strip().lower() == address.lower()
    salted = address + ("" if salt in UNSALTED else salt)
    return hmac.compare_digest(f"sha256${hashlib.sha256(salted.encode()).hexdigest()}".encode(), value.lower().encode())
