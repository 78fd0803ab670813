"""What the measurement counts, on examples that can be counted by hand."""

from __future__ import annotations

import json

import pytest

from deploy.bench.floor import Even
from deploy.bench.log import Line, delays
from shared.events.awarding import AwardGranted, AwardRevoked, StackUpgraded


def line(id_: str, type_: str, stamp: float, cause: tuple[str, str] = ("completion", "")) -> Line:
    value = json.dumps({"cause": {"kind": cause[0], "id": cause[1]}}).encode()
    return Line(partition=0, offset=0, stamp=stamp, key=b"learner", id=id_, type=type_, value=value)


@pytest.mark.parametrize("share", [0.0, 0.29, 1.0, 2.5])
def test_the_bare_loops_write_as_many_documents_as_the_services_however_messages_are_batched(share: float) -> None:
    in_one, in_many = Even(share), Even(share)
    assert in_one.of(1_000) == sum(in_many.of(size) for size in (1, 99, 400, 7, 493)) == round(1_000 * share)


def test_a_completion_s_delay_is_that_of_the_first_gain_of_the_kind_which_it_led_to() -> None:
    completions = [line("slow", "c", 10.0), line("slow", "c", 11.0), line("fast", "c", 20.0), line("nothing", "c", 30.0)]
    awards = [
        line("1", AwardRevoked.TYPE, 10.1, ("completion", "slow")),
        line("2", AwardGranted.TYPE, 12.0, ("completion", "slow")),
        line("3", AwardGranted.TYPE, 13.0, ("completion", "slow")),
        line("4", AwardGranted.TYPE, 20.5, ("completion", "fast")),
        line("5", StackUpgraded.TYPE, 20.75, ("completion", "fast")),
        line("6", AwardGranted.TYPE, 30.5, ("expiry", "nothing")),
    ]
    assert delays(completions, awards, AwardGranted.TYPE) == [0.5, 2.0]
    assert delays(completions, awards, StackUpgraded.TYPE) == [0.75]
