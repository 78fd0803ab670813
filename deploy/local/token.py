"""Print a bearer token of the local platform."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.local.keys import LIFETIME, LocalKeys

KEYS = Path("var/keys")


def token(
    scope: Annotated[str, typer.Option(help="scopes, separated by spaces")] = "",
    learner: Annotated[str | None, typer.Option(help="a learner's id; without it the token is staff's")] = None,
    keys: Annotated[Path, typer.Option(help="folder of the local platform's keys")] = KEYS,
    lifetime: Annotated[int, typer.Option(help="seconds for which it is valid")] = LIFETIME,
) -> None:
    """Print a bearer token of the local platform."""
    print(LocalKeys(keys).token(*scope.split(), learner=learner, lifetime=lifetime))


if __name__ == "__main__":
    typer.run(token)
