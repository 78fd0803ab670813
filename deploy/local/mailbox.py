"""A mail server whose mails one can read: every accepted mail is a file `mails/000001.eml` under its folder.

As a program it is the server; `Mailbox` starts it as a process and looks into the folder. A file `refusals`
beside the mails, one line `CODE ADDRESS` each, says which recipients are turned away: 550 for good, 451 for now.
"""

import asyncio
import os
import signal
import smtplib
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Annotated

import typer
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.ports import free_port
from deploy.local.process import Process
from deploy.local.server import Server

HOST = "127.0.0.1"
MAILS, REFUSALS = "mails", "refusals"
REPLIES = {550: "5.1.1 no such mailbox", 451: "4.3.0 try again later"}


class Mailbox(Server):
    """A local SMTP server: `async with Mailbox(folder) as mailbox: mailbox.address` (host:port)."""

    name = "mailbox"
    ready_within = 30.0

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def mails(self) -> list[EmailMessage]:
        """All accepted mails in the order of their arrival; `Delivered-To` holds the recipients of the envelope."""
        return [
            message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted((self.folder / MAILS).glob("*.eml"))
        ]

    def mails_to(self, address: str) -> list[EmailMessage]:
        """Those that were delivered to one address."""
        return [mail for mail in self.mails() if address in mail.get_all("Delivered-To", [])]

    def refuse(self, address: str, code: int = 550) -> None:
        """Turn mail to this address away from now on: 550 as unknown for good, 451 as not now."""
        refusals = read_refusals(self.folder) | {address: code}
        write_refusals(self.folder, refusals)

    def accept(self, address: str) -> None:
        """Take mail to this address again."""
        refusals = read_refusals(self.folder)
        refusals.pop(address, None)
        write_refusals(self.folder, refusals)

    def prepared(self) -> Process:
        self.port = self.port or free_port()
        command = [sys.executable, "-m", "deploy.local.mailbox", str(self.folder), "--port", str(self.port)]
        return Process(self.name, command, log=self.log, env=os.environ, cwd=Path(__file__).parents[2])

    async def answers(self) -> bool:
        return await asyncio.to_thread(self._greets)

    def _greets(self) -> bool:
        try:
            with smtplib.SMTP(HOST, self.port, timeout=5) as client:
                return client.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False


class Delivery:
    """Writes what the SMTP conversation brings in (aiosmtpd calls these methods by name)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mails = folder / MAILS
        self.mails.mkdir(parents=True, exist_ok=True)
        taken = [int(path.stem) for path in self.mails.glob("*.eml")]
        self._numbers = count(max(taken, default=0) + 1)

    async def handle_RCPT(  # noqa: N802 - named by the SMTP verb
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        code = read_refusals(self.folder).get(address)
        if code is not None:
            return f"{code} {REPLIES[code]}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - named by the SMTP verb
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        head = "".join(f"Delivered-To: {address}\r\n" for address in envelope.rcpt_tos)
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        path = self.mails / f"{next(self._numbers):06}.eml"
        part = path.with_suffix(".part")
        part.write_bytes(head.encode() + content)
        part.rename(path)
        return "250 Accepted"


def read_refusals(folder: Path) -> dict[str, int]:
    """The refused addresses and the code each is refused with."""
    path = folder / REFUSALS
    if not path.exists():
        return {}
    lines = (line.split(maxsplit=1) for line in path.read_text().splitlines())
    return {address: int(code) for code, address in lines}


def write_refusals(folder: Path, refusals: dict[str, int]) -> None:
    unknown = set(refusals.values()) - set(REPLIES)
    if unknown:
        raise ValueError(f"no reply for code {sorted(unknown)}; there are {sorted(REPLIES)}")
    part = folder / f"{REFUSALS}.part"
    part.write_text("".join(f"{code} {address}\n" for address, code in sorted(refusals.items())))
    part.rename(folder / REFUSALS)


def serve(folder: Path, port: Annotated[int, typer.Option(help="port of 127.0.0.1 to listen on")] = 2525) -> None:
    """Take mail until SIGTERM or Ctrl-C."""
    controller = Controller(Delivery(folder), hostname=HOST, port=port)
    controller.start()
    print(f"taking mail on {HOST}:{port} into {folder / MAILS}", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    controller.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    typer.run(serve)
