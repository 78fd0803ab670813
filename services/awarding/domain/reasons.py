"""The evaluated requirement, said in sentences."""

from __future__ import annotations

from services.awarding.domain.rules import Rules, Version
from shared.events.awarding import Reason
from shared.requirements.model import Requirement
from shared.requirements.tree import Finding, joined, parts_of


def reason_of(version: Version, finding: Finding, rules: Rules) -> Reason:
    """The whole tree with its findings. Where only the finding of a group is known, its parts are left out."""
    return _reason("", version.requirement, finding, version, rules)


def _reason(path: str, node: Requirement, finding: Finding, version: Version, rules: Rules) -> Reason:
    parts = parts_of(node)
    beneath = (
        tuple(
            _reason(joined(path, step), part, found, version, rules)
            for (step, part), found in zip(parts, finding.of, strict=True)
        )
        if len(parts) == len(finding.of)
        else ()
    )
    return Reason.model_construct(
        says=version.says(path, node, rules),
        path=path,
        met=finding.met,
        by=finding.by,
        value=finding.value,
        waived=finding.waived,
        of=beneath,
        results=finding.results,
        links=finding.links,
    )
