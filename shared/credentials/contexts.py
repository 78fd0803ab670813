"""The JSON-LD contexts that credentials may name, each pinned by the SHA-256 of its document.

They never come from the network: what a signature covers depends on them, and whoever serves one could change it.
The documents are the package data of `openbadgeslib`; the digests below are ours, so an update of that package
that changes a document is noticed and not signed with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec, module_from_spec
from typing import Any, Final

import orjson
import rfc8785

CREDENTIALS: Final = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
EXTENSIONS: Final = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
CLR: Final = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
EXAMPLES: Final = "https://www.w3.org/ns/credentials/examples/v2"

PINNED: Final[Mapping[str, tuple[str, str]]] = {
    CREDENTIALS: ("credentials-v2.json", "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json": (
        "ob-v3p0-context-3.0.1.json",
        "5f3d9dd6288ef437ff8286cf95ffbff609c748a66f24a1e9450c45ca64be1571",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": (
        "ob-v3p0-context-3.0.2.json",
        "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
    ),
    OPEN_BADGES: ("ob-v3p0-context-3.0.3.json", "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84"),
    EXTENSIONS: ("ob-v3p0-extensions.json", "87c06c81bc2317663bf288d740d94fddd2818c4342b186270ff6371dfaa63f93"),
    CLR: ("clr_context_2.0.1.json", "880f1902d4158f2f33ce06af41b90719977cd1ea337a9de2e41edb3ff5e543d6"),
    "https://w3id.org/security/data-integrity/v2": (
        "security-data-integrity-v2.json",
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    ),
    "https://w3id.org/security/multikey/v1": (
        "security-multikey-v1.json",
        "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    ),
}
"""Each address with the name of its document in the package and the SHA-256 of the document's bytes."""

EXAMPLES_DOCUMENT: Final = b'{"@context":{"@vocab":"https://www.w3.org/ns/credentials/examples#"}}'
"""W3C's vectors use it: every word is defined, as something in the examples' name space."""


class Altered(RuntimeError):
    """A context's document is not the one that was pinned; nothing may be signed or checked with it."""

    def __init__(self, url: str, found: str) -> None:
        super().__init__(f"The context {url} is not the pinned one: its SHA-256 is {found}")


class UnknownContext(ValueError):
    """A credential names a context that is not pinned here."""

    def __init__(self, url: str) -> None:
        super().__init__(f"The context {url} is not one of those that can be checked")
        self.url = url


@dataclass(frozen=True, slots=True)
class Context:
    """`document` is the JSON-LD document, not to be changed; `digest` the SHA-256 of its bytes, in hex."""

    document: Mapping[str, Any]
    digest: str


def _package() -> Traversable:
    """The files of `openbadgeslib`, found without running its code: it loads a second implementation of all this."""
    spec = find_spec("openbadgeslib")
    if spec is None:
        raise ModuleNotFoundError("openbadgeslib, which has the context documents, is not installed")
    return resources.files(module_from_spec(spec))


@cache
def _pinned(url: str) -> Context:
    if url == EXAMPLES:
        return Context(orjson.loads(EXAMPLES_DOCUMENT), hashlib.sha256(EXAMPLES_DOCUMENT).hexdigest())
    name, digest = PINNED[url]
    data = (_package() / "ob3" / "contexts" / name).read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise Altered(url, found)
    return Context(orjson.loads(data), digest)


class Contexts(Mapping[str, Context]):
    """The pinned contexts by address, each read and compared with its digest at its first use; raises Altered."""

    def __getitem__(self, url: str) -> Context:
        if url not in PINNED and url != EXAMPLES:
            raise KeyError(url)
        return _pinned(url)

    def __iter__(self) -> Iterator[str]:
        yield from PINNED
        yield EXAMPLES

    def __len__(self) -> int:
        return len(PINNED) + 1


CONTEXTS: Final[Mapping[str, Context]] = Contexts()


def digest_of(contexts: Sequence[object]) -> str:
    """One SHA-256 in hex over what a credential's `@context` means: its documents, and its objects by RFC 8785, in order.

    Raises UnknownContext for an address that is not pinned.
    """
    digests: list[str] = []
    for context in contexts:
        if isinstance(context, str):
            if context not in CONTEXTS:
                raise UnknownContext(context)
            digests.append(CONTEXTS[context].digest)
        elif isinstance(context, Mapping):
            digests.append(hashlib.sha256(rfc8785.dumps(dict(context))).hexdigest())
        else:
            raise TypeError(f"a context is an address or an object, not {type(context).__name__}")
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
