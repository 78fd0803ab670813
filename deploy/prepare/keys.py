"""The keys that services keep for good, each made in a file of its own unless it is there."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from joserfc.jwk import ECKey, OKPKey, RSAKey

from deploy.local.keys import created


def _secret() -> str:
    return secrets.token_hex(32)


def _issuer_keys() -> str:
    keys = (OKPKey.generate_key("Ed25519", auto_kid=True), RSAKey.generate_key(3072, auto_kid=True))
    return json.dumps({"keys": [key.as_dict(private=True) for key in keys]}, indent=2)


def _unsealing_key() -> str:
    return json.dumps(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True))


FILES: Final[Mapping[str, Callable[[], str]]] = {
    "session.key": _secret,
    "sources.key": _secret,
    "public-id.key": _secret,
    "issuer-keys.json": _issuer_keys,
    "unsealing-key.json": _unsealing_key,
}
"""What the chart's `keys` names. `sealing-key.json` is the public part of the unsealing one."""


def make_keys(folder: Path) -> list[str]:
    """Make those that are missing, for their owner's eyes; says which those were. What is there is never touched."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    missing = [name for name in (*FILES, "sealing-key.json") if not (folder / name).exists()]
    for name, content in FILES.items():
        created(folder / name, content)
    unsealing = ECKey.import_key(json.loads((folder / "unsealing-key.json").read_text()))
    created(folder / "sealing-key.json", lambda: json.dumps(unsealing.as_dict(private=False)))
    return missing
