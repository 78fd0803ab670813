"""Whether members of the standards hide behind other names in a credential whose signature is good all the same.

An RDFC signature covers what names mean, not the names: `credentialStatus` can be written as its IRI, or as what a context that
was added later calls it, and the signature still fits. Whoever then looks for `credentialStatus` finds none, and takes what was
revoked for what can't be. So all that means something to the standards has to be there under the standards' own names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pyld import jsonld  # type: ignore[import-untyped]

from shared.credentials.canonical import NOWHERE, NotCanonical, _Loader
from shared.credentials.contexts import CONTEXTS

STANDARDS: Final = (
    "https://www.w3.org/2018/credentials",
    "https://www.w3.org/ns/credentials/",
    "https://w3id.org/security#",
    "https://purl.imsglobal.org/spec/",
)
"""How the IRIs of the standards' own members begin. The examples' name space, which defines every word, is none."""

EXAMPLES: Final = "https://www.w3.org/ns/credentials/examples#"
LITERAL: Final = frozenset({"@value", "@language", "@direction", "@type"})


def renamed(document: Mapping[str, Any], documents: Mapping[str, Mapping[str, Any]] | None = None) -> list[str]:
    """The IRIs of the standards' members that are there under other names only; empty if none is. Raises NotCanonical."""
    bare = {name: value for name, value in document.items() if name != "proof"}
    if _is_plain(bare):
        return []
    meant = Counter(_predicates(_expanded(bare, documents)))
    named = Counter(_predicates(_expanded(_by_the_standards(bare), documents)))
    return sorted((meant - named).keys())


def _is_plain(value: Any) -> bool:
    """Only known contexts, and only names that they may define: then nothing can have another name."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            if any(":" in name or (name.startswith("@") and name != "@context") for name in value):
                return False
            contexts = value.get("@context", [])
            if any(one not in CONTEXTS if isinstance(one, str) else True for one in _listed(contexts)):
                return False
            waiting += (member for name, member in value.items() if name != "@context")
    return True


def _by_the_standards(value: Any) -> Any:
    """The same with known contexts only, and without whatever is named by an IRI or a keyword."""
    if isinstance(value, list):
        return [_by_the_standards(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "@value" in value:
        return {name: member for name, member in value.items() if name in LITERAL}
    found = {name: _by_the_standards(member) for name, member in value.items() if ":" not in name and not name.startswith("@")}
    if "@context" in value:
        found["@context"] = [one for one in _listed(value["@context"]) if isinstance(one, str) and one in CONTEXTS]
    return found


def _expanded(document: Any, documents: Mapping[str, Mapping[str, Any]] | None) -> Any:
    try:
        return jsonld.expand(document, {"base": NOWHERE, "documentLoader": _Loader(documents or {})})
    except jsonld.JsonLdError as error:
        raise NotCanonical(f"The document is no valid JSON-LD: {error.args[0]}") from error


def _predicates(expanded: Any) -> Iterator[str]:
    waiting = [expanded]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            for name, member in value.items():
                if name.startswith(STANDARDS) and not name.startswith(EXAMPLES):
                    yield from [name] * (len(member) if isinstance(member, list) else 1)
                if name not in ("@value", "@id", "@type"):
                    waiting.append(member)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
