"""Where people and wallets reach what is published."""

from __future__ import annotations

from dataclasses import dataclass

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
