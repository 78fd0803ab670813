"""Names for ids, so that sentences speak of "Data Ethics" and not of `data-ethics-1`."""

from __future__ import annotations

from typing import assert_never

from services.catalog.domain.known import Known
from shared.requirements.sentences import Kind, Names


def names_of(known: Known) -> Names:
    """The newest name of whatever is known, or else its id. An activity has no name but its id, unless it is a review's."""
    issuers = {version.issuer.id: version.issuer.name for versions in known.definitions.values() for version in versions}
    skills = {
        skill.code: skill.name for versions in known.achievements.values() for version in versions for skill in version.skills
    }

    def name(kind: Kind, id_: str) -> str:
        match kind:
            case "achievement":
                versions = known.achievements.get(id_)
                return versions[-1].name if versions else id_
            case "stack":
                return known.stacks[id_].name if id_ in known.stacks else id_
            case "level":
                stack = known.stacks.get(known.level_stack.get(id_, ""))
                level = next((level for level in stack.levels if f"{stack.id}.{level.level}" == id_), None) if stack else None
                return level.name if level else id_
            case "issuer":
                return issuers.get(id_, id_)
            case "skill":
                return skills.get(id_, id_)
            case "activity":
                review = known.reviews.get(id_)
                return review.name if review else id_
            case _:
                assert_never(kind)

    return name
