"""Which contexts can be named, and that their documents are the pinned ones."""

import subprocess
import sys

import pytest

from shared.credentials import contexts
from shared.credentials.contexts import CLR, CONTEXTS, CREDENTIALS, EXAMPLES, OPEN_BADGES, Altered, UnknownContext, digest_of


def test_every_pinned_context_is_there_unaltered() -> None:
    assert {CREDENTIALS, OPEN_BADGES, CLR, EXAMPLES} <= set(CONTEXTS)
    assert all("@context" in context.document for context in CONTEXTS.values())


def test_an_altered_context_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    name, _ = contexts.PINNED[CREDENTIALS]
    monkeypatch.setattr(contexts, "PINNED", {"https://altered.example": (name, "0" * 64)})

    with pytest.raises(Altered, match=r"altered\.example"):
        CONTEXTS["https://altered.example"]


def test_the_package_that_has_the_documents_is_not_run() -> None:
    code = (
        "import sys; from shared.credentials.contexts import CONTEXTS; list(CONTEXTS.values());"
        "sys.exit(any(name.startswith('openbadgeslib') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_contexts_have_one_digest_in_their_order() -> None:
    ours = {"b": "https://b.example", "a": "https://a.example"}
    same = {"a": "https://a.example", "b": "https://b.example"}

    assert digest_of([CREDENTIALS, ours]) == digest_of([CREDENTIALS, same])
    assert len({digest_of(each) for each in ([CREDENTIALS], [CREDENTIALS, ours], [ours, CREDENTIALS], [OPEN_BADGES])}) == 4


def test_a_context_that_is_not_pinned_has_no_digest() -> None:
    with pytest.raises(UnknownContext, match=r"nowhere\.example"):
        digest_of([CREDENTIALS, "https://nowhere.example"])
