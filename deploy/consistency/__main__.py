"""`python -m deploy.consistency`: the environment says where broker and database are, as to the services.

Exit status: 0 if nothing differs, 1 if something does or a service is too far behind to tell. It writes nothing anywhere.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated

import typer

from deploy.consistency.looking import Result, look
from shared.settings import Settings, Unset


def main(
    patience: Annotated[float, typer.Option(help="seconds to wait for what is in flight, for each partition")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="the result as JSON")] = False,
) -> None:
    """Compare a running platform's entries, verdicts, awards, credentials, status lists and inboxes, and name each difference."""
    try:
        settings = Settings.read()
    except Unset as unset:
        sys.exit(str(unset))
    result = asyncio.run(look(settings, patience, lambda line: print(line, file=sys.stderr, flush=True)))
    print(json.dumps(result.to_json(), indent=2) if as_json else in_words(result))
    sys.exit(0 if result.consistent else 1)


def in_words(result: Result) -> str:
    lines = [str(one) for one in result.differences] + [f"too far behind to tell: {service}" for service in result.behind]
    return "\n".join([*lines, f"{result.learners} learners, {len(result.differences)} differences"])


if __name__ == "__main__":
    typer.run(main)
