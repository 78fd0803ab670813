"""The canonical form that `…-rdfc-…` proofs sign: JSON-LD to RDF by PyLD, blank nodes named by RDFC-1.0, as N-Quads.

JSON-LD leaves out what it can't turn into RDF: words no context defines, relative addresses, `@index`. A signature
would not cover them and somebody could change them unseen, so here each of them is an error.
https://www.w3.org/TR/rdf-canon/, https://www.w3.org/TR/json-ld11-api/
"""

from __future__ import annotations

import copy
import math
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pyld import jsonld  # type: ignore[import-untyped]
from pyld.canon import URDNA2015  # type: ignore[import-untyped]

from shared.credentials.contexts import CONTEXTS, UnknownContext

N_QUADS: Final = "application/n-quads"
LANG_STRING: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
STRING: Final = "http://www.w3.org/2001/XMLSchema#string"

IRI: Final = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\]*')
LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
NOWHERE: Final = "undefined://nowhere/"
"""What relative addresses are resolved against, to be recognised; PyLD's own default is a real address."""
DIRECTION: Final = "i18n-datatype"
"""How a text's `@direction` gets into RDF. Data Integrity leaves it open; Digital Bazaar's libraries do it so, others drop it."""
KEPT_CONTEXTS: Final = 200
"""Inline contexts that a thread keeps parsed; strangers' documents can bring any number."""
MOST_VALUES: Final = 20_000
MOST_COMPARISONS: Final = 2_000_000
"""Of a document's values, and of each list's elements with each other: PyLD compares them to leave out what is there twice."""
MOST_CONTEXTS: Final = 10
MOST_KINDS_OF_CONTEXTS: Final = 50
"""Of one `@context`, and of different `@context`s in a document: parsing one takes milliseconds."""
MOST_NAMING_WORK: Final = 10_000
"""Identifiers handled while telling blank nodes apart that look alike. A graph can be made so that this never ends."""

ESCAPES: Final = {code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)} | {
    ord(plain): escaped
    for plain, escaped in {
        "\b": "\\b",
        "\t": "\\t",
        "\n": "\\n",
        "\f": "\\f",
        "\r": "\\r",
        '"': '\\"',
        "\\": "\\\\",
    }.items()
}
"""How canonical N-Quads write characters of literals (RDFC-1.0, section 5); PyLD does so with five of them only."""


