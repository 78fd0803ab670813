"""Signing many credentials alike: the same bytes as `shared.credentials.proofs.signed`, some ten times as fast.

Nearly all the time of a signature goes into reading JSON-LD. Credentials of one achievement differ in a few texts only,
so the canonical form is made once with those texts left open, and filled in for each. What may be left open is found out by
trying, and each template is compared with the slow way before it is relied on; whatever it isn't sure of goes the slow way.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from services.awarding.credentials.template_lines import Gap, NoTemplate, Sentinels, Template, head_of, lines_of
from services.awarding.credentials.template_shapes import NoShape, Shape, shape_of, with_texts
from shared.credentials.canonical import NotCanonical, UndefinedTerms, canonical
from shared.credentials.contexts import CONTEXTS, UnknownContext
from shared.credentials.keys import ED25519, SigningKey
from shared.credentials.proofs import hash_data, proof_options, proof_value, signed

SHAPES: Final = 1_000
"""How many are remembered; one takes some tens of kilobytes."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Recent(Generic[K, V]):
    """The most recently used of what was put in; for any number of threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def __len__(self) -> int:
        return len(self._values)

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)


class _Plan:
    """Which texts of a shape stay in the template, and which of the free ones are IRIs, as far as was found out."""

    def __init__(self, fixed: Iterable[int], iris: Iterable[int]) -> None:
        self.fixed = tuple(sorted(fixed))
        self.iris = tuple(sorted(set(iris) - set(self.fixed)))

    def key(self, texts: Sequence[str]) -> tuple[object, ...] | None:
        """What documents must have in common to have the same template; None where an IRI is none."""
        heads = tuple(head_of(texts[number]) for number in self.iris)
        return None if None in heads else (self, heads, *(texts[number] for number in self.fixed))


class Templates:
    """The canonical forms of documents of the shapes met lately; for any number of threads.

    `filled` and `slow` count the documents that went each way.
    """

    def __init__(self, shapes: int = SHAPES) -> None:
        self._plans: _Recent[Shape, _Plan | _Slow] = _Recent(shapes)
        self._templates: _Recent[tuple[object, ...], Template] = _Recent(shapes)
        self.filled = 0
        self.slow = 0

    @property
    def shapes(self) -> int:
        return len(self._plans)

    def canonical(self, document: Mapping[str, Any]) -> str:
        """What `shared.credentials.canonical.canonical` gives; raises what it raises."""
        text = self._filled(document)
        if text is None:
            self.slow += 1
            return canonical(document)
        self.filled += 1
        return text

    def _filled(self, document: Mapping[str, Any]) -> str | None:
        try:
            shape, texts = shape_of(document)
        except (NoShape, RecursionError):
            return None
        plan = self._plans.get(shape)
        if plan is SLOW:
            return None
        template = None
        if isinstance(plan, _Plan):
            key = plan.key(texts)
            if key is None:
                return None
            template = self._templates.get(key)
        try:
            text = (template or self._made(document, shape, texts)).canonical(texts)
            if text is not None:
                text.encode()
            return text
        except (UndefinedTerms, NotCanonical, UnknownContext, UnicodeEncodeError, NoTemplate):
            return None

    def _made(self, document: Mapping[str, Any], shape: Shape, texts: list[str]) -> Template:
        """A template that gives what the slow way gives for this document and for its sentinels."""
        expected = canonical(document)
        known = self._plans.get(shape)
        plan = known if isinstance(known, _Plan) else _Plan((), ())
        try:
            template, found = _template(document, texts, plan)
            if template.canonical(texts) not in (expected, None):
                raise NoTemplate
        except (UndefinedTerms, NotCanonical, NoTemplate):
            self._plans.put(shape, SLOW)
            raise
        if (found.fixed, found.iris) != (plan.fixed, plan.iris) or known is None:
            self._plans.put(shape, found)
            plan = found
        key = plan.key(texts)
        if key is None:
            raise NoTemplate
        self._templates.put(key, template)
        return template


def _template(document: Mapping[str, Any], texts: list[str], plan: _Plan) -> tuple[Template, _Plan]:
    """Tries with every text free that the plan leaves free, and again without those that can't be."""
    fixed = set(plan.fixed)
    if any(":" in term for term in _terms(document)):
        # A whole IRI could be a term, and mean something else.
        fixed.update(number for number, text in enumerate(texts) if head_of(text))
    while True:
        sentinels = Sentinels(texts, fixed)
        try:
            tried = canonical(with_texts(dict(document), iter(sentinels.texts)))
        except (UndefinedTerms, NotCanonical) as error:
            # A word that had to be a certain one, or an IRI whose beginning was none.
            refused = set(sentinels.numbers_in(str(error)))
            if not refused:
                raise
            fixed |= refused
            continue
        lines, spoiled = lines_of(tried, sentinels)
        gaps = [term for line in lines for term in line if isinstance(term, Gap)]
        iris = {gap.number for gap in gaps if not gap.literal}
        free = {gap.number for gap in gaps}
        # What was read as an IRI before and isn't now (or the other way round) depends on the texts that stay.
        moved = (set(plan.iris) ^ iris) & free if plan.iris or plan.fixed else set()
        more = (set(range(len(texts))) - fixed - free) | spoiled | moved
        if not more - fixed:
            break
        fixed |= more
    template = Template(lines, len(texts))
    if template.canonical(sentinels.texts) != tried:
        raise NoTemplate
    return template, _Plan(fixed, iris)


def _terms(value: object, in_context: bool = False) -> Iterator[str]:
    """All names in all contexts of a document."""
    if isinstance(value, str):
        if in_context and value in CONTEXTS:
            yield from _terms(CONTEXTS[value].document, in_context=True)
    elif isinstance(value, Mapping):
        for name, member in value.items():
            if in_context:
                yield name
            yield from _terms(member, in_context or name == "@context")
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from _terms(member, in_context)


class _Slow:
    """Stands for a shape that has no template."""


SLOW: Final = _Slow()


class Signer:
    """Signs as `shared.credentials.proofs.signed` does, byte for byte; for any number of threads."""

    def __init__(self, shapes: int = SHAPES) -> None:
        self.documents = Templates(shapes)
        self.options = Templates(shapes)

    def signed(self, document: Mapping[str, Any], key: SigningKey, verification_method: str, created: datetime) -> dict[str, Any]:
        """The document with a proof of this Ed25519 key. Raises NotSupported, UndefinedTerms, UnknownContext, NotCanonical."""
        if key.algorithm != ED25519:
            return signed(document, key, verification_method, created)
        bare = {name: value for name, value in document.items() if name != "proof"}
        options = proof_options(verification_method, created, bare.get("@context"))
        data = hash_data(self.documents.canonical(bare), self.options.canonical(options))
        members = {name: value for name, value in options.items() if name != "@context"}
        return {**bare, "proof": [{**members, "proofValue": proof_value(key, data)}]}
