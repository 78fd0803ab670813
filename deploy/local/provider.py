"""An OpenID Connect provider for this machine alone: whoever opens it signs in as any learner, without a password.

As a program it is the server; `Provider` starts it as a process. A file `people.json` in its folder has the learners that its
page offers, `{id: name}`. What it does is real: discovery, code flow with PKCE (S256) for one client with a secret, codes that
are good once and for a minute, identity tokens signed with a key that it publishes, sign-out; and access tokens for programs that
show their secret (client credentials).
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import httpx
import typer
import uvicorn

from deploy.local.ports import free_port
from deploy.local.process import Process
from deploy.local.provider_keys import new_key
from deploy.local.provider_pages import CLIENTS, PEOPLE, app_of
from deploy.local.server import Server

HOST = "127.0.0.1"


class Provider(Server):
    """`async with Provider(folder, client, secret, outside) as provider: provider.issuer`.

    `secret` is the file with the client's secret. Codes are sent to `/sign-in/back` of the services at the addresses `outside`,
    people who signed out to their `/`.
    """

    name = "provider"
    ready_within = 60.0

    def __init__(self, folder: Path, client: str, secret: Path, outside: Sequence[str] = (), port: int | None = None) -> None:
        super().__init__(folder, port)
        self.client = client
        self.secret = secret
        self.outside = tuple(outside)

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def offer(self, people: Mapping[str, str]) -> None:
        """Show these learners, `{id: name}`, on the page; others may be typed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{PEOPLE}.part"
        part.write_text(json.dumps(dict(people), ensure_ascii=False))
        part.rename(self.folder / PEOPLE)

    def admit(self, clients: Mapping[str, Path]) -> None:
        """Give these programs tokens of their own (client credentials): by id, the file with the secret."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / CLIENTS).write_text(json.dumps({client: str(secret) for client, secret in clients.items()}))

    def rotate(self, *, forget: bool = False) -> None:
        """Sign with a new key from now on. The earlier ones stay in the key set, unless they are to be forgotten."""
        new_key(self.folder, forget=forget)

    def prepared(self) -> Process:
        self.port = self.port or free_port()
        command = [sys.executable, "-m", "deploy.local.provider", str(self.folder), "--port", str(self.port)]
        command += ["--client", self.client, "--secret", str(self.secret)]
        for address in self.outside:
            command += ["--outside", address]
        return Process(self.name, command, log=self.log, env=os.environ, cwd=Path(__file__).parents[2])

    async def answers(self) -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
            try:
                answer = await http.get(f"http://{HOST}:{self.port}/.well-known/openid-configuration")
            except httpx.TransportError:
                return False
            return answer.is_success


def serve(
    folder: Path,
    port: Annotated[int, typer.Option(help="port of 127.0.0.1 to listen on")],
    client: Annotated[str, typer.Option(help="the client's id")],
    secret: Annotated[Path, typer.Option(help="file with the client's secret")],
    outside: Annotated[list[str] | None, typer.Option(help="a service that people sign in to, by its address")] = None,
) -> None:
    """Let people sign in until SIGTERM or Ctrl-C."""
    app = app_of(folder, f"http://localhost:{port}", client, secret.read_text().strip(), outside or ())
    uvicorn.run(app, host=HOST, port=port, log_level="warning", access_log=False, server_header=False)


if __name__ == "__main__":
    typer.run(serve)
