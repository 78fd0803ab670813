"""What a process asks of the database is counted where it asks, and told apart by before and after."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from deploy.bench.counts import Counters, asked_by, commands, counted, documents, since
from deploy.local.process import Process
from tests.platform.eventually import eventually
from tests.platform.parts import DatabaseServer

ASKS = """
import sys, time, pymongo
of = pymongo.MongoClient(sys.argv[1])[sys.argv[2]]["things"]
of.insert_many([{"_id": number} for number in range(3)])
of.bulk_write([pymongo.ReplaceOne({"_id": n}, {"n": n}, upsert=True) for n in (1, 2, 7)])
of.update_many({}, {"$set": {"seen": True}})
assert len(list(of.find({}))) == 4
time.sleep(60)
"""


def written(folder: Path, name: str, **commands: list[int]) -> None:
    (folder / name).write_text(json.dumps({"things": commands}))


def test_all_instances_of_a_service_are_counted_together_and_those_of_others_not(tmp_path: Path) -> None:
    written(tmp_path, "awarding-1.10.json", insert=[1, 5, 0], find=[2, 7, 0])
    written(tmp_path, "awarding-2.11.json", insert=[2, 5, 0])
    written(tmp_path, "assessment-1.12.json", insert=[100, 100, 0])
    before = asked_by(tmp_path, "awarding")
    assert before == {("things", "insert"): (3, 10, 0), ("things", "find"): (2, 7, 0)}
    written(tmp_path, "awarding-3.13.json", insert=[1, 1, 0])
    grown = since(before, asked_by(tmp_path, "awarding"))
    assert grown == {("things", "insert"): (1, 1, 0)}
    assert commands(grown) == 1
    assert documents(before, "insert") == {"things": 10}


async def test_a_process_counts_its_commands_and_their_documents_as_the_database_does(
    mongodb: DatabaseServer, database_name: str, tmp_path: Path
) -> None:
    counters = Counters(mongodb.uri)
    env = {**os.environ, **counted(tmp_path), "CAIRN_INSTANCE": "asking-1"}
    process = Process("asking", [sys.executable, "-c", ASKS, mongodb.uri, database_name], log=tmp_path / "log", env=env)
    process.start()
    try:
        await eventually(lambda: ("things", "find") in asked_by(tmp_path, "asking"), within=30)
        asked = asked_by(tmp_path, "asking")
        assert asked["things", "insert"] == (1, 3, 0)
        assert asked["things", "update"] == (2, 3 + 4, 1)
        assert asked["things", "find"] == (1, 4, 0)
        served = await counters.now()
        if served.by_place:
            assert served.by_place[f"{database_name}.things"][0] == commands({name: asked[name] for name in asked if name[0]})
    finally:
        await process.kill()
        await counters.close()
