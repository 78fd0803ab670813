"""When what a process was given to prove who it is ends: certificates, and issuers' keys that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from shared.telemetry import metrics
from shared.telemetry.metrics import Attributes

MARK: Final = b"-----BEGIN CERTIFICATE-----"
LARGEST: Final = 1_000_000


def watch_certificates(settings: Mapping[str, Any]) -> None:
    """Those in files that settings name, read again at each export: whoever renews them changes the files."""
    named = {name: Path(value) for name, value in settings.items() if isinstance(value, Path | str) and _file(value)}
    metrics.EXPIRY.observe("certificates", lambda: _certificates(named))


def watch_keys(ends: Mapping[str, datetime]) -> None:
    """Keys by their id."""
    metrics.EXPIRY.observe("keys", lambda: [(end.timestamp(), _attributes("key", kid)) for kid, end in ends.items()])


def _certificates(files: Mapping[str, Path]) -> Iterable[tuple[float, Attributes]]:
    for name, path in files.items():
        if (end := first_end(path)) is not None:
            yield end.timestamp(), _attributes("certificate", name)


def first_end(path: Path) -> datetime | None:
    """When the first of a file's certificates ends; None where it has none, or can't be read."""
    from cryptography import x509

    try:
        if path.stat().st_size > LARGEST or MARK not in (text := path.read_bytes()):
            return None
        return min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(text))
    except (OSError, ValueError):
        return None


def _file(value: Path | str) -> bool:
    try:
        return Path(value).is_file()
    except (OSError, ValueError):
        return False


def _attributes(kind: str, name: str) -> Attributes:
    return {"cairn.kind": kind, "cairn.name": name}
