"""Settings in, everything about sources out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.assessment.sources.accounts import Accounts
from services.assessment.sources.applying import Applying
from services.assessment.sources.directory import Directory
from services.assessment.sources.files.files import Files
from services.assessment.sources.files.shelf import Shelf
from services.assessment.sources.files.worker import Worker
from services.assessment.sources.gate import Gate
from services.assessment.sources.grants import Grants
from services.assessment.sources.intake import Intake
from services.assessment.sources.jwks import KeySets
from services.assessment.sources.keys import Keys
from services.assessment.sources.ledger import Ledger
from services.assessment.sources.originals import Originals
from services.assessment.sources.outbox import Outbox
from services.assessment.sources.people import People
from services.assessment.sources.proofs.opening import open_proofs, tools_of
from services.assessment.sources.quota import Quotas
from services.assessment.sources.registry import Registry
from services.assessment.sources.rerun import Reruns
from services.assessment.sources.saying import Saying
from services.assessment.sources.sources import Sources
from services.assessment.sources.tokens import AccessTokens
from services.assessment.sources.topics.clusters import Clusters
from services.assessment.sources.topics.listeners import Listeners
from services.assessment.sources.topics.unread import Unread
from services.assessment.sources.topics.watch import Watch
from services.assessment.sources.understanding import Understanding
from services.assessment.sources.upkeep import Upkeep
from services.assessment.sources.vault import Vault
from shared.credentials.fetching import Fetcher
from shared.credentials.workers import Workers
from shared.kafka import Publisher
from shared.mongo import Database
from shared.settings import Settings
from shared.stream.loop import Steps, no_steps
from shared.topics import COMPLETIONS, Topic


@asynccontextmanager
async def open_sources(
    settings: Settings,
    database: Database,
    publisher: Publisher,
    *,
    completions: Topic = COMPLETIONS,
    steps: Steps = no_steps,
) -> AsyncIterator[Sources]:
    """Raises `settings.Unset` without a secret of assessment's own. `steps` is for tests."""
    vault = Vault(settings.secret_of_sources())
    registry, keys = Registry(database), Keys(database, vault)
    tokens = AccessTokens(database, keys)
    directory, people = Directory(database, vault), People(database, vault)
    ledger, outbox, accounts = Ledger(database), Outbox(database, settings.instance), Accounts(database)
    quotas, fetcher = Quotas(database), Fetcher(settings.fetch_from.split(","))
    clusters, unread, watch = Clusters(settings), Unread(database, vault), Watch(database, settings.instance)
    for part in (registry, keys, tokens, quotas, ledger, outbox, accounts, directory, people, unread, watch):
        await part.create_indexes()
    shelf = Shelf(database, vault)
    await shelf.create_indexes()
    understanding = Understanding(vault, directory, ledger)
    saying = Saying(publisher, completions)
    applying = Applying(database, registry, understanding, people, ledger, outbox, saying, steps=steps)
    reruns = Reruns(database, registry, understanding, people, ledger, outbox, saying, process=settings.instance, steps=steps)
    await reruns.create_indexes()
    upkeep = Upkeep(database, registry, people, ledger, outbox, saying, applying, accounts, forgets=(shelf.forget_learner,))
    gate = Gate(registry, keys, tokens, quotas)
    intake = Intake(understanding, people, ledger, outbox, saying, applying, steps=steps)
    workers = Workers(size=2)
    proofs = await open_proofs(
        database, vault, directory, registry, gate, intake, applying, ledger, people, tools_of(fetcher, workers)
    )
    names = {"group": database.name, "instance": settings.instance}
    listeners = Listeners(clusters, registry, gate, intake, unread, watch, **names)
    try:
        yield Sources(
            registry=registry,
            keys=keys,
            gate=gate,
            grants=Grants(registry, keys, tokens, KeySets(fetcher), settings.assessment_url),
            directory=directory,
            vault=vault,
            intake=intake,
            accounts=accounts,
            applying=applying,
            files=Files(shelf),
            reruns=reruns,
            originals=Originals(database, people, ledger, understanding),
            upkeep=upkeep,
            listeners=listeners,
            unread=unread,
            watch=watch,
            proofs=proofs,
            background=(
                upkeep.run,
                tokens.run,
                reruns.run,
                Worker(shelf, registry, intake, ledger, quotas, steps=steps).run,
                listeners.run,
                proofs.again.run,
            ),
        )
    finally:
        await workers.close()
        await fetcher.close()
        await clusters.close()
