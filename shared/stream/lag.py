"""How much of a partition is not yet processed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from faust.types import TP

from shared.stream.checkpoint import Checkpoint
from shared.stream.flow import Role

UNKNOWN: Final = (AssertionError, AttributeError, KeyError)
"""What the consumer's state raises before it has started and in the middle of a rebalance."""


def lags(app: Any, held: Mapping[int, Checkpoint], roles: Mapping[str, Role]) -> Iterable[tuple[TP, int]]:
    """For each partition that is held, as the broker's last answer to the consumer has it. Where there was none yet: nothing.

    What a transaction leaves at the end is no message: when the consumer is past it, and nothing is in hand, nothing is behind.
    """
    in_hand = {message.tp for message in app.consumer.unacked}
    for place, state in _assigned(app).items():
        checkpoint = held.get(place.partition)
        if checkpoint is None or state.highwater is None:
            continue
        through = state.has_valid_position and state.position >= state.highwater and place not in in_hand
        done = checkpoint.offsets.get(roles[place.topic], -1)
        yield place, 0 if through else max(state.highwater - done - 1, 0)


def _assigned(app: Any) -> dict[TP, Any]:
    """The consumer's own state, read without asking it: asking would wait for the end of a rebalance."""
    try:
        assignment = app.consumer._thread._consumer._subscription.subscription.assignment
        return {TP(one.topic, one.partition): assignment.state_value(one) for one in assignment.tps}
    except UNKNOWN:
        return {}
