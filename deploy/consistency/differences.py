"""What isn't as it must be, named."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """`kind` says between what; `subject` is the entry, achievement, award, credential, message or list that it is about.

    `learner` is the opaque id, None where it is about nobody.
    """

    kind: str
    learner: str | None
    subject: str
    found: str
    expected: str

    def __str__(self) -> str:
        whose = "" if self.learner is None else f" of {self.learner}"
        return f"{self.kind}: {self.subject}{whose}: there is {self.found}, there should be {self.expected}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
