"""What a partner's EndorsementCredential says, and about what."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from shared.events.catalog import Endorsement

LONGEST: Final = 40_000
"""Characters of one credential."""

MOST: Final = 12
"""Endorsements of one version: a version is announced with all of them in one message."""

COMMENT: Final = 2_000
"""Characters of the comment that are shown beside it; the credential has it whole."""


class NotAbout(ValueError):
    """It endorses something else, or isn't an endorsement. The text says what would be right."""


def endorsement_of(text: str, credential: Mapping[str, Any], about: str, address: str) -> Endorsement:
    """A credential that was found good, as it is kept.

    `about` is the id of what it is to endorse, `address` what its subject must be. Raises NotAbout.
    """
    if "EndorsementCredential" not in _several(credential.get("type")):
        raise NotAbout("type: this is no EndorsementCredential")
    subjects = [subject for subject in _several(credential.get("credentialSubject")) if isinstance(subject, Mapping)]
    if len(subjects) != 1:
        raise NotAbout("credentialSubject: an endorsement has one subject")
    [subject] = subjects
    if "EndorsementSubject" not in _several(subject.get("type")):
        raise NotAbout("credentialSubject.type: the subject of an endorsement is an EndorsementSubject")
    if subject.get("id") != address:
        raise NotAbout(
            f"credentialSubject.id: it endorses {str(subject.get('id'))[:300]}; to endorse this version it must say {address}"
        )
    issuer = credential.get("issuer")
    by = issuer if isinstance(issuer, str) else issuer.get("id") if isinstance(issuer, Mapping) else None
    if not isinstance(by, str):
        raise NotAbout("issuer: it doesn't say who endorses")
    named = issuer.get("name") if isinstance(issuer, Mapping) else None
    until = credential.get("validUntil")
    comment = subject.get("endorsementComment")
    return Endorsement(
        digest=sha256(text.encode()).hexdigest(),
        by=by,
        name=(named if isinstance(named, str) and named.strip() else by)[:300],
        comment=comment[:COMMENT] if isinstance(comment, str) else None,
        valid_until=datetime.fromisoformat(until) if isinstance(until, str) else None,
        credential=text,
        about=about,
    )


def same_credential(one: Endorsement, other: Endorsement) -> bool:
    """Whether they are editions of one credential: the same id, by the same endorser, about the same."""
    return (one.by, one.about, id_of(one)) == (other.by, other.about, id_of(other))


def id_of(endorsement: Endorsement) -> str:
    """The credential's own id."""
    text = endorsement.credential
    if not text.startswith("{"):
        payload = text.split(".")[1]
        text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    said = orjson.loads(text)
    return str(said.get("id") or said.get("jti") or "")


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else () if value is None else (value,)
