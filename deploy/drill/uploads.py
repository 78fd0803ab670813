"""Files brought to services in forms: larger than what is kept in memory, so that they are spooled on disk."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from deploy.drill.doors import Visitor
from deploy.local.platform import Platform

SIZE: Final = 1_500_000
EVERY: Final = 1.5
SOURCE: Final = "drill-proofs"
DOCUMENT: Final[dict[str, Any]] = {
    "name": "Credentials brought in a drill",
    "owner": "The drill",
    "format": "proofs",
    "may_publish": ["urn:drill:proof:*"],
    "options": {"trusts": [{"id": "did:web:stone.example", "name": "Stone", "achievements": ["https://stone.example/*"]}]},
}


@dataclass
class Uploads:
    """Pictures without a credential in them, to be checked by awarding and to be taken as proofs by assessment: both say 422,
    whatever befalls them, or that one may come again. `refused` counts that.
    """

    platform: Platform
    visitor: Visitor
    random: Random
    refused: Counter[str] = field(default_factory=Counter)

    async def register(self) -> None:
        staff = {"authorization": f"Bearer {self.platform.keys.token('sources:write')}"}
        source = f"{self.platform['assessment'].url}/sources/{SOURCE}"
        answer = await self.visitor.asked("PUT", source, json=DOCUMENT, headers=staff)
        if not answer.is_success:
            raise ValueError(f"{answer.status_code} {answer.text}")

    async def send(self) -> None:
        """As long as it runs."""
        learner = {"authorization": f"Bearer {self.platform.keys.token(learner='drill-uploader')}"}
        while True:
            await self._bring("awarding", "/checks", {})
            await self._bring("assessment", f"/sources/{SOURCE}/proofs", learner)
            await asyncio.sleep(EVERY)

    async def _bring(self, service: str, path: str, headers: dict[str, str]) -> None:
        picture = b"\x89PNG\r\n\x1a\n" + self.random.randbytes(SIZE)
        file = {"credential": ("picture.png", picture, "image/png")}
        answer = await self.visitor.asked("POST", self.platform[service].url + path, files=file, headers=headers)
        self.refused[service] += 1
        if answer.status_code != 422:
            self.visitor.mistakes.append(f"POST {path}: {answer.status_code} {answer.text[:300]}")
