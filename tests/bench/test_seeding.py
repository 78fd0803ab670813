"""A seeded learner's documents are those that the services would have written of the same history."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from deploy.bench.curves_campus import catalog, course, histories, module
from deploy.bench.seeding import PARTITION, Seat, Signers, Stencil, stencil
from deploy.local.keys import LocalKeys
from services.assessment.store import from_document as assessed_record
from services.awarding.documents import from_document as awarded_record
from services.awarding.domain.status_lists import Places
from shared.mongo import Document

EARNED = [course(3), *map(module, range(7))]
OF_THE_MOMENT = ("changed_at", "time", "traceparent")
"""When something was written, and in which trace; not what."""


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Signers:
    keys = LocalKeys(tmp_path_factory.mktemp("keys"))
    return Signers.of(keys.public_id_key, keys.issuer_keys, "http://localhost:1", "http://localhost:2")


def stencil_of(learner: str, signers: Signers) -> Stencil:
    history = [envelope for _, envelope in histories([learner], EARNED)]
    return stencil(history, catalog(40, 3), signers, learner, datetime(2026, 1, 1, tzinfo=UTC))


def seat(signers: Signers) -> Seat:
    return Seat(3, Places(signers.ids, 3, {}))


def written(made: Stencil, learner: str, signers: Signers) -> list[tuple[str, str, Document]]:
    return [
        (service, collection, {name: value for name, value in document.items() if name not in OF_THE_MOMENT})
        for service, collection, document in made.copies(learner, seat(signers))
    ]


def test_what_fills_a_hole_is_what_the_services_made_there(signers: Signers) -> None:
    made = stencil_of("ada-lovelace", signers)
    given = {hole for hole in made.makers if hole.startswith(("<", "99000"))}
    filled = made.filled("ada-lovelace", seat(signers))
    assert {hole: value for hole, value in filled.items() if hole not in given} == {hole: hole for hole in filled.keys() - given}
    assert len(given) == 1 + 2 * 10, "the partition, and list and place of ten credentials"


def test_a_copy_is_what_the_services_would_have_written_of_the_same_history(signers: Signers) -> None:
    of_another = written(stencil_of("ada-lovelace", signers), "grace-hopper", signers)
    of_her_own = written(stencil_of("grace-hopper", signers), "grace-hopper", signers)
    assert len(of_her_own) > 60
    for copied, folded in zip(of_another, of_her_own, strict=True):
        assert copied == folded


def test_a_seeded_record_holds_what_the_history_earned(signers: Signers) -> None:
    found = {service: one for service, name, one in stencil_of("a1", signers).copies("b2", seat(signers)) if name == "records"}
    entries = assessed_record("b2", _kept(found["assessment"]))
    assert len(entries.entries) == 12
    awards = awarded_record("b2", _kept(found["awarding"]))
    assert set(awards.lines) == {*EARNED, "stack-00000.bronze", "stack-00000.silver"}
    places = [(issued.list, issued.index) for issued in awards.credentials.values()]
    assert {list_ for list_, _ in places} == {"northfield-r-3-0"}
    assert len(set(places)) == 10
    assert all(one["partition"] == 3 for one in found.values())


def test_credentials_name_their_places_as_numbers(signers: Signers) -> None:
    found = list(stencil_of("a1", signers).copies("b2", seat(signers)))
    credentials = [one for _, collection, one in found if collection == "credentials"]
    stated = [(one["list"], one["index"]) for one in credentials]
    said = [orjson.loads(one["fact"])["status"] for one in credentials]
    assert stated == [(status["list"], status["index"]) for status in said]
    assert all(isinstance(index, int) for _, index in stated)
    assert "<" not in "".join(str(one) for _, _, one in found if PARTITION in str(one))


def _kept(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in ("_id", "partition")}
