"""What can be wrong with a picture that should have a credential in it."""

from __future__ import annotations


class NothingBaked(ValueError):
    """The picture is well, and has no credential in it."""


class AlreadyBaked(ValueError):
    """The picture has a credential in it already, and may have only one."""


class Malformed(ValueError):
    """The file is no picture that can be read, or its credential is not as Open Badges 3.0 says."""
