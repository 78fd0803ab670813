"""A real HTTP server that answers as a false or careless provider would."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shared.http.sign_in import Provider
from tests.domain.shared.authority import key_set, rsa_key, signed

KEY = rsa_key()


class Careless:
    """Answers with whatever a test has put there."""

    def __init__(self) -> None:
        careless = self

        class Exchange(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(careless.configuration if self.path.startswith("/.well-known") else careless.keys)

            def do_POST(self) -> None:
                careless.asked.append((self.headers, self.rfile.read(int(self.headers["content-length"])).decode()))
                self.answer(careless.token)

            def answer(self, content: object) -> None:
                self.send_response(careless.status)
                self.end_headers()
                self.wfile.write(content if isinstance(content, bytes) else json.dumps(content).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        at = self.issuer
        self.status = 200
        self.asked: list[tuple[Any, str]] = []
        self.configuration: Any = {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize?tenant=1",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/jwks",
        }
        self.keys: Any = json.loads(key_set(KEY))
        self.token: Any = {}
        self.says()

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.server.server_port}"

    def says(self, key: Any = KEY, algorithm: str = "RS256", **changed: object) -> None:
        """An identity token, good but for the claims that are changed; None removes one."""
        now = int(time.time())
        good = {"iss": self.issuer, "aud": "cairn", "sub": "s-1", "iat": now, "exp": now + 300, "nonce": "nonce"} | changed
        payload = {name: value for name, value in good.items() if value is not None}
        self.token = {"access_token": "a", "token_type": "Bearer", "id_token": signed(key, algorithm, payload)}

    def provider(self, secret: str | None = "s:e c") -> Provider:
        return Provider(self.issuer, "cairn", secret, "http://here/sign-in/back")
