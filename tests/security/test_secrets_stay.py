"""Names, addresses, what people wrote, and every secret: where they belong, and in no log, trace, metric or topic.

It comes last: the logs are those of all tests of this folder, at the most talkative level there is.
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest

from shared.kafka import Outgoing, Publisher
from shared.mongo import Database
from shared.topics import COMPLETIONS, REQUESTS, TOPICS, VERDICTS
from tests.platform.eventually import eventually
from tests.platform.log import records
from tests.security.school import ADA, BEN, CANARY, NAMES, SERVICES, STAFF_SCOPES, School

pytestmark = pytest.mark.asyncio(loop_scope="package")

WRONG = f"wrong.{CANARY}@example.edu"


async def provoke(school: School) -> None:
    """What goes wrong is what is logged most: canaries in everything that is refused."""
    wrong: tuple[tuple[str, str, str, str], ...] = (
        ("notifications", "PUT", "/learners/ada/contact", json.dumps({"address": WRONG + "\x00", "name": CANARY * 50})),
        ("notifications", "POST", "/contacts", json.dumps({"contacts": [{"learner": CANARY, "address": CANARY}]})),
        ("notifications", "PUT", "/learners/ada/contact", f'{{"address": "{WRONG}'),
        ("assessment", "POST", "/completions", json.dumps({"learner": WRONG, "status": CANARY})),
        (
            "assessment",
            "PUT",
            "/directories/campus/names",
            json.dumps([{"kind": CANARY, "name": WRONG, "learner": WRONG + " x"}]),
        ),
        ("assessment", "POST", "/sources/moodle/trial", json.dumps([{"eventname": CANARY, "userid": WRONG}])),
        ("assessment", "PUT", "/sources/moodle", json.dumps({"name": CANARY, "options": {CANARY: WRONG}})),
        ("awarding", "POST", "/checks", json.dumps({"credential": {"name": CANARY}, "email": WRONG})),
        ("awarding", "POST", "/awards", json.dumps({"learner": CANARY + " x", "reason": CANARY})),
        ("catalog", "POST", "/apply", json.dumps({"documents": [{"achievement": CANARY, "description": WRONG}]})),
    )
    for service, method, path, body in wrong:
        headers = {"content-type": "application/json"}
        await school.ask(service, method, path, *STAFF_SCOPES, content=body, headers=headers)
        await school.ask(service, method, path, token=f"eyJ{CANARY}", content=body, headers=headers)
    for name in ("moodle", "canvas", "xapi"):
        basic = {"authorization": "Basic " + b64encode(f"{school.things[f'{name}.key']}:{CANARY}".encode()).decode()}
        await school.ask("assessment", "POST", f"/sources/{name}/{name}", token="", headers=basic, content=CANARY)
        body = json.dumps([{"actor": {"name": CANARY, "mbox": f"mailto:{WRONG}"}, "metadata": {"event_name": CANARY}}])
        headers = school.of_source(name) | {"content-type": "application/json", "x-experience-api-version": "1.0.3"}
        path = "/xapi/statements" if name == "xapi" else f"/sources/{name}/{name}"
        await school.ask("assessment", "POST", path, token="", headers=headers, content=body)
    for path in (f"/shared/{CANARY}", f"/sign-in/back?state={CANARY}&code={CANARY}", f"/check?address=https://{CANARY}.invalid/"):
        await school.ask("awarding", "GET", path, token="", headers={"accept": "text/html", "cookie": f"cairn={CANARY}"})


async def bury(school: School) -> None:
    """What no stream can read: the letter has it, the log has only why."""
    headers = [("ce_id", b"1"), ("ce_source", b"urn:x"), ("ce_time", b"2026-01-01T00:00:00Z")]
    values = (f'{{"learner": "{WRONG}", "activity": 7}}'.encode(), f'{{"learner": "{CANARY}'.encode(), CANARY.encode())
    types = (b"cairn.completion.reported.v1", b"cairn.verdict.reached.v1", b"cairn.awarding.award-requested.v1")
    async with Publisher(school.platform.bootstrap) as publisher:
        for topic, type_ in zip((COMPLETIONS, VERDICTS, REQUESTS["awarding"]), types, strict=True):
            messages = [Outgoing(topic.name, b"zz-buried", value, [*headers, ("ce_type", type_)]) for value in values]
            await publisher.publish_all(messages)


def secrets_of(school: School) -> dict[str, str]:
    """By what it is: all that may stand in no log."""
    keys = school.platform.keys
    found = dict(school.secrets) | {"what was written": CANARY, "the staff's token": school.token(*STAFF_SCOPES)[:60]}
    found |= {f"{learner}'s {n}th name": part for learner, name in NAMES.items() for n, part in enumerate(name.split())}
    for path in (keys.public_id_key, keys.session_key, keys.sources_key, keys.oidc_client_secret):
        found[path.name] = path.read_text().strip()
    for path in (keys.issuer_keys, keys.unsealing_key):
        document = json.loads(path.read_text())
        found |= {f"{path.name} {n}": key["d"] for n, key in enumerate(document.get("keys", [document]))}
    return found


async def test_the_logs_are_as_talkative_as_can_be(school: School) -> None:
    for service in SERVICES:
        assert school.platform[service].log.read_text().strip()


async def test_nothing_secret_stands_in_any_log_span_or_metric(school: School) -> None:
    await provoke(school)
    await bury(school)

    def warned() -> bool:
        return "dead letter" in school.platform["awarding"].log.read_text()

    await eventually(warned, within=40, why="nothing was buried")

    def exported() -> bool:
        services = {span.service for span in school.collector.spans} & {point.service for point in school.collector.measured}
        return services >= set(SERVICES)

    await eventually(exported, within=40, why="not every service exports")
    written = {service: school.platform[service].log.read_text(errors="replace") for service in SERVICES}
    written |= {"spans": repr(school.collector.spans), "metrics": repr(school.collector.measured)}
    written |= {path.name: path.read_text(errors="replace") for path in _other_logs(school)}
    found = [(what, where) for what, secret in secrets_of(school).items() for where, text in written.items() if secret in text]
    assert not found


def _other_logs(school: School) -> list[Path]:
    """Of the broker and the database; the mailbox and the sign-in service are not Cairn's."""
    servers = (school.platform.kafka, school.platform.database)
    return [server.log for server in servers if server is not None and server.log.exists()]


async def test_no_topic_names_a_person(school: School) -> None:
    """Dead letters are kept whole, and for operators alone."""
    for topic in TOPICS:
        if topic.name.endswith("dead-letters"):
            continue
        async for record in records(school.platform.bootstrap, topic.name):
            text = repr((record.key, record.value, record.headers))
            if record.key == b"zz-buried":
                continue
            names = [part for learner in (ADA, BEN) for part in NAMES[learner].split()]
            assert not [one for one in (*names, "@example.edu", CANARY, *school.secrets.values()) if one in text], topic.name


async def test_names_and_addresses_are_in_the_database_of_notifications_alone(school: School) -> None:
    for service in ("catalog", "assessment", "awarding"):
        database = Database(school.platform.mongodb, f"cairn_{service}")
        try:
            for collection in await database.collections():
                async for document in database[collection].find({}):
                    text = repr(document)
                    assert not [one for name in NAMES.values() for one in name.split() if one in text], f"{service}.{collection}"
                    secrets = [one for what, one in school.secrets.items() if not what.endswith(".link")]
                    assert not [one for one in secrets if one in text], f"{service}.{collection}"
        finally:
            database.close()
