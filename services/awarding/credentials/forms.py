"""The forms in which a credential is handed out: JSON with its proof, a JWT, and pictures with it inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

Form = Literal["json", "jwt", "png", "svg"]
Algorithm = Literal["RS256", "EdDSA"]
FORMS: Final[Sequence[Form]] = get_args(Form)

MEDIA_TYPES: Final[Mapping[Form, str]] = {
    "json": "application/vc+ld+json",
    "jwt": "text/plain; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
}
"""As Open Badges 3.0 names them, section 6.2."""

ACCEPTED: Final[Mapping[str, tuple[Form, str]]] = {
    "application/vc+ld+json": ("json", "application/vc+ld+json"),
    "application/vc": ("json", "application/vc"),
    "application/ld+json": ("json", "application/ld+json"),
    "application/json": ("json", "application/json"),
    "application/vc+jwt": ("jwt", "application/vc+jwt"),
    "application/jwt": ("jwt", "application/jwt"),
    "text/plain": ("jwt", "text/plain; charset=utf-8"),
    "image/png": ("png", "image/png"),
    "image/svg+xml": ("svg", "image/svg+xml"),
}
_RANGES: Final[Mapping[str, str]] = {
    "*/*": "application/vc+ld+json",
    "application/*": "application/vc+ld+json",
    "text/*": "text/plain",
    "image/*": "image/png",
}


def accepted(accept: str | None, asked: Form | None = None) -> tuple[Form, str] | None:
    """The form and the media type to answer with: that which was `asked` for, or the best that the header Accept takes.

    None if it takes none of them.
    """
    if asked is not None:
        return asked, MEDIA_TYPES[asked]
    wanted: list[tuple[float, int, tuple[Form, str]]] = []
    for place, part in enumerate((accept or "*/*").lower().split(",")):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = _quality(parameters)
        found = ACCEPTED.get(_RANGES.get(name, name))
        if found is not None and quality > 0:
            wanted.append((-quality, place, found))
    return min(wanted)[2] if wanted else None


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        if found := re.fullmatch(r"q=([01](?:\.\d{0,3})?)", parameter):
            return float(found[1])
    return 1.0


def attachment(name: str, form: Form) -> str:
    """The header Content-Disposition; the name keeps what every file system takes."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "credential"
    return f'attachment; filename="{plain[:100]}.{form}"'
