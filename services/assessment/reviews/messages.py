"""What those who follow the queue are told: one message for each thing that happened, to an institution's messenger or hub.

The body fits the incoming webhooks of the usual messengers (they show `text`) and the envelope of Standard Webhooks (`type`,
`timestamp`, `data`). It names nobody but by the learner's opaque id: the institution's hub knows whom to write to.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final

import httpx
import orjson

from services.assessment.domain.submissions import State
from services.assessment.reviews.offers import Offer
from services.assessment.reviews.store import Shelved, micros
from services.assessment.sources.signatures import ID, SIGNATURE, TIMESTAMP, is_secret, signature
from shared.events.envelope import rfc3339
from shared.settings import Settings, Unset

log = logging.getLogger(__name__)

TIMEOUT: Final = 10.0

SAYS: Final = {
    "handed_in": "Evidence for {what} was handed in and waits for an assessor: {desk}",
    "appealed": "The verdict on evidence for {what} was appealed against and waits for an assessor: {desk}",
    "asked": "An assessor asks for more evidence for {what}: {own}",
    "decided": "Evidence for {what} was judged: {own}",
    "withdrawn": "Evidence for {what} was withdrawn.",
    "overdue": "Evidence for {what} has waited for {whom} since {since}: {page}",
}


class NotDelivered(Exception):
    """Whoever is told did not take it; the text says why."""


def message_of(shelved: Shelved, offer: Offer, outside: str, at: datetime) -> dict[str, Any]:
    """Of the notice that the submission has. `outside` is where people reach the pages."""
    submission, notice = shelved.submission, shelved.notice
    assert notice is not None
    desk, own = f"{outside}/desk/reviews/{submission.id}", f"{outside}/my/submissions/{submission.id}"
    for_learner = submission.state is State.ASKED
    since = submission.waits_since
    text = SAYS[notice].format(
        what=f"“{offer.name}: {offer.review.name}”",
        whom="the learner" if for_learner else "an assessor",
        since="–" if since is None else f"{since:%d %B %Y}",
        desk=desk,
        own=own,
        page=own if for_learner else desk,
    )
    return {
        "type": f"review.{notice}",
        "timestamp": rfc3339(at),
        "text": text,
        "data": {
            "submission": submission.id,
            "learner": submission.learner,
            "achievement": submission.achievement,
            "review": submission.review,
            "issuer": shelved.issuer,
            "state": submission.state.value,
            "waits_since": None if since is None else rfc3339(since),
            "desk": desk,
            "page": own,
        },
    }


class Messenger:
    """Posts messages to one address, signed if there is a secret."""

    def __init__(self, address: str, outside: str, secret: bytes | None = None) -> None:
        self._address = address
        self._outside = outside
        self._secret = secret
        self._http = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> Messenger | None:
        """None: nobody is told. Raises Unset."""
        secret = settings.secret_of_reviews_webhook()
        if secret is not None and not is_secret(secret.decode()):
            raise Unset("CAIRN_REVIEWS_WEBHOOK_SECRET: the file holds no secret of the form whsec_…, of 24 to 64 bytes in base64")
        return None if settings.reviews_webhook is None else cls(settings.reviews_webhook, settings.assessment_url, secret)

    async def send(self, shelved: Shelved, offer: Offer, at: datetime) -> None:
        """The same again has the same webhook-id. Raises NotDelivered."""
        body = orjson.dumps(message_of(shelved, offer, self._outside, at))
        id_, timestamp = f"{shelved.submission.id}.{shelved.revision}", str(micros(at) // 1_000_000)
        headers = {"content-type": "application/json", ID: id_, TIMESTAMP: timestamp}
        if self._secret is not None:
            headers[SIGNATURE] = signature(self._secret, id_, timestamp, body)
        try:
            answer = await self._http.post(self._address, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise NotDelivered(type(error).__name__) from error
        if not answer.is_success:
            raise NotDelivered(f"it answers {answer.status_code}")

    async def close(self) -> None:
        await self._http.aclose()
