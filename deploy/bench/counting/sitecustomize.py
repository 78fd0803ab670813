"""Counts what a process asks of the database, by the driver's own monitoring: Python imports a module of this name at its start.

Put this folder on a process's `PYTHONPATH` and name a folder in `CAIRN_COUNTS`: twice a second the numbers since its start are
written there, as `<instance>.<process>.json`: {"<collection>": {"<command>": [commands, documents, of these upserted]}}. Commands
of no collection are under "". Nothing is counted where `CAIRN_COUNTS` isn't set.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

EVERY = 0.5


def count_into(folder: Path) -> None:
    from pymongo import monitoring

    numbers: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    asked: dict[int, str] = {}
    lock = threading.Lock()

    class Count(monitoring.CommandListener):
        def started(self, event: monitoring.CommandStartedEvent) -> None:
            name = event.command.get("collection") if event.command_name == "getMore" else event.command.get(event.command_name)
            asked[event.request_id] = name if isinstance(name, str) else ""

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
            documents = documents_of(event.command_name, event.reply)
            with lock:
                number = numbers[asked.pop(event.request_id, "")][event.command_name]
                number[0] += 1
                number[1] += documents
                number[2] += len(event.reply.get("upserted", ()))

        def failed(self, event: monitoring.CommandFailedEvent) -> None:
            with lock:
                numbers[asked.pop(event.request_id, "")][f"{event.command_name} failed"][0] += 1

    def write() -> None:
        path = folder / f"{os.environ.get('CAIRN_INSTANCE', 'process')}.{os.getpid()}.json"
        last = ""
        while True:
            with lock:
                now = json.dumps(numbers)
            if now != last:
                part = path.with_suffix(".part")
                part.write_text(now)
                part.replace(path)
                last = now
            time.sleep(EVERY)

    monitoring.register(Count())
    threading.Thread(target=write, name="counting", daemon=True).start()


def documents_of(command: str, reply: Any) -> int:
    """How many documents were written or read."""
    if command in ("insert", "update", "delete"):
        return int(reply.get("n", 0))
    cursor = reply.get("cursor")
    if not isinstance(cursor, dict):
        return 0
    return len(cursor.get("firstBatch") or cursor.get("nextBatch") or ())


if folder := os.environ.get("CAIRN_COUNTS"):
    count_into(Path(folder))
