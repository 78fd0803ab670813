"""What a learner filled into the form that makes a share, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import FormData

from services.awarding.sharing.api import AWARD_IDS, MOST_AWARDS, ShareAsked
from services.awarding.sharing.store import MOST, NotTheirs, Share, Shares, TooMany


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


NOTHING: Final = _("Choose at least one award, or everything.")
TOO_MANY_AWARDS: Final = _("One link can show up to %(most)s awards. Choose fewer, or everything.")
NOT_YOURS: Final = _("Something was chosen that is none of your awards. Choose from the list.")
TOO_MANY: Final = _("You can have up to %(most)s links at a time. Withdraw one that is no longer needed.")
LONGEST_LABEL: Final = 100


class NotWished(Exception):
    """What cannot be shared so; `says` is for the learner."""

    def __init__(self, says: str, *, most: int = 0, status: int = 422) -> None:
        super().__init__(says)
        self.says, self.most, self.status = says, most, status


@dataclass(frozen=True)
class Wish:
    """As it stands in the form, whatever it is; `everything` counts before `awards`."""

    awards: tuple[str, ...] = ()
    everything: bool = False
    name: bool = True
    evidence: bool = True
    stack: bool = True
    label: str = ""

    def asked(self) -> ShareAsked:
        """Raises NotWished."""
        if not self.everything and not self.awards:
            raise NotWished(NOTHING)
        if not self.everything and len(self.awards) > MOST_AWARDS:
            raise NotWished(TOO_MANY_AWARDS, most=MOST_AWARDS)
        if not self.everything and not all(re.fullmatch(AWARD_IDS, award) for award in self.awards):
            raise NotWished(NOT_YOURS)
        awards = None if self.everything else self.awards
        return ShareAsked(awards=awards, name=self.name, evidence=self.evidence, stack=self.stack, label=self.label)


def wish_of(form: FormData) -> Wish:
    return Wish(
        awards=tuple(dict.fromkeys(award for award in map(str, form.getlist("award")) if award)),
        everything=bool(form.get("all")),
        name="name" in form,
        evidence="evidence" in form,
        stack="stack" in form,
        label=str(form.get("label", ""))[:LONGEST_LABEL],
    )


async def share_wished(kept: Shares, learner: str, wish: Wish) -> Share:
    """Raises NotWished."""
    asked = wish.asked()
    try:
        return await kept.make(
            learner, asked.awards, name=asked.name, evidence=asked.evidence, stack=asked.stack, label=asked.label.strip()
        )
    except TooMany as error:
        raise NotWished(TOO_MANY, most=MOST, status=409) from error
    except NotTheirs as error:
        raise NotWished(NOT_YOURS) from error