class UndefinedTerms(ValueError):
    """A signature would not cover these members or types, because no context says what they mean."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"No context defines {', '.join(names)}, so a signature would not cover it")
        self.names = names


class NotCanonical(ValueError):
    """The document has no canonical form; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def canonical(document: Mapping[str, Any], documents: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """The document's canonical N-Quads, each line ended by a newline, sorted.

    It may name the pinned contexts and, beside them, those in `documents` (address to JSON-LD document), and have inline ones.
    Raises UndefinedTerms, UnknownContext and NotCanonical. Never touches the network; may be called from any thread.
    """
    processor = _Processor()
    loader = _Loader(documents or {})
    cache = {} if documents else _kept()
    resolver = jsonld.ContextResolver(cache, loader)
    options = {"base": NOWHERE, "documentLoader": loader, "contextResolver": resolver, "rdfDirection": DIRECTION}
    try:
        _refuse_endless(document)
        text = _Naming().named(processor.to_rdf(dict(document), options))
        text.encode()
        return text
    except (UndefinedTerms, NotCanonical):
        raise
    except RecursionError:
        raise NotCanonical("The document is nested too deeply") from None
    except (jsonld.JsonLdError, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as problem:
        raise _explained(problem) from None


def _refuse_endless(document: Mapping[str, Any]) -> None:
    values = comparisons = 0
    kinds: set[str] = set()
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        values += 1
        if isinstance(value, list):
            comparisons += len(value) ** 2
            waiting.extend(value)
        elif isinstance(value, Mapping):
            contexts = value.get("@context")
            if isinstance(contexts, list) and len(contexts) > MOST_CONTEXTS:
                raise NotCanonical(f"The document names {len(contexts)} contexts at once; {MOST_CONTEXTS} are the most")
            kinds.add(repr(contexts))
            waiting.extend(value.values())
        if values + len(waiting) > MOST_VALUES or comparisons > MOST_COMPARISONS:
            raise NotCanonical(f"The document is too large: more than {MOST_VALUES} values, or lists with too many elements")
        if len(kinds) > MOST_KINDS_OF_CONTEXTS:
            raise NotCanonical(f"The document has more than {MOST_KINDS_OF_CONTEXTS} different contexts")


class _Kept(threading.local):
    """Each thread's parsed contexts: PyLD's cache of them is not made for several threads at once."""

    def __init__(self) -> None:
        self.contexts: dict[str, Any] = {}


KEPT: Final = _Kept()


def _kept() -> dict[str, Any]:
    if len(KEPT.contexts) > KEPT_CONTEXTS:
        KEPT.contexts = {}
    return KEPT.contexts


class _Loader:
    """What PyLD asks for a context's document."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._documents = documents

    def __call__(self, url: str, options: Mapping[str, Any]) -> dict[str, Any]:
        document = CONTEXTS[url].document if url in CONTEXTS else self._documents.get(url)
        if document is None:
            raise UnknownContext(url)
        # PyLD changes what it is given, and keeps what is tagged static.
        mine = copy.deepcopy(dict(document))
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": mine, "tag": "static"}


class _Processor(jsonld.JsonLdProcessor):  # type: ignore[misc]
    """PyLD's processor, which says what it leaves out."""

    def __init__(self) -> None:
        self._dropped: set[str] = set()
        super().__init__(on_property_dropped=self._drop)

    def _drop(self, name: str | None) -> None:
        self._dropped.add("a member that a context sets to null" if name is None else name)

    def expand(self, input_: Any, options: Any) -> Any:
        expanded = super().expand(input_, options)
        names = self._dropped | set(_uncovered(expanded))
        if names:
            raise UndefinedTerms(tuple(sorted(names)))
        return expanded


def _uncovered(value: Any) -> Iterator[str]:
    """The names in an expanded document that don't reach RDF. Raises NotCanonical for what N-Quads can't write."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            if "@value" in value:
                yield from _uncovered_literal(value)
            else:
                yield from _uncovered_node(value)
                waiting.extend(member for key, member in value.items() if key not in ("@id", "@type", "@index"))


def _uncovered_node(node: Mapping[str, Any]) -> Iterator[str]:
    if "@index" in node:
        yield "@index"
    for name in node.get("@type", ()):
        if not _is_resource(name):
            yield str(name).removeprefix(NOWHERE)
    identifier = node.get("@id", "_:")
    if not _is_resource(identifier):
        shown = str(identifier).removeprefix(NOWHERE)
        raise NotCanonical(f"{shown!r} is not an absolute IRI, so a signature would not cover it")
    for name in node:
        if not name.startswith("@") and (name.startswith("_:") or not _is_resource(name)):
            yield name.removeprefix(NOWHERE)


def _uncovered_literal(literal: Mapping[str, Any]) -> Iterator[str]:
    if "@index" in literal:
        yield "@index"
    value, language, datatype = literal["@value"], literal.get("@language"), literal.get("@type")
    if language is not None and not LANGUAGE.fullmatch(language):
        raise NotCanonical(f"{language!r} is not a language tag (BCP 47)")
    if datatype is not None and datatype != "@json" and not IRI.fullmatch(datatype):
        raise NotCanonical(f"{datatype!r} is not the IRI of a datatype")
    if isinstance(value, float) and not math.isfinite(value):
        raise NotCanonical("a number that is not finite is no JSON")


def _is_resource(name: object) -> bool:
    if not isinstance(name, str) or name.startswith(NOWHERE):
        return False
    return name.startswith("_:") or IRI.fullmatch(name) is not None


class _Naming(URDNA2015):  # type: ignore[misc]
    """RDFC-1.0's names for blank nodes; literals escaped as it says, and an end to the work that one document can make."""

    def __init__(self) -> None:
        super().__init__()
        self._work = 0

    def named(self, dataset: Mapping[str, Any]) -> str:
        self.main(dataset, {"format": N_QUADS})
        return "".join(sorted({_line(quad) for quad in self.quads}))

    def hash_first_degree_quads(self, id_: str) -> str:
        info = self.blank_node_info[id_]
        if "hash" not in info:
            info["hash"] = self.hash_nquads(sorted(_line(quad, reference=id_) for quad in info["quads"]))
        return str(info["hash"])

    def hash_n_degree_quads(self, id_: str, issuer: Any) -> Any:
        self._work += 1 + len(issuer.order)
        if self._work > MOST_NAMING_WORK:
            raise NotCanonical("The document has too many parts that can't be told apart; give them ids")
        return super().hash_n_degree_quads(id_, issuer)


def _line(quad: Mapping[str, Any], reference: str | None = None) -> str:
    """A quad as a line; with a reference, that blank node is `_:a` in it and every other one `_:z`."""
    words = [_word(quad[position], reference) for position in ("subject", "predicate", "object", "name") if position in quad]
    return " ".join(words) + " .\n"


def _word(term: Mapping[str, Any], reference: str | None) -> str:
    value: str = term["value"]
    if term["type"] == "IRI":
        return f"<{value}>"
    if term["type"] == "blank node":
        return value if reference is None else "_:a" if value == reference else "_:z"
    text = f'"{value.translate(ESCAPES)}"'
    if term["datatype"] == LANG_STRING:
        return f"{text}@{term['language']}" if term.get("language") else text
    return text if term["datatype"] == STRING else f"{text}^^<{term['datatype']}>"


def _explained(problem: BaseException) -> ValueError:
    """What PyLD's error comes from: it wraps each in the next."""
    innermost = problem
    while True:
        if isinstance(innermost, UnknownContext):
            return innermost
        if isinstance(innermost, (UndefinedTerms, NotCanonical)):
            return innermost
        if isinstance(innermost, RecursionError):
            return NotCanonical("The document is nested too deeply")
        cause = innermost.__cause__ or innermost.__context__
        if cause is None:
            break
        innermost = cause
    if isinstance(innermost, UnicodeError):
        return NotCanonical("The document has text that is no Unicode (half of a surrogate pair)")
    if isinstance(innermost, jsonld.JsonLdError):
        return NotCanonical(f"The document is no valid JSON-LD: {innermost.args[0]} ({innermost.code})")
    return NotCanonical(f"The document is no valid JSON-LD: {innermost}")
