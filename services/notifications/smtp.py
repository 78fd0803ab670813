"""Speaking SMTP: one mail after another over a connection that stays open, each with the server's answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import ip_address
from time import monotonic
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from services.notifications.domain.delivery import Accepted, Answer, Away, Refusal, without_address

STALE_AFTER: Final = 5.0
CLOSING: Final = 421
TLS_FROM_THE_START: Final = 465
LONGEST_ANSWER: Final = 500


class Unprotected(Exception):
    """Others could read what would be said."""


class Connection:
    """To one mail server; opened when first needed, and again after it was lost. For one mail at a time.

    `timeout` are the seconds that a whole conversation about one mail may take. `login` are user and password, told only to
    this machine or over TLS: from the start on port 465, otherwise as soon as the server offers it.
    """

    def __init__(self, host: str, port: int, timeout: float, login: tuple[str, str] | None = None) -> None:
        self._server = host, port
        self._timeout = timeout
        self._login = login
        self._client: SMTP | None = None
        self._used = 0.0

    async def send(self, message: bytes, sender: str, address: str) -> Answer:
        """Never raises for what a server or the network does: that is the answer."""
        answer = await self._answer(message, sender, address)
        if isinstance(answer, Away):
            await self.close()
        self._used = monotonic()
        return answer

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await client.quit()
        except (SMTPException, OSError, TimeoutError):
            client.close()

    async def _answer(self, message: bytes, sender: str, address: str) -> Answer:
        try:
            async with asyncio.timeout(self._timeout):
                client = await self._connected()
                return Accepted(_shown(250, await _said(client, message, sender, address), address))
        except (SMTPRecipientRefused, SMTPDataError) as refused:
            return _refusal(refused, address)
        except SMTPResponseException as turned_away:
            return Away(_shown(turned_away.code, turned_away.message, address))
        except Unprotected as trouble:
            return Away(str(trouble))
        except (SMTPException, OSError, TimeoutError) as trouble:
            return Away(f"no conversation: {type(trouble).__name__}")

    async def _connected(self) -> SMTP:
        """A server may close a connection that nobody used for a while: after a pause it is asked first."""
        client = self._client
        if client is not None and client.is_connected:
            if monotonic() - self._used < STALE_AFTER:
                return client
            try:
                await client.noop()
            except (SMTPException, OSError):
                client.close()
            else:
                return client
        host, port = self._server
        client = SMTP(hostname=host, port=port, timeout=self._timeout, use_tls=port == TLS_FROM_THE_START)
        await client.connect()
        try:
            await self._log_in(client)
        except BaseException:
            client.close()
            raise
        self._client = client
        return client

    async def _log_in(self, client: SMTP) -> None:
        if self._login is None:
            return
        if client.get_transport_info("sslcontext") is None and not _is_this_machine(self._server[0]):
            raise Unprotected("the server offers no TLS, and the password is not told without")
        await client.login(*self._login)


async def _said(client: SMTP, message: bytes, sender: str, address: str) -> str:
    """The answer of a server that took the mail. What is refused leaves the server ready for the next.

    Command by command: `SMTP.sendmail` takes addresses apart and watches the time of each, which a conversation of ours has as a
    whole.
    """
    options = [f"SIZE={len(message)}"] if client.supports_extension("size") else []
    try:
        await client.mail(sender, options=options, timeout=None)
        await client.rcpt(address, timeout=None)
        return (await client.data(message, timeout=None)).message
    except SMTPResponseException:
        with suppress(SMTPException, OSError):
            await client.rset(timeout=None)
        raise


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refusal(refused: SMTPResponseException, address: str) -> Answer:
    """421 is no answer about this mail: the server is closing down."""
    said = _shown(refused.code, refused.message, address)
    return Away(said) if refused.code == CLOSING else Refusal(said, for_now=refused.code < 500)


def _shown(code: int, said: str, address: str) -> str:
    """On one line, without the address, and as proper text whatever bytes the server sent."""
    text = f"{code} {' '.join(said.split())}".encode(errors="replace").decode()
    return without_address(text, address)[:LONGEST_ANSWER]
