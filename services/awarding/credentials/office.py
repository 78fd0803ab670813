"""Where credentials are made: facts found, the document put together, signed when somebody asks for it.

What is handed out follows from what is stored and from the keys alone, so any instance gives the same bytes at any time.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import orjson

from services.awarding.credentials.addresses import Addresses
from services.awarding.credentials.archive import Archive
from services.awarding.credentials.document import Unmakeable, credential_document
from services.awarding.credentials.forms import Algorithm
from services.awarding.credentials.gallery import Gallery, Picture
from services.awarding.credentials.identity import Identity, Sealed, Unsealing
from services.awarding.credentials.keyring import Keyring, NoKey
from services.awarding.domain.rules import Rule, Version
from services.awarding.rulebook import Rulebook
from services.awarding.store import Shelves
from shared.credentials.baking import bake_png, bake_svg
from shared.credentials.jwts import as_jwt
from shared.credentials.keys import SigningKey
from shared.credentials.proofs import signed
from shared.events.awarding import AwardFact, CredentialIssued
from shared.events.catalog import Endorsement

log = logging.getLogger(__name__)

KEPT: Final = 2_000
"""How many made credentials are kept in memory."""

AWARD_FACTS: Final[Mapping[str, type[AwardFact]]] = {kind.TYPE: kind for kind in AwardFact.__subclasses__()}

Sign = Callable[[Mapping[str, Any], SigningKey, str, datetime], dict[str, Any]]
"""Document, key, verification method and time of the proof; gives the document with its proof."""


@dataclass(eq=False)
class Made:
    """One edition of a credential. Each form is made once, when first asked for. Raises NoKey where the key is gone since."""

    issued: CredentialIssued
    award: AwardFact
    document: dict[str, Any]
    """Unsigned."""
    picture: Picture = field(repr=False)
    keyring: Keyring = field(repr=False)
    sign: Sign = field(repr=False, default=signed)

    def signed(self) -> dict[str, Any]:
        """With an embedded proof (eddsa-rdfc-2022)."""
        return self._signed

    def json(self) -> bytes:
        return self._json

    def jwt(self, alg: Algorithm = "RS256") -> str:
        """As VC-JWT."""
        return self._eddsa if alg == "EdDSA" else self._rs256

    def png(self) -> bytes:
        """The picture, with the signed credential inside."""
        return bake_png(self.picture.png, self._json.decode())

    def svg(self) -> str:
        return bake_svg(self.picture.svg, json_text=self._json.decode())

    @cached_property
    def _signed(self) -> dict[str, Any]:
        key = self.keyring.signing(self.issued.signed_with)
        return self.sign(self.document, key, self._method(key), self.issued.created)

    @cached_property
    def _json(self) -> bytes:
        return orjson.dumps(self._signed)

    @cached_property
    def _rs256(self) -> str:
        if self.issued.jwt_signed_with is None:
            raise NoKey(f"The issuer {self.issued.issuer} had no RSA key when this was issued; ask for the algorithm EdDSA.")
        key = self.keyring.signing(self.issued.jwt_signed_with)
        return as_jwt(self.document, key, self._method(key))

    @cached_property
    def _eddsa(self) -> str:
        key = self.keyring.signing(self.issued.signed_with)
        return as_jwt(self.document, key, self._method(key))

    def _method(self, key: SigningKey) -> str:
        return self.keyring.addresses.key(self.issued.issuer, key.kid)


class Office:
    """Gives the credential of an award. The app carries it as `app.state.office`."""

    def __init__(
        self,
        shelves: Shelves,
        rulebook: Rulebook,
        keyring: Keyring,
        archive: Archive,
        *,
        gallery: Gallery | None = None,
        unsealing: Unsealing | None = None,
        sign: Sign = signed,
    ) -> None:
        self.shelves = shelves
        self.rulebook = rulebook
        self.keyring = keyring
        self.archive = archive
        self.gallery = gallery or Gallery()
        self.sign = sign
        self._unsealing = unsealing
        self._made: OrderedDict[tuple[str, int, str | None], Made] = OrderedDict()

    @property
    def addresses(self) -> Addresses:
        return self.keyring.addresses

    async def credential(self, award_id: str) -> Made | None:
        """The newest edition; None if none was issued. Raises Unmakeable."""
        kept = await self.shelves.credential(self.rulebook.rules.ids.credential(award_id))
        return None if kept is None else await self.edition(CredentialIssued.model_validate(kept["fact"]))

    async def edition(self, issued: CredentialIssued) -> Made:
        """Raises Unmakeable."""
        sealed = await self._sealed(issued)
        key = (issued.credential, issued.revision, sealed)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = await self._make(issued, sealed)
        self._made.move_to_end(key)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return made

    def version_of(self, issued: CredentialIssued) -> tuple[Rule, Version]:
        """Raises Unmakeable."""
        rule = self.rulebook.rules.by_id.get(issued.achievement)
        version = None if rule is None else rule.by_number.get(issued.version)
        if rule is None or version is None:
            raise Unmakeable(f"version {issued.version} of {issued.achievement} is not known here")
        return rule, version

    async def _make(self, issued: CredentialIssued, sealed: str | None) -> Made:
        rules = self.rulebook.rules
        rule, version = self.version_of(issued)
        award = await self._award(issued)
        record = await self.shelves.record(issued.learner)
        document = credential_document(
            issued,
            award,
            version.definition,
            addresses=self.addresses,
            subject=rules.ids.subject(issued.learner, issued.issuer, record.erasures),
            identity=self._identity(issued, sealed),
            endorsements=await self._endorsements(issued, version),
        )
        picture = await self.gallery.picture(rule, version, rules)
        return Made(issued, award, document, picture, self.keyring, self.sign)

    async def _award(self, issued: CredentialIssued) -> AwardFact:
        for fact in await self.shelves.facts(issued.learner, issued.award):
            kind = AWARD_FACTS.get(fact["type"])
            if kind is not None and fact["revision"] == issued.award_revision:
                return kind.model_validate(fact["data"])
        raise Unmakeable(f"the award's fact of revision {issued.award_revision} is not stored here")

    async def _sealed(self, issued: CredentialIssued) -> str | None:
        """What the learner shared when it was issued; nothing if they share something else now, or nothing any more."""
        if issued.identity is None:
            return None
        shared = await self.shelves.identity(issued.learner)
        return None if shared is None or shared["revision"] != issued.identity else shared.get("sealed")

    def _identity(self, issued: CredentialIssued, sealed: str | None) -> Identity | None:
        if sealed is None:
            return None
        if self._unsealing is None:
            raise Unmakeable("it says who its learner is, and CAIRN_UNSEALING_KEY, with which that is opened, is not set")
        try:
            return self.identity(sealed, issued.credential, issued.revision)
        except Sealed as error:
            raise Unmakeable(str(error)) from error

    def identity(self, sealed: str, document: str, edition: int) -> Identity | None:
        """What was sealed, with the salt of that edition of that document. Raises Sealed."""
        if self._unsealing is None:
            return None
        name, email = self._unsealing.opened(sealed)
        return Identity(self.rulebook.rules.ids.salt(document, edition), name, email)

    async def _endorsements(self, issued: CredentialIssued, version: Version) -> list[Endorsement]:
        """Those of the version; what was withdrawn since stands in the archive."""
        published = list(version.endorsements)
        missing = set(issued.endorsements) - {endorsement.digest for endorsement in published}
        return published + await self.archive.endorsements(missing) if missing else published
