"""Whatever comes in whatever order: credentials follow awards, and no place is shared."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.awarding.domain.status_lists import ListId
from tests.domain.awarding.issued import Holder
from tests.domain.awarding.scene import Learner
from tests.domain.awarding.test_order import History, histories, levels_of


def follow(history: History, random: Any, publish_at: int, holder: Holder) -> None:
    """The history in some order, with identities shared and keys lost on the way."""
    shuffled = [*history.events(), *random.sample(history.events(), 2)]
    random.shuffle(shuffled)
    for number, one in enumerate(shuffled):
        if number == publish_at % len(shuffled):
            holder.publish(*history.catalog)
        if random.random() < 0.2:
            holder.share(random.randint(1, 6), random.choice(["sealed", None]))
        if random.random() < 0.1:
            holder.with_keys(keys_of=lambda unit, n=number: (f"ed-{n}", None), unusable={"ed-uni"})
            for award in holder.record.said:
                holder.ask_again(award)
        holder.wait(random.choice([0, 0.4, 90]))
        holder.apply(one)
    holder.publish(*history.catalog)


@settings(max_examples=40, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.integers(0, 20))
def test_issuing_changes_nothing_about_who_holds_what_in_any_order(history: History, random: Any, publish_at: int) -> None:
    straight = Learner(*history.catalog)
    straight.apply(*history.events())
    ada = Holder()
    follow(history, random, publish_at, ada)
    assert ada.record.lines == straight.record.lines
    assert levels_of(ada) == levels_of(straight)
    ada.agrees()


@settings(max_examples=20, deadline=None)
@given(st.lists(histories(), min_size=2, max_size=3), st.randoms(use_true_random=False), st.integers(0, 20))
def test_learners_of_one_partition_and_of_others_share_no_place(lives: list[History], random: Any, publish_at: int) -> None:
    first = Holder(learner="first")
    holders = [first, *(Holder(learner=f"learner-{n}", of=first) for n in range(1, len(lives)))]
    holders.append(Holder(learner="elsewhere", partition=3))
    for holder, history in zip(holders, [*lives, lives[0]], strict=True):
        follow_alone(history, random, publish_at, holder)
    places = [place for holder in holders for place in holder.places]
    assert len(set(places)) == len(places)
    purposes: dict[str, set[str]] = {}
    for holder in holders:
        for fact in holder.editions():
            purposes.setdefault(fact.status.list, set()).add(fact.status.purpose)
    for list_, found in purposes.items():
        id_ = ListId.of(list_)
        assert id_ is not None
        assert found == {id_.purpose}


def follow_alone(history: History, random: Any, publish_at: int, holder: Holder) -> None:
    """Its verdicts alone, for the history's events name one learner."""
    verdicts = [said.model_copy(update={"learner": holder.record.learner}) for said in history.verdicts()]
    random.shuffle(verdicts)
    holder.apply(*verdicts[:publish_at])
    holder.publish(*history.catalog)
    holder.apply(*verdicts[publish_at:])
    holder.agrees()


@settings(max_examples=20, deadline=None)
@given(histories())
def test_what_comes_twice_is_issued_once(history: History) -> None:
    ada = Holder(*history.catalog)
    ada.apply(*history.events())
    issued, numbers = len(ada.editions()), dict(ada.numbers)
    ada.apply(*history.events())
    assert (len(ada.editions()), ada.numbers) == (issued, numbers)
