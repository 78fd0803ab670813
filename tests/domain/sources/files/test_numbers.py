"""Numbers as JSON can write them and nobody can hold."""

from __future__ import annotations

import pytest

from services.assessment.sources.doors.bodies import parsed


@pytest.mark.parametrize("number", ["1" * 5_000, "1e9999999999999999999", "-1E-9999999999999999999"])
def test_a_number_that_nothing_can_hold_is_no_json_and_no_mistake_of_ours(number: str) -> None:
    with pytest.raises(ValueError, match=r"^the JSON has a number that is too long$"):
        parsed(f'{{"score": {number}}}')


@pytest.mark.parametrize("name", ["NaN", "-Infinity"])
def test_what_is_no_number_in_json_is_told_by_its_name(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is not JSON$"):
        parsed(name)
