"""What a check finds, in words: each finding has a stable code, one plain sentence, and what the sentence is about.

The sentences are in English with `%(name)s` for their parameters, so that pages can translate them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Outcome = Literal["yes", "no", "unknown"]
Name = Literal["proof", "issuer", "dates", "status", "schema", "known", "email"]
Verdict = Literal["valid", "invalid", "undecided"]
Kind = Literal["achievement", "endorsement", "clr", "other"]

NEEDED: Final = ("proof", "issuer", "dates", "status", "schema")
"""The checks that make a credential valid, in the order in which they are shown."""

SAYS: Final[Mapping[str, tuple[Outcome, str]]] = {
    "proof.good": ("yes", "The signature is good: nothing was changed since it was signed."),
    "proof.tampered": ("no", "The signature does not fit: something was changed after it was signed, or another key signed it."),
    "proof.none": ("no", "It is not signed."),
    "proof.malformed": ("no", "The signature cannot be one: %(reason)s."),
    "proof.wrong_purpose": ("no", "The signature was made for another purpose (%(purpose)s), not to issue a credential."),
    "proof.expired": ("no", "The signature itself ended on %(date)s."),
    "proof.uncovered": ("no", "The signature does not cover these members, so anybody could have written them: %(members)s."),
    "proof.renamed": (
        "no",
        "The signature fits, but members of the standard were given other names, which hides what they say: %(members)s.",
    ),
    "proof.part_tampered": ("no", "The record is signed, but the signature of a part of it does not fit: %(part)s."),
    "proof.key_unknown": ("unknown", "It does not say with which key it was signed."),
    "proof.key_unavailable": ("unknown", "The key it was signed with could not be read from %(address)s: %(reason)s."),
    "proof.key_unreadable": ("unknown", "The key it was signed with is of a kind that is not known here."),
    "proof.suite_unsupported": ("unknown", "It is signed in a way that is not known here (%(suite)s)."),
    "proof.context_unavailable": ("unknown", "The meaning of its terms could not be read from %(address)s: %(reason)s."),
    "proof.context_only_given": (
        "unknown",
        "Its signature is good if its terms mean what you gave for %(address)s, where nobody answers to confirm it.",
    ),
    "proof.context_differs": (
        "unknown",
        "Its signature does not fit the meaning of its terms that you gave for %(address)s, where nobody answers.",
    ),
    "proof.too_costly": ("unknown", "Checking the signature took too long, so it was given up."),
    "proof.not_canonical": ("unknown", "What was signed could not be worked out: %(reason)s."),
    "issuer.confirmed": ("yes", "The issuer's identity document lists the key it was signed with."),
    "issuer.confirmed_by_archive": (
        "unknown",
        "Who the issuer is could only be confirmed by the identity document that you gave, which lists the key it was signed "
        "with; the issuer's own address did not answer.",
    ),
    "issuer.is_key": (
        "unknown",
        "The issuer is known by nothing but the key it was signed with; the name that it goes by is only claimed.",
    ),
    "issuer.is_known_key": ("yes", "The issuer is the key it was signed with, and that key is known here as that of %(name)s."),
    "issuer.unreachable": ("unknown", "The issuer's identity document could not be read from %(address)s: %(reason)s."),
    "issuer.no_document": ("unknown", "The issuer's identity, %(issuer)s, is of a kind that cannot be looked up here."),
    "issuer.no_keys": ("unknown", "The issuer's identity document names no keys, so nobody can tell who signed."),
    "issuer.key_not_listed": ("no", "The issuer's identity document does not list the key it was signed with."),
    "issuer.key_revoked": ("no", "The issuer's identity document says that the key may no longer be relied on."),
    "issuer.mismatch": ("no", "It was signed by %(signer)s, which is not the issuer it names, %(issuer)s."),
    "issuer.missing": ("no", "It names no issuer."),
    "issuer.not_proved": ("unknown", "Who signed it cannot be told, because the signature could not be checked."),
    "dates.in_force": ("yes", "It is in force."),
    "dates.in_force_until": ("yes", "It is in force until %(date)s."),
    "dates.expired": ("no", "It ended on %(date)s."),
    "dates.not_yet": ("no", "It begins on %(date)s."),
    "dates.malformed": ("no", "One of its dates, %(member)s, is not a date with a time and a time zone."),
    "status.none": ("yes", "The issuer keeps no status for it, so it is not one that can be taken back."),
    "status.clear": ("yes", "The issuer has not taken it back."),
    "status.revoked": ("no", "The issuer has revoked it."),
    "status.suspended": ("no", "The issuer has suspended it."),
    "status.set": ("no", "The issuer's status list says it may not be relied on (%(purpose)s)."),
    "status.unreadable": ("unknown", "Whether it was taken back could not be found out at %(address)s: %(reason)s."),
    "status.not_trusted": ("unknown", "The status list at %(address)s is not one to rely on: %(reason)s."),
    "status.unsupported": ("unknown", "Its status is kept in a way that is not known here (%(kind)s)."),
    "status.malformed": ("unknown", "Where its status is kept is not said as it should be: %(reason)s."),
    "schema.good": ("yes", "It has everything that the standard asks for."),
    "schema.member_missing": ("no", "The standard asks for %(member)s, which is missing."),
    "schema.member_wrong": ("no", "The standard asks for something else at %(member)s: %(reason)s."),
    "schema.differs": ("no", "It is not as its own schema asks, at %(member)s: %(reason)s."),
    "schema.claims_differ": ("no", "Its token says another %(claim)s than the credential within."),
    "schema.association_unknown": ("no", "It says how %(id)s belongs to its other parts, but has no such part."),
    "schema.unreadable": (
        "unknown",
        "It has what the standard asks for; its own schema could not be read from %(address)s: %(reason)s.",
    ),
    "schema.unsupported": (
        "unknown",
        "It has what the standard asks for; its own schema is of a kind not known here (%(kind)s).",
    ),
    "schema.too_costly": ("unknown", "Comparing it with what the standard asks for took too long, so it was given up."),
    "known.own": ("yes", "The issuer belongs to this platform."),
    "known.listed": ("yes", "The issuer is on the list of those known here, as %(name)s."),
    "known.not_listed": ("no", "The issuer is not on the list of those known here. That says nothing against it."),
    "known.not_confirmed": ("unknown", "Whether the issuer is a known one cannot be told before its identity is confirmed."),
    "email.matches": ("yes", "It was given to the person with this e-mail address."),
    "email.differs": ("no", "It was given to somebody with another e-mail address."),
    "email.not_proved": (
        "unknown",
        "Whether it was given to this person cannot be told, because the signature is not known to be good.",
    ),
    "email.absent": ("unknown", "It says no e-mail address to which it was given, so there is nothing to compare."),
}
"""code -> (outcome, sentence)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer. `says` is the sentence as above, `sentence` the same with its parameters in it."""

    name: Name
    outcome: Outcome
    code: str
    says: str
    params: Mapping[str, str] = field(default_factory=dict)
    details: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        return self.says % self.params


@dataclass(frozen=True, slots=True)
class Part:
    """A credential within: an endorsement, or one of a record's. Its own checks, and what they come to."""

    what: Literal["credential", "endorsement"]
    name: str
    issuer: str
    verdict: Verdict
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All answers about one credential. `summary` has what it says of itself: whoever shows it must show the verdict too."""

    checks: tuple[Check, ...]
    kind: Kind
    summary: Mapping[str, str]
    credential: dict[str, Any] | None
    jwt: bool
    parts: tuple[Part, ...] = ()
    email: Check | None = None

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.checks)

    def __getitem__(self, name: Name) -> Check:
        """Raises KeyError."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)


def verdict_of(checks: tuple[Check, ...]) -> Verdict:
    """Valid if all that is needed is true, invalid if anything of it is false. The list of known issuers decides nothing."""
    outcomes = [check.outcome for check in checks if check.name in NEEDED]
    if "no" in outcomes:
        return "invalid"
    return "valid" if outcomes and all(outcome == "yes" for outcome in outcomes) else "undecided"


def finding(code: str, *details: str, **params: object) -> Check:
    """The check with this code. Texts from the credential are cut, so that no sentence grows without end."""
    outcome, says = SAYS[code]
    name: Any = code.partition(".")[0]
    return Check(name, outcome, code, says, {key: cut(str(value)) for key, value in params.items()}, tuple(map(cut, details)))


def cut(text: str, length: int = 300) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: length + 1])
    return printable if len(printable) <= length else printable[: length - 1] + "…"
