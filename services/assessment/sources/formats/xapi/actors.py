"""Agents and groups: who can be an actor, and what an actor's names are."""

from __future__ import annotations

import re
from hashlib import sha1
from typing import Any, Final

from services.assessment.sources.claims import Name
from services.assessment.sources.formats.xapi.values import each, iri, members, required, text, wrong

_IDENTIFIERS: Final = frozenset({"mbox", "mbox_sha1sum", "openid", "account"})
_AGENT: Final = _IDENTIFIERS | {"objectType", "name"}
_GROUP: Final = _AGENT | {"member"}
_ACCOUNT: Final = frozenset({"homePage", "name"})

_MBOX: Final = re.compile(r"mailto:[^\s@\x00-\x1f\ud800-\udfff]+@[^\s@\x00-\x1f\ud800-\udfff]+")
_SHA1: Final = re.compile(r"[0-9a-fA-F]{40}")


def agent(value: Any, place: str) -> None:
    """An individual, with exactly one identifier."""
    members(value, place, _AGENT)
    if value.get("objectType", "Agent") != "Agent":
        raise wrong("the objectType here must be Agent", f"{place}.objectType")
    if "name" in value:
        text(value["name"], f"{place}.name")
    if _identified(value, place) != 1:
        raise wrong("an agent has exactly one of mbox, mbox_sha1sum, openid and account", place)


def group(value: Any, place: str) -> None:
    """Several people: identified, or named by its members."""
    members(value, place, _GROUP)
    if value.get("objectType") != "Group":
        raise wrong("the objectType here must be Group", f"{place}.objectType")
    if "name" in value:
        text(value["name"], f"{place}.name")
    if "member" in value:
        each(value["member"], f"{place}.member", agent)
    elif not _IDENTIFIERS & value.keys():
        raise wrong("a group without an identifier of its own must list its member", place)
    if _identified(value, place) > 1:
        raise wrong("a group has at most one of mbox, mbox_sha1sum, openid and account", place)


def actor(value: Any, place: str) -> None:
    """Either of them."""
    if type(value) is dict and (value.get("objectType") == "Group" or "member" in value):
        group(value, place)
    else:
        agent(value, place)


def authority(value: Any, place: str) -> None:
    """An agent, or the pair of application and user that three-legged OAuth makes."""
    actor(value, place)
    if value.get("objectType") == "Group" and (_IDENTIFIERS & value.keys() or len(value["member"]) != 2):
        raise wrong("an authority that is a group has two members and no identifier", place)


def names_of(learner: dict[str, Any]) -> tuple[Name, ...]:
    """An agent's names, the best first: what it says, and for an address also the hash that others know it by."""
    if "account" in learner:
        account = learner["account"]
        return (Name(f"account:{account['homePage']}", account["name"]),)
    if "mbox" in learner:
        return with_hash(normal(Name("mbox", learner["mbox"])))
    if "mbox_sha1sum" in learner:
        return (normal(Name("mbox_sha1sum", learner["mbox_sha1sum"])),)
    return (Name("openid", learner["openid"]),)


def normal(name: Name) -> Name:
    """As all write it alike: an address without `mailto:` and its domain in small letters; any other kind of name as it is."""
    if name.kind == "mbox":
        local, _, domain = name.value.removeprefix("mailto:").rpartition("@")
        return Name("mbox", f"{local}@{domain.lower()}")
    return Name("mbox_sha1sum", name.value.lower()) if name.kind == "mbox_sha1sum" else name


def with_hash(name: Name) -> tuple[Name, ...]:
    """A normal name, and for an address also the hash that others know it by."""
    if name.kind != "mbox":
        return (name,)
    hashed = sha1(f"mailto:{name.value}".encode(), usedforsecurity=False).hexdigest()
    return (name, Name("mbox_sha1sum", hashed))


def _identified(value: dict[str, Any], place: str) -> int:
    """How many identifiers it has, each checked."""
    found = 0
    if "account" in value:
        account = members(value["account"], f"{place}.account", _ACCOUNT)
        iri(required(account, "homePage", f"{place}.account"), f"{place}.account.homePage")
        if not text(required(account, "name", f"{place}.account"), f"{place}.account.name"):
            raise wrong("an account needs a name", f"{place}.account.name")
        found += 1
    if "mbox" in value:
        if type(value["mbox"]) is not str or not _MBOX.fullmatch(value["mbox"]):
            raise wrong("this must be an address with mailto: before it, such as mailto:someone@example.com", f"{place}.mbox")
        found += 1
    if "mbox_sha1sum" in value:
        if type(value["mbox_sha1sum"]) is not str or not _SHA1.fullmatch(value["mbox_sha1sum"]):
            raise wrong(
                "this must be the SHA-1 of the address with its mailto:, as 40 hexadecimal digits", f"{place}.mbox_sha1sum"
            )
        found += 1
    if "openid" in value:
        iri(value["openid"], f"{place}.openid")
        found += 1
    return found
