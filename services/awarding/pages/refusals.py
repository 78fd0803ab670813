"""Why there is nothing to check, in words for people; by the codes of `shared.credentials.reading.Unreadable`."""

from __future__ import annotations

from typing import Final


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


WHY: Final = {
    "a_page": _("It is a web page. Bring the credential itself: pages have it as a download or a link."),
    "address": _("No credential could be read from this address."),
    "busy": _("Too many credentials are being checked at the moment; please try again."),
    "email": _("What stands in the field for the e-mail address is none. Type one as name@place, or leave the field empty."),
    "empty": _("Choose a file, paste a text, or give an address."),
    "named_twice": _("It says something twice, so it could be read in two ways."),
    "not_a_credential": _("Bring the credential as JSON, JWT, PNG or SVG; other files cannot hold one."),
    "not_a_token": _("It looks like a JWT, but it is not whole."),
    "not_an_object": _("It is JSON, but no credential."),
    "not_json": _("It is neither JSON nor a JWT, and no picture with either in it."),
    "not_text": _("It is neither a PNG or SVG picture nor text in UTF-8."),
    "not_unicode": _("A text in it has half of a character."),
    "nothing_baked": _("The picture has no Open Badges 3.0 credential in it."),
    "number": _("A number in it is larger or finer than other programs could read."),
    "picture_malformed": _("The picture is damaged, so it cannot be read."),
    "too_costly": _("Reading it took too long, so it was given up."),
    "too_deep": _("Its parts lie within each other deeper than in any real credential."),
    "too_large": _("It is too large: a picture may have 8 MB, JSON or a JWT 2 MB."),
}
