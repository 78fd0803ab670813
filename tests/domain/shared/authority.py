"""An issuer of tokens for tests: keys that can be rotated, and a real HTTP server for its key set."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

ISSUER, AUDIENCE = "https://issuer.example", "cairn"


def claims(**changed: object) -> dict[str, object]:
    """Those of a good token; None removes one."""
    now = int(time.time())
    good: dict[str, object] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "someone", "iat": now, "exp": now + 7_200, "scope": ""}
    return {name: value for name, value in (good | changed).items() if value is not None}


def ec_key() -> ECKey:
    return ECKey.generate_key("P-256", auto_kid=True)


def rsa_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


def ed_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", auto_kid=True)


def signed(key: Key, algorithm: str, payload: dict[str, object], **header: object) -> str:
    registry = jws.JWSRegistry(algorithms=[algorithm])
    return jwt.encode({"alg": algorithm, "kid": key.kid} | header, payload, key, registry=registry)


def key_set(*keys: ECKey | RSAKey | OKPKey) -> str:
    return json.dumps(KeySet(list(keys)).as_dict(private=False))


class Authority:
    """Serves a key set over HTTP while entered, and counts how often it was asked."""

    def __init__(self, document: str) -> None:
        self.document = document
        self.status = 200
        self.asked = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def __enter__(self) -> Self:
        authority = self

        class Exchange(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                authority.asked += 1
                self.send_response(authority.status)
                self.end_headers()
                self.wfile.write(authority.document.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
