"""TLS as a client: whom we trust, and the certificate that says who we are. Files are in PEM, and keys are not encrypted."""

from __future__ import annotations

import ssl
from pathlib import Path

from shared.settings import Unset


def trusting(variable: str, authorities: Path | None) -> ssl.SSLContext:
    """Verifies servers' certificates, and that they are their host's: by these authorities, or else the machine's.

    Raises Unset, naming the variable, where the file can't be read.
    """
    try:
        return ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError) as error:
        raise Unset(f"{variable}: {authorities} holds no certificates in PEM that can be read") from error


def show(context: ssl.SSLContext, variable: str, certificate: Path, key: Path | None = None) -> None:
    """Let it show the certificate, whose key is in `key` or in the same file. Raises Unset, naming the variable."""
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        where = f"{certificate} and {key} are" if key else f"{certificate} is"
        raise Unset(f"{variable}: {where} no certificate with its key, not encrypted, in PEM that can be read") from error


def _no_password() -> str:
    """Instead of OpenSSL's asking for it at the terminal."""
    raise ValueError("the key is encrypted")
