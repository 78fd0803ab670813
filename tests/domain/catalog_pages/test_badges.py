"""What programs get of an achievement is what its credentials say of it."""

from __future__ import annotations

from services.awarding.credentials.addresses import Addresses as AwardingsAddresses
from services.catalog.addresses import Addresses
from services.catalog.pages.badges import badge
from shared.credentials.canonical import canonical
from tests.domain.catalog.documents import NORTH, PASSED, achievement, stack
from tests.domain.catalog_pages.shelf import AWARDING, CATALOG, stock_of

ADDRESSES = Addresses(CATALOG, AWARDING)
FULL = achievement(
    "ethics",
    designed_by=NORTH,
    tags=["data"],
    skills=[
        {"code": "S1.8", "name": "weigh", "framework": "ESCO", "url": "http://data.europa.eu/esco/skill/S1.8"},
        {"code": "own", "name": "x"},
    ],
    credits={"amount": "2.5", "system": "ECTS"},
)


def test_every_member_is_one_that_open_badges_contexts_define() -> None:
    stock = stock_of(FULL, FULL | {"name": "New"}, stack("data", {"bronze": PASSED, "silver": {"achievement": "data.bronze"}}))
    for version in (stock.shelf.of("ethics")[1], stock.shelf.of("data")[0]):
        # Raises UndefinedTerms.
        assert canonical(badge(version, ADDRESSES))


def test_it_is_complete_and_has_nothing_empty() -> None:
    stock = stock_of(FULL, FULL | {"name": "New"})
    document = badge(stock.shelf.of("ethics")[1], ADDRESSES)
    assert {"id", "type", "criteria", "description", "name"} <= document.keys()
    assert (document["version"], document["creditsAvailable"], document["tag"]) == ("2", 2.5, ["data"])
    assert document["related"] == [{"id": f"{CATALOG}/microcredentials/ethics/versions/1", "type": ["Related"], "version": "1"}]
    assert all(value not in (None, [], {}, "") for value in document.values())
    [esco, own] = document["alignment"]
    assert (esco["targetType"], own["targetUrl"]) == ("ext:ESCO.Skill", f"{CATALOG}/microcredentials/ethics/versions/2#skill-own")


def test_credentials_name_the_same_addresses() -> None:
    theirs = AwardingsAddresses(AWARDING + ":8443/a b", CATALOG)
    ours = Addresses(CATALOG, AWARDING + ":8443/a b")
    assert ours.microcredential("ethics", 2) == theirs.achievement("ethics", 2)
    assert ours.picture("ethics", 2) == theirs.picture("ethics", 2)
    assert ours.did("north") == theirs.did("north")
