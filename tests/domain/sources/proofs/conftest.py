"""Checking with its real processes."""

from tests.domain.checking.conftest import workers, world

__all__ = ["workers", "world"]
