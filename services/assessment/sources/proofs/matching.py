"""Whether a credential was given to a learner: by what stands in it, and by what the directory knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.assessment.sources.claims import Name
from services.assessment.sources.directory import Directory
from services.assessment.sources.document import Source
from services.assessment.sources.formats.proofs import LEARNER, Options
from services.assessment.sources.formats.proofs.options import Match
from services.assessment.sources.formats.proofs.results import listed
from services.assessment.sources.formats.proofs.subjects import identities_in, names_in
from services.assessment.sources.resolving import Lookup, plan_of
from shared.credentials.people import is_of

NOT_THEIRS: Final = (
    "nothing in it shows that it was given to this learner: it names nobody whom the directory knows as them, and what was said "
    "of them (email, student_id, name) is not what is hashed in it, or not known as theirs; staff can confirm whose it is"
)


@dataclass(frozen=True, slots=True)
class Bringing:
    """Who brings something, and for whom. `said` are the learner's own names, with which hashes in it are compared; `confirmed`
    is why the member of staff `by` says that it is this learner's. Without a learner it is whoever stands in it."""

    learner: str | None
    by: str
    said: Mapping[Match, str] = field(default_factory=dict)
    confirmed: str | None = None


class Matching:
    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def given(self, source: Source, subjects: tuple[Mapping[str, Any], ...], bringing: Bringing) -> dict[str, Any]:
        """To whom it was given, as the reader of proofs takes it: `to` and `by`, `refused`, or nothing where nobody brings it."""
        assert isinstance(source.options, Options)
        if bringing.learner is None:
            return {}
        for kind, name in self._candidates(source.options, subjects, bringing.said):
            if await self._means(source, name) == bringing.learner:
                return {"to": bringing.learner, "by": kind}
        if bringing.confirmed is not None and source.options.staff_may_confirm:
            return {"to": bringing.learner, "by": "staff", "confirmed_by": bringing.by, "reason": bringing.confirmed}
        return {"refused": NOT_THEIRS, "status": 403}

    async def lead(self, source: Source, learner: str) -> None:
        """Let the name that the reader gives a learner who was found lead to them, whatever else the document says of names."""
        way = plan_of(source).leads(Name(LEARNER, learner))
        if isinstance(way, Lookup):
            await self._directory.enter({way: learner})

    async def _means(self, source: Source, name: Name) -> str | None:
        way = plan_of(source).leads(name)
        if isinstance(way, Lookup):
            return (await self._directory.learners([way])).get(way)
        return way

    @staticmethod
    def _candidates(
        options: Options, subjects: tuple[Mapping[str, Any], ...], said: Mapping[Match, str]
    ) -> Iterator[tuple[Match, Name]]:
        """What stands in plain, and what was said and fits a hash."""
        for subject in subjects:
            for name in names_in(subject, options.matches):
                yield _match_of(name), name
            for kind, identity in identities_in(subject):
                if kind in options.matches and kind in said and is_of(identity, said[kind]):
                    yield kind, Name(kind, said[kind].strip())


def subjects_in(credential: Mapping[str, Any], of_record: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    """The credential's own subject, and that of the record which holds it, where both are the same."""
    own = [one for one in listed(credential.get("credentialSubject")) if isinstance(one, Mapping)][:1]
    if own and of_record is not None and own[0].get("id") is not None and own[0].get("id") == of_record.get("id"):
        return own[0], of_record
    return tuple(own)


def _match_of(name: Name) -> Match:
    kinds: dict[str, Match] = {"id": "id", "email": "email", "student_id": "student_id", "name": "name"}
    return kinds[name.kind]
