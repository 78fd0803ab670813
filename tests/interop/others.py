"""Other implementations of verifiable credentials, asked whether ours are good."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from shared.credentials.contexts import CONTEXTS

SCRIPT: Final = Path(__file__).parent / "verify.mjs"
WITHIN: Final = 120
"""Seconds for all that is asked at once."""


@dataclass(frozen=True)
class Answer:
    """`status` has the purpose of each status entry and whether its bit is set; `parts` the answers about a CLR's credentials."""

    verified: bool
    error: str | None
    status: tuple[tuple[str, bool], ...]
    parts: tuple[Answer, ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Answer:
        status = tuple((each["purpose"], each["set"]) for each in answer["status"])
        return cls(answer["verified"], answer["error"], status, tuple(cls.of(part) for part in answer["parts"]))


class Others:
    """Digital Bazaar's libraries for embedded proofs and status lists, `jose` for tokens. `folder` has their packages."""

    def __init__(self, folder: Path) -> None:
        # Node finds packages from where the script is; one per content, so that two runs of the tests don't disturb each other.
        content = SCRIPT.read_bytes()
        self._script = folder / f"verify-{hashlib.sha256(content).hexdigest()[:16]}.mjs"
        if not self._script.exists():
            with NamedTemporaryFile(dir=folder, delete=False) as fresh:
                fresh.write(content)
            Path(fresh.name).rename(self._script)

    def verify(
        self, credential: Mapping[str, Any] | str, documents: Mapping[str, Mapping[str, Any]], now: str | None = None
    ) -> Answer:
        """What they say of a credential, or of a token; `documents` are DID documents and status lists by their addresses."""
        (answer,) = self.verify_all([credential], documents, now)
        return answer

    def verify_all(
        self,
        credentials: Sequence[Mapping[str, Any] | str],
        documents: Mapping[str, Mapping[str, Any]],
        now: str | None = None,
    ) -> list[Answer]:
        known = {url: context.document for url, context in CONTEXTS.items()} | dict(documents)
        kinds = ["token" if isinstance(credential, str) else "credential" for credential in credentials]
        jobs = [{kind: credential, "documents": known, "now": now} for kind, credential in zip(kinds, credentials, strict=True)]
        command = ["node", str(self._script)]
        text = json.dumps(jobs)
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=WITHIN, check=False)
        assert done.returncode == 0, done.stderr
        return [Answer.of(answer) for answer in json.loads(done.stdout)]
