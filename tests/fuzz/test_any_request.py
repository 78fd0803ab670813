"""schemathesis, which knows a service's document and nothing else, asks all of it: as staff, a learner, a source, and nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fuzz.asking import ASKED, LONG, WHO, asked
from tests.security.school import SERVICES, School

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(7_200)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def school(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[School]:
    async with School.open(tmp_path_factory.mktemp("asked"), CAIRN_LOG_LEVEL="INFO") as opened:
        await opened.furnish()
        yield opened


@pytest.mark.parametrize(("service", "who"), list(product(SERVICES, WHO)) if LONG else list(ASKED))
async def test_whatever_is_asked_is_answered_as_the_document_says(school: School, service: str, who: str, tmp_path: Path) -> None:
    said = await asked(school, service, who, tmp_path)
    assert not said, said


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_that_was_asked_was_foreseen_by_nobody(school: School, service: str) -> None:
    """Beneath an answer that conforms there may still be a mistake of ours."""
    assert "nobody foresaw" not in school.platform[service].log.read_text()
