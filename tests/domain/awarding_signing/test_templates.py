"""Templates: what fills them, what makes another one, and what goes the slow way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.awarding.credentials.template import Signer, Templates
from shared.credentials.canonical import NotCanonical, UndefinedTerms, canonical
from shared.credentials.contexts import CREDENTIALS, UnknownContext
from shared.credentials.keys import signing_key
from shared.credentials.proofs import signed
from tests.domain.awarding_credentials.shapes import KEY
from tests.domain.awarding_signing.credentials import a_credential

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def templates() -> Templates:
    """Those that know the usual credential."""
    known = Templates()
    assert known.canonical(a_credential()) == canonical(a_credential())
    assert (known.filled, known.slow) == (1, 0)
    return known


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "urn:uuid:ffffffff-4b5a-4978-8695-a4b3c2d1e0f0"},
        {"name": 'Quotes " and \\ backslashes \\u0041 %s %%'},
        {"name": "lines\nlines\r\n\ttabs\f\b\x0b\x00\x7f"},
        {"name": "\u2028\u2029\u0085\ufffe\uffff\ufeff"},
        {"name": "🪨 👩‍👩‍👧 שלום \u202e العربية e\u0301"},
        {"name": ""},
        {"name": "_:b0"},
        {"name": "@type"},
        {"name": "http://a-name-that-looks-like.one/"},
        {"name": '"^^<http://www.w3.org/2001/XMLSchema#double>'},
        {"name": "3.0"},
        {"credentialSubject__id": "urn:uuid:ü"},
        {"credentialSubject__id": "did:web:awards.example.org:issuers:northfield"},
        {"credentialSubject__achievement__tag": ["computing", "computing"]},
        {"credentialSubject__achievement__creator__id": "did:web:awards.example.org:issuers:other"},
        {"credentialSubject__achievement__creator__name": "Another name of the same"},
        {"credentialSubject__result__1__value": "62.5"},
        {"credentialSubject__result__0__resultDescription": "urn:uuid:7c3c2d1e-0f0e-4d2c-9b5a-7978869504a3"},
        {"evidence__1__name": "First quiz", "evidence__1__narrative": "Reached 62.5%."},
        {"evidence__0__narrative": "z", "evidence__1__narrative": "a"},
        {"validFrom": "1999-01-01T00:00:00Z"},
    ],
)
def test_another_text_fills_the_same_template(changes: dict[str, Any], templates: Templates) -> None:
    document = a_credential(**changes)
    assert templates.canonical(document) == canonical(document)
    assert templates.slow == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"credentialSubject__creditsEarned": 7},
        {"credentialSubject__creditsEarned": 2.5},
        {"credentialSubject__creditsEarned": 5.0},
        {"credentialSubject__creditsEarned": "5"},
        {"credentialSubject__identifier__0__hashed": True},
        {"credentialSubject__identifier__0__hashed": 0},
        {"type": ["VerifiableCredential", "OpenBadgeCredential"]},
        {"evidence": [{"type": ["Evidence"], "name": "One only"}]},
        {"credentialSubject__achievement__tag": ["computing"]},
        {"id": "https://awards.example.org/credentials/1"},
        {"id": "did:example:1"},
        {"credentialStatus__statusPurpose": "suspension"},
    ],
)
def test_another_shape_makes_another_template_at_once(changes: dict[str, Any], templates: Templates) -> None:
    document = a_credential(**changes)
    for _ in range(2):
        assert templates.canonical(document) == canonical(document)
    assert templates.slow == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"id": "relative"}, NotCanonical),
        ({"id": ""}, NotCanonical),
        ({"id": "urn:with space"}, NotCanonical),
        ({"name": "half of a pair \ud83d"}, NotCanonical),
        ({"unheardOf": "x"}, UndefinedTerms),
        ({"type": ["VerifiableCredential", "Unheard"]}, UndefinedTerms),
        ({"@context": [CREDENTIALS, "https://example.org/unknown.json"]}, UnknownContext),
    ],
)
def test_what_the_slow_way_refuses_is_refused_likewise(
    changes: dict[str, Any], error: type[Exception], templates: Templates
) -> None:
    document = a_credential(**changes)
    with pytest.raises(error) as slowly:
        canonical(document)
    for _ in range(2):
        with pytest.raises(error) as fast:
            templates.canonical(document)
        assert str(fast.value) == str(slowly.value)


def test_an_address_that_is_hardly_one_goes_the_slow_way(templates: Templates) -> None:
    document = a_credential(id="http://line/\u2028")
    assert templates.canonical(document) == canonical(document)
    assert templates.slow == 1


OWN = "https://example.org/own#"


@pytest.mark.parametrize(
    ("context", "first", "others"),
    [
        ({"own": {"@id": f"{OWN}number", "@type": "http://www.w3.org/2001/XMLSchema#double"}}, "word", ["1", "1.50", "nan", "x"]),
        ({"own": {"@id": f"{OWN}json", "@type": "@json"}}, "word", ['"', "é", "\n"]),
        ({"own": {"@id": f"{OWN}kind", "@type": "@vocab"}, "Big": f"{OWN}Big"}, "Big", ["urn:a:b", "Big"]),
        ({"own": {"@id": f"{OWN}kind", "@type": "@vocab"}, "urn:a:b": None}, "urn:a:a", ["urn:a:b", "urn:a:c"]),
        ({"own": {"@id": f"{OWN}link", "@type": "@id"}, "p": {"@id": OWN, "@prefix": True}}, "p:x", ["p:y", "p://y", "q:x"]),
        ({"own": {"@id": f"{OWN}link", "@type": "@id"}, "p": {"@id": OWN, "@prefix": True}}, "q:x", ["p:y", "q://y", "q:y"]),
        ({"own": {"@id": f"{OWN}in", "@language": "DE"}}, "Haus", ["Häuser", "\x07"]),
        ({"own": {"@id": f"{OWN}list", "@container": "@list"}}, ["a", "b"], [["a", "a"], ["b", "a"]]),
        ({"own": {"@id": f"{OWN}map", "@container": "@language"}}, {"en": "a"}, [{"en": "b"}, {"de": "a"}]),
        ({"own": {"@id": f"{OWN}value"}}, {"@value": "a", "@language": "en"}, [{"@value": "b", "@language": "de"}]),
        ({"own": {"@id": f"{OWN}value"}}, {"@value": "a", "@type": f"{OWN}T"}, [{"@value": "a", "@type": f"{OWN}U"}]),
        ({"own": {"@id": f"{OWN}list"}}, {"@list": [{"@id": "urn:a"}, "x"]}, [{"@list": [{"@id": "urn:b"}, "urn:b"]}]),
        ({"own": {"@id": f"{OWN}graph", "@container": "@graph"}}, {"name": "a"}, [{"name": "b"}]),
        ({"own": {"@id": f"{OWN}by", "@container": "@id"}}, {"urn:a": {"name": "a"}}, [{"urn:b": {"name": "a"}}]),
    ],
)
def test_texts_that_a_context_makes_something_else_of_never_mislead(context: object, first: object, others: list[object]) -> None:
    templates = Templates()
    for value in (first, *others, first):
        document = a_credential(own=value)
        document["@context"].append(context)
        assert outcome(templates.canonical, document) == outcome(canonical, document)


def outcome(way: Callable[[dict[str, Any]], str], document: dict[str, Any]) -> str:
    try:
        return way(document)
    except NotCanonical as refusal:
        return f"refused: {refusal}"


def test_parts_that_are_alike_are_told_apart_as_the_whole_algorithm_does(templates: Templates) -> None:
    """Two profiles of the same party with an address each, and results that differ only in what they rest on."""
    same = {"type": ["Result"], "resultDescription": "urn:a:b", "value": "1"}
    for count in (2, 3, 5):
        document = a_credential(credentialSubject__result=[same] * count)
        assert templates.canonical(document) == canonical(document)
    assert templates.slow == 0


words = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(["a", "b"])


@given(st.lists(st.tuples(words, words, words), min_size=2, max_size=3))
def test_any_texts_that_are_equal_or_not_give_what_the_slow_way_gives(rows: list[tuple[str, str, str]]) -> None:
    evidence = [{"type": ["Evidence"], "name": a, "narrative": b, "genre": c} for a, b, c in rows]
    document = a_credential(evidence=evidence)
    assert SHARED.canonical(document) == canonical(document)


SHARED = Templates()


def test_only_so_many_shapes_are_remembered() -> None:
    templates = Templates(shapes=2)
    for tags in range(1, 6):
        document = a_credential(credentialSubject__achievement__tag=[str(tag) for tag in range(tags)])
        assert templates.canonical(document) == canonical(document)
    assert templates.shapes == 2


def test_threads_may_share_a_signer() -> None:
    signer = Signer(shapes=2)
    documents = [
        a_credential(name=f"{number}", credentialSubject__achievement__tag=["t"] * (1 + number % 4)) for number in range(48)
    ]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda document: signer.signed(document, KEY, "did:web:example.org#k", NOON), documents))
    assert done == [signed(document, KEY, "did:web:example.org#k", NOON) for document in documents]


def test_a_key_of_another_kind_is_refused_as_the_slow_way_does() -> None:
    key = signing_key(
        {
            "kty": "EC",
            "crv": "P-256",
            "kid": "p",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
        }
    )
    with pytest.raises(ValueError, match="not supported"):
        Signer().signed(a_credential(), key, "did:web:example.org#k", NOON)
