"""The keys with which the local provider signs: the newest one signs, all of them are published."""

import json
from pathlib import Path

from joserfc.jwk import RSAKey

KEYS = "keys.json"


def new_key(folder: Path, *, forget: bool = False) -> None:
    """One more, which signs from now on; the only one, if the others are to be forgotten."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = [] if forget or not (folder / KEYS).exists() else json.loads((folder / KEYS).read_text())
    part = folder / f"{KEYS}.part"
    part.touch(mode=0o600)
    part.write_text(json.dumps([RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True), *kept]))
    part.rename(folder / KEYS)


def keys_in(folder: Path) -> list[RSAKey]:
    """The newest first. One is made, if there is none yet."""
    if not (folder / KEYS).exists():
        new_key(folder)
    return [RSAKey.import_key(one) for one in json.loads((folder / KEYS).read_text())]
