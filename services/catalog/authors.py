"""Whose documents an author may write: with `catalog:write` those of every issuer, with `catalog:write:<issuer>` of that one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends

from services.catalog.domain.drafts import Draft
from services.catalog.publishing import Stock
from shared.http import Caller
from shared.http.auth import Authenticated, forbidden

WRITE: Final = "catalog:write"
READ: Final = "catalog:read"


def issuers_of(caller: Caller) -> frozenset[str] | None:
    """For which issuers they may write; None: for all."""
    if caller.may(WRITE):
        return None
    begins = f"{WRITE}:"
    return frozenset(scope.removeprefix(begins) for scope in caller.scopes if scope.startswith(begins)) - {""}


async def author(caller: Authenticated) -> Caller:
    """Who may write for some issuer at least. Raises the 403 problem."""
    if issuers_of(caller) == frozenset():
        raise forbidden(WRITE, f"This needs the scope {WRITE}, or {WRITE}:<issuer>.")
    return caller


async def reader(caller: Authenticated) -> Caller:
    """Who may read what is not published yet. Raises the 403 problem."""
    if not caller.may(READ) and issuers_of(caller) == frozenset():
        raise forbidden(READ, f"This needs the scope {READ} or {WRITE}.")
    return caller


Author = Annotated[Caller, Depends(author)]
Reader = Annotated[Caller, Depends(reader)]


def issuer_in(document: Mapping[str, Any]) -> str | None:
    """The issuer that a document names, finished or not."""
    issuer = document.get("issuer")
    found = issuer.get("id") if isinstance(issuer, Mapping) else None
    return found if isinstance(found, str) else None


def may_read(caller: Caller, draft: Draft) -> bool:
    issuers = issuers_of(caller)
    return caller.may(READ) or issuers is None or issuer_in(draft.document) in issuers


def check_author(caller: Caller, stock: Stock, id_: str, *documents: Mapping[str, Any]) -> None:
    """Raises the 403 problem for documents of issuers, and ids under which issuers publish, for whom the author doesn't write.

    A document that names no issuer yet is of those who write for all.
    """
    if (issuers := issuers_of(caller)) is None:
        return
    published = {version.definition.issuer.id for version in stock.shelf.of(stock.known.level_stack.get(id_, id_))}
    for issuer in [*map(issuer_in, documents), *sorted(published)]:
        if issuer not in issuers:
            whose = f"is of the issuer {issuer[:100]}" if issuer else "names no issuer"
            raise forbidden(WRITE, f"{id_} {whose}; the token may write for {', '.join(sorted(issuers))}.")
