"""The local platform's own authority: a key pair, its public JWKS file, and the tokens it mints."""

import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

ISSUER, AUDIENCE = "cairn-local", "cairn"
ALGORITHM = "ES256"
STAFF = "local-staff"
OWN = "self:read"
"""The scope with which a learner reads what is their own."""
LIFETIME = 12 * 3600


class LocalKeys:
    """The keys in `folder`, made at first use. The private ones are readable by their owner only."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.jwks = folder / "jwks.json"
        """The public key set that services verify tokens against."""
        self.public_id_key = folder / "public-id.key"
        """The secret behind public ids: 32 random bytes in hexadecimal."""
        self.session_key = folder / "session.key"
        """The secret behind sign-in cookies."""
        self.sources_key = folder / "sources.key"
        """Assessment's secret for originals, evidence and names of learners."""
        self.oidc_client_secret = folder / "oidc-client-secret"
        """The secret that awarding shows to the sign-in service."""
        self.issuer_keys = folder / "issuer-keys.json"
        """The private keys with which credentials are signed: Ed25519 for embedded proofs, RSA for JWTs."""
        self.unsealing_key = folder / "unsealing-key.json"
        self.sealing_key = folder / "sealing-key.json"
        """The public part of it, for which notifications seals what learners share of their identity."""
        private = folder / "signing-key.json"
        created(private, lambda: json.dumps(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True)))
        created(self.public_id_key, lambda: secrets.token_hex(32))
        created(self.session_key, lambda: secrets.token_hex(32))
        created(self.sources_key, lambda: secrets.token_hex(32))
        created(self.oidc_client_secret, lambda: secrets.token_urlsafe(32))
        created(self.issuer_keys, _issuer_keys)
        created(self.unsealing_key, lambda: json.dumps(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True)))
        sealing = ECKey.import_key(json.loads(self.unsealing_key.read_text()))
        created(self.sealing_key, lambda: json.dumps(sealing.as_dict(private=False)))
        self._key = ECKey.import_key(json.loads(private.read_text()))
        created(self.jwks, lambda: json.dumps(KeySet([self._key]).as_dict(private=False), indent=2))

    def token(self, *scopes: str, learner: str | None = None, lifetime: int = LIFETIME) -> str:
        """A bearer token for these scopes, valid for `lifetime` seconds (a negative one: expired already).

        Its subject is the learner, who may read what is their own, or else a member of staff.
        """
        now = int(time.time())
        if learner and not scopes:
            scopes = (OWN,)
        claims: dict[str, str | int] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": learner or STAFF,
            "scope": " ".join(scopes),
            "iat": now,
            "exp": now + lifetime,
        }
        if learner:
            claims["learner"] = learner
        return jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": self._key.kid}, claims, self._key)


def _issuer_keys() -> str:
    keys = (OKPKey.generate_key("Ed25519", auto_kid=True), RSAKey.generate_key(2048, auto_kid=True))
    return json.dumps({"keys": [key.as_dict(private=True) for key in keys]})


def created(path: Path, content: Callable[[], str]) -> None:
    """Make the file, whole and for its owner's eyes, unless it is there; of several makers one wins."""
    if path.exists():
        return
    with NamedTemporaryFile("w", dir=path.parent) as new:
        new.write(content())
        new.flush()
        try:
            os.link(new.name, path)
        except FileExistsError:
            return
