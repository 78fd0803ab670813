"""Who vouches for one level of a stack doesn't vouch for the others."""

from __future__ import annotations

from datetime import UTC, datetime

from services.awarding.domain.ids import PublicIds
from services.awarding.domain.rules import rules_of
from services.catalog.domain.versions import Version, endorsed
from shared.events.catalog import Endorsement
from tests.domain.catalog.documents import PASSED, stack, submitted

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_an_endorsement_of_a_level_is_that_level_s_alone() -> None:
    definition = submitted(stack("data", {"bronze": PASSED, "silver": {"achievement": "data.bronze"}})).definition
    version = Version(definition, 1, 1, announced_at=NOW, published_at=NOW)
    for number, about in enumerate(("data.silver", "data")):
        endorsement = Endorsement(digest=f"{number}" * 64, by=f"did:key:z{number}", name="P", credential="{}", about=about)
        [version] = endorsed(version, endorsement, NOW)
    rules = rules_of([version.announcement()], PublicIds(b"0" * 32))
    found = {id_: [one.about for one in rule.newest.endorsements] for id_, rule in rules.by_id.items()}
    assert found == {"data.bronze": [], "data.silver": ["data.silver"]}
