"""The canonical form: what it covers, what it refuses, and that it ends."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.credentials.canonical import NotCanonical, UndefinedTerms, canonical
from shared.credentials.contexts import CREDENTIALS, EXAMPLES, OPEN_BADGES, UnknownContext
from tests.interop.issuer import badge

ID = "urn:uuid:00000000-0000-4000-8000-000000000001"


def vc(**members: Any) -> dict[str, Any]:
    return {"@context": [CREDENTIALS, OPEN_BADGES], "id": ID, "type": ["VerifiableCredential"], **members}


def linked(size: int) -> dict[str, Any]:
    """As many nodes, each pointing to every other one: nothing tells them apart."""
    nodes = [{"@id": f"_:b{i}", "p": [{"@id": f"_:b{j}"} for j in range(size) if j != i]} for i in range(size)]
    return {"@context": {"p": "https://p.example"}, "@graph": nodes}


def nested(depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {"name": "deep"}
    for _ in range(depth):
        document = {"credentialSubject": document}
    return vc(**document)


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"nickname": "x"}, "nickname"),
        ({"issuer": {"id": "https://issuer.example", "type": ["Profile"], "secret": {"a": 1}}}, "secret"),
        ({"type": ["VerifiableCredential", "Diplomatic"]}, "Diplomatic"),
        ({"name": {"@value": "x", "@index": "y"}}, "@index"),
        ({"@context": [CREDENTIALS, {"mine": None}], "mine": "x"}, "a member that a context sets to null"),
        ({"@context": [CREDENTIALS, {"@vocab": ""}], "mine": "x"}, "mine"),
    ],
)
def test_what_no_context_defines_is_said_and_not_left_out(members: Mapping[str, Any], name: str) -> None:
    with pytest.raises(UndefinedTerms) as refusal:
        canonical(vc(**members))

    assert name in refusal.value.names
    assert name in str(refusal.value)


def test_inline_contexts_define_words_where_they_stand_and_below() -> None:
    inside = {"@context": {"level": "https://level.example"}, "id": "https://issuer.example", "level": "6"}

    assert '<https://issuer.example> <https://level.example> "6" .' in canonical(vc(issuer=inside))
    with pytest.raises(UndefinedTerms, match="level"):
        canonical(vc(issuer=inside, level="7"))


def test_a_vocabulary_defines_every_word() -> None:
    document = {"@context": [CREDENTIALS, EXAMPLES], "id": ID, "type": ["Anything"], "whatever": {"further": "x"}}

    assert "<https://www.w3.org/ns/credentials/examples#further>" in canonical(document)


def test_contexts_that_are_not_pinned_are_refused_unless_their_documents_are_given() -> None:
    url = "https://context.example/v1"
    document = {"@context": [CREDENTIALS, url], "id": ID, "mine": "x"}

    with pytest.raises(UnknownContext) as refusal:
        canonical(document)
    assert refusal.value.url == url
    given = {url: {"@context": {"mine": "https://mine.example"}}}
    assert canonical(document, given) == f'<{ID}> <https://mine.example> "x" .\n'
    with pytest.raises(UnknownContext):
        canonical(document)


def test_a_given_document_never_takes_the_place_of_a_pinned_one() -> None:
    other = {CREDENTIALS: {"@context": {"name": "https://other.example", "id": "@id"}}}

    with pytest.raises(UndefinedTerms):
        canonical({"@context": CREDENTIALS, "id": ID, "type": "VerifiableCredential", "surprise": "x"}, other)
    assert "other.example" not in canonical({"@context": CREDENTIALS, "id": ID, "name": "x"}, other)


REFUSED: Mapping[str, Mapping[str, Any]] = {
    "nested 10,000 deep": nested(10_000),
    "a relative id": vc(id="relative"),
    "an id with N-Quads in it": vc(id="https://a.example/><https://b.example"),
    "half of a surrogate pair": vc(name="\ud800"),
    "a graph in a language": vc(name={"@value": "x", "@language": "en <https://graph.example>"}),
    "a type that is a number": vc(type=5),
    "an id that is a list": vc(id=["a"]),
    "a context that is a number": {"@context": 5},
    "a definition that is an object": {"@context": {"a": {"@id": {}}}, "a": "x"},
    "a version of JSON-LD to come": {"@context": {"@version": 3}},
    "not a number": {"@context": [{"p": "https://p.example"}], "@id": ID, "p": float("nan")},
    "eleven contexts": {"@context": [CREDENTIALS] * 11, "id": ID},
    "a long list": {"@context": {"p": "https://p.example"}, "@id": ID, "p": [str(number) for number in range(2_000)]},
    "sixty kinds of contexts": {"@context": {"p": ID}, "@id": ID, "p": [{"@context": {f"q{n}": ID}} for n in range(60)]},
    "nodes that nothing tells apart": linked(8),
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_canonical_form_is_refused_with_a_reason_and_soon(document: Mapping[str, Any]) -> None:
    begun = time.process_time()
    with pytest.raises(NotCanonical) as refusal:
        canonical(document)

    assert refusal.value.reason
    assert time.process_time() - begun < 1.5


def test_nodes_that_look_alike_are_told_apart_while_that_takes_little() -> None:
    assert canonical(linked(4)).count("\n") == 12


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_has_the_form_that_another_implementation_gives_it(name: str, language: str) -> None:
    document = badge(name)
    document["description"] = {"@value": language, "@language": "ar", "@direction": "rtl"}
    text = canonical(document)
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(text.encode(), pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)

    assert _lines(dataset) == text


def _lines(dataset: pyoxigraph.Dataset) -> str:
    return "".join(sorted(f"{quad} .\n" for quad in dataset))


KEYWORDS = ["@context", "@id", "@type", "@value", "@graph", "@list", "@set", "@reverse", "@included", "@language", "@nest"]
WORDS = ["id", "type", "issuer", "name", "credentialSubject", "proof", "evidence", "achievement", "x"]
SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYWORDS + WORDS), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["@graph", "@context", *WORDS]), JSON, max_size=6))
def test_no_json_breaks_it(members: dict[str, Any]) -> None:
    with suppress(NotCanonical, UndefinedTerms, UnknownContext):
        canonical({"@context": [CREDENTIALS, OPEN_BADGES], **members})


def test_several_threads_get_the_same_form() -> None:
    documents = [badge(f"Number {number % 5}") for number in range(40)]
    alone = [canonical(document) for document in documents]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(canonical, documents)) == alone
