"""Where strangers find what credentials name: identity documents, status lists, pictures, pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote, urlsplit

from shared.settings import Settings

INSTITUTION: Final = "institution"
"""The unit that stands for the institution as a whole; it issues the records of learners."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Made of the outside addresses of the two services, without a slash at the end."""

    awarding: str
    catalog: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.awarding_url, settings.catalog_url)

    def did(self, unit: str) -> str:
        """The issuing unit as a did:web: `did:web:<host>[%3A<port>][:<path>]:issuers:<unit>`.

        Source: https://w3c-ccg.github.io/did-method-web/
        """
        place = urlsplit(self.awarding)
        path = [quote(step, safe="") for step in place.path.split("/") if step]
        return ":".join(["did:web", quote(place.netloc.lower(), safe=""), *path, "issuers", unit])

    def key(self, unit: str, kid: str) -> str:
        """The verification method of a unit's key."""
        return f"{self.did(unit)}#{kid}"

    def unit(self, unit: str) -> str:
        return f"{self.awarding}/issuers/{unit}"

    def did_document(self, unit: str) -> str:
        return f"{self.unit(unit)}/did.json"

    def status_list(self, unit: str, list_: str) -> str:
        return f"{self.unit(unit)}/status/{list_}"

    def achievement(self, achievement: str, version: int) -> str:
        """The catalog's page of a version; also the achievement's id in credentials."""
        return f"{self.catalog}/microcredentials/{achievement}/versions/{version}"

    def picture(self, achievement: str, version: int) -> str:
        return f"{self.awarding}/pictures/{achievement}/{version}.svg"
