"""`others`: implementations from npm; tests that ask them are skipped, saying why, where they can't be installed."""

import pytest

from tests.interop.others import Others
from tests.interop.packages import Missing, installed


@pytest.fixture(scope="session")
def others() -> Others:
    try:
        return Others(installed())
    except Missing as reason:
        pytest.skip(f"no other implementation to ask: {reason}")
