"""Requirements as people read them on a page: sentences whose names lead to what they name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from shared.events.reviews import review_of
from shared.requirements.model import Requirement
from shared.requirements.sentences import Kind, Names, label
from shared.requirements.tree import parts_of

_OPEN, _BETWEEN, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARKED: Final = re.compile(f"{_OPEN}([^{_BETWEEN}]*){_BETWEEN}([^{_BETWEEN}]*){_BETWEEN}([^{_CLOSE}]*){_CLOSE}")
_MARKS: Final = str.maketrans("", "", _OPEN + _BETWEEN + _CLOSE)


def review_anchor(achievement: str, review: str) -> str:
    """Where the page of a definition tells how it is assessed."""
    return f"review-{achievement}-{review}"


Address = Callable[[str], str | None]
"""Where an achievement, a stack or a level is shown, by its id; None if nowhere."""


@dataclass(frozen=True, slots=True)
class Node:
    """What `parts/tree.html` draws: one node of a requirement and the nodes beneath. Nobody is measured by it here."""

    says: Markup
    of: tuple[Node, ...] = ()
    mark: None = None
    value: None = None
    note: None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads requirements aloud in one language, with links."""

    names: Names
    address: Address
    language: str

    def tree(self, requirement: Requirement) -> Node:
        parts = tuple(self.tree(part) for _, part in parts_of(requirement))
        return Node(self._linked(label(requirement, self._marked, self.language)), parts)

    def name(self, kind: Kind, id_: str) -> Markup:
        """One name by itself, with its link."""
        return self._linked(self._marked(kind, id_))

    def assessed_by(self, name: str) -> Markup:
        """What assesses a learning outcome: an achievement, a stack, or else an activity."""
        if self.address(name) is None:
            return self.name("activity", name)
        kind: Kind = "achievement" if self.names("achievement", name) != name else "stack"
        return self.name(kind, name)

    def _marked(self, kind: Kind, id_: str) -> str:
        """The name, between marks that no text has and that survive whatever a sentence does with it."""
        name = self.names(kind, id_).translate(_MARKS)
        return f"{_OPEN}{kind}{_BETWEEN}{id_.translate(_MARKS)}{_BETWEEN}{name}{_CLOSE}"

    def _linked(self, text: str) -> Markup:
        # Everything in it is escaped by now; what is added are links and marks of our own.
        return Markup(_MARKED.sub(self._link, str(escape(text))))

    def _link(self, found: re.Match[str]) -> str:
        kind, id_, name = found.groups()
        if kind == "activity" and (review := review_of(str(Markup(id_).unescape()))) is not None:
            return f'<a href="#{escape(review_anchor(*review))}">{name}</a>'
        if kind == "activity":
            return f'<span class="activity">{name}</span>'
        address = self.address(str(Markup(id_).unescape())) if kind in ("achievement", "stack", "level") else None
        return name if address is None else f'<a href="{escape(address)}">{name}</a>'
