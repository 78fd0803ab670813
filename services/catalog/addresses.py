"""Where people and wallets reach what is published."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """`catalog` and `awarding` are the services' outside addresses, without a slash at the end."""

    catalog: str
    awarding: str

    @classmethod
    def of(cls, settings: Settings) -> Addresses:
        return cls(settings.catalog_url, settings.awarding_url)

    def microcredential(self, id_: str, version: int | None = None) -> str:
        """The page of a definition or of a stack's level; with a version, what credentials call the achievement by."""
        page = f"{self.catalog}/microcredentials/{id_}"
        return page if version is None else f"{page}/versions/{version}"

    def picture(self, id_: str, version: int) -> str:
        """The picture of an achievement, which awarding draws."""
        return f"{self.awarding}/pictures/{id_}/{version}.svg"

    def did(self, issuer: str) -> str:
        """Who an issuer is to wallets. Source: https://w3c-ccg.github.io/did-method-web/"""
        place = urlsplit(self.awarding)
        path = [quote(step, safe="") for step in place.path.split("/") if step]
        return ":".join(["did:web", quote(place.netloc.lower(), safe=""), *path, "issuers", issuer])
