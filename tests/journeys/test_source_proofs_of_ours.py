"""What one institution's Cairn has issued is a proof at another's, until it is revoked there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.proofs.matching import Bringing
from services.assessment.sources.proofs.opening import open_proofs
from services.assessment.sources.proofs.proofs import Proofs
from tests.domain.awarding.scene import achievement, part, verdict
from tests.journeys.credentials_scene import House, town_of
from tests.journeys.sources_town import SourcesTown
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def there(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("there")
    async with town_of(kafka, mongodb, folder, achievement("b")) as town, House.open(town) as house, town.stream():
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SourcesTown]:
    name = uuid4().hex[:10]
    async with SourcesTown.open(kafka, mongodb, f"t_{name}", f"t-{name}.", tmp_path_factory.mktemp("here")) as town:
        yield town


async def proofs_of(here: SourcesTown, there: House) -> Proofs:
    """As it would find the other's documents on the internet."""
    sources, database = here.sources, here.town.database
    intake, again = sources.intake, sources.proofs
    assert again is not None
    return await open_proofs(
        database,
        sources.vault,
        sources.directory,
        sources.registry,
        sources.gate,
        intake,
        sources.applying,
        again.again.ledger,
        again.again.people,
        there.checker.tools,
    )


async def test_an_award_from_elsewhere_counts_here_until_it_is_revoked_there(here: SourcesTown, there: House) -> None:
    await there.town.say(verdict("b", part(3), learner="bea"))
    await there.town.holds("bea", {"b": "valid"})
    credential = (await there.credential("b", "bea")).content
    said = json.loads(credential)
    activities = [{"named": said["credentialSubject"]["achievement"]["id"], "is": "urn:campus:b"}]
    trusts = [{"id": said["issuer"]["id"], "name": "There"}]
    document = {"source": "there", "name": "There", "owner": "Registrar", "format": "proofs", "may_publish": ["urn:campus:*"]}
    source, _, _ = await here.register(document | {"activities": activities, "options": {"trusts": trusts}}, None)
    proofs = await proofs_of(here, there)
    (outcome,) = await proofs.take(source, credential, Bringing("beatrice", "staff-1", confirmed="She showed her passport"))
    assert outcome.kind is Kind.ACCEPTED, outcome
    await proofs.again.turn()
    award = (await there.awards("bea"))["b"]
    await there.town.ask("POST", f"/awards/{award}/revocation", "awards:write", body={"reason": "It was copied."})

    async def taken_back() -> str | None:
        await here.town.database["proofs"].update_many({}, {"$set": {"due": datetime.now(UTC)}})
        await proofs.again.turn()
        found = [one["data"] for one in await here.published() if one["data"].get("retracts") == outcome.id]
        return found[0]["reason"] if found else None

    assert await eventually(taken_back, within=30) == "The issuer has revoked it."
