"""A mail server that wants to know who sends: logged in to with user and password, which nobody on the way may read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from deploy.local.ports import free_port
from services.notifications.domain.delivery import Accepted, Answer, Away
from services.notifications.smtp import Connection
from shared.settings import Settings, Unset

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
LOGIN = ("cairn", "a long secret")
MAIL = b"From: cairn@example.org\r\nTo: ada@example.edu\r\nSubject: Hello\r\n\r\n"


def known(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object) -> AuthResult:
    is_known = isinstance(given, LoginPassword) and (given.login, given.password) == tuple(part.encode() for part in LOGIN)
    return AuthResult(success=is_known, handled=is_known)


@contextmanager
def server_that_asks(host: str = "127.0.0.1") -> Iterator[int]:
    controller = Controller(
        Sink(), hostname=host, port=free_port(), authenticator=known, auth_required=True, auth_require_tls=False
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


async def answer(port: int, login: tuple[str, str] | None, host: str = "127.0.0.1") -> Answer:
    connection = Connection(host, port, 10.0, login)
    try:
        return await connection.send(MAIL, "cairn@example.org", "ada@example.edu")
    finally:
        await connection.close()


async def test_a_mail_goes_out_after_logging_in() -> None:
    with server_that_asks() as port:
        assert isinstance(await answer(port, LOGIN), Accepted)
        assert not isinstance(await answer(port, None), Accepted)


async def test_a_wrong_password_lets_the_mail_wait_and_is_not_in_the_answer() -> None:
    with server_that_asks() as port:
        said = await answer(port, ("cairn", "not that one"))
    assert isinstance(said, Away)
    assert "535" in said.trouble
    assert "not that one" not in said.trouble


async def test_the_password_is_not_told_to_another_machine_without_tls() -> None:
    with server_that_asks("0.0.0.0") as port:
        said = await answer(port, LOGIN, socket.gethostname())
    assert isinstance(said, Away)
    assert "no TLS" in said.trouble


def test_a_user_without_a_password_is_refused_at_start(tmp_path: Path) -> None:
    needed = {"kafka": "k:1", "mongodb": "mongodb://m", "jwks": "j", "token_issuer": "i", "token_audience": "a"}
    assert Settings(**needed).smtp_login() is None  # type: ignore[arg-type]  # fields by name
    with pytest.raises(Unset, match="CAIRN_SMTP_PASSWORD"):
        Settings(**needed, smtp_user="cairn").smtp_login()  # type: ignore[arg-type]  # fields by name
    (tmp_path / "password").write_text("secret\n")
    settings = Settings(**needed, smtp_user="cairn", smtp_password=tmp_path / "password")  # type: ignore[arg-type]  # fields by name
    assert settings.smtp_login() == ("cairn", "secret")
