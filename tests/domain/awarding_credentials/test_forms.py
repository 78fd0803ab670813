"""Forms, names of files, identities and pictures: the small parts of what is handed out."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey
from PIL import Image

from services.awarding.credentials.forms import Form, accepted, attachment
from services.awarding.credentials.gallery import SIDE, drawn, read
from services.awarding.credentials.identity import Identity, Sealed, Unsealing, identity_hash
from services.awarding.credentials.pictures_safety import UnsafePicture
from shared.credentials.baking import bake_png, bake_svg, unbaked
from tests.domain.awarding.scene import achievement, holds, rules, stack


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "json"),
        ("*/*", "json"),
        ("application/json;q=0.2, image/png;q=0.9", "png"),
        ("image/webp, image/*;q=0.8", "png"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "json"),
        ("application/JWT", "jwt"),
        ("application/vc;q=0", None),
        ("text/html", None),
        ("", "json"),
    ],
)
def test_the_best_form_that_a_caller_takes_is_given(accept: str | None, form: Form | None) -> None:
    found = accepted(accept)
    assert (None if found is None else found[0]) == form


def test_a_form_that_is_asked_for_by_name_is_given_whatever_is_accepted() -> None:
    assert accepted("text/html", "svg") == ("svg", "image/svg+xml")


@pytest.mark.parametrize(
    ("name", "file"),
    [("Path: Bronze", "Path-Bronze.png"), ("../../etc", "etc.png"), ('a"b\r\nc', "a-b-c.png"), ("🪨", "credential.png")],
)
def test_files_have_names_that_every_system_takes(name: str, file: str) -> None:
    assert attachment(name, "png") == f'attachment; filename="{file}"'


def test_an_address_is_hashed_in_lower_case_with_the_salt_after_it() -> None:
    expected = "sha256$" + hashlib.sha256(b"ada@example.orgsalt").hexdigest()
    assert identity_hash(" Ada@Example.ORG", "salt") == expected
    (address, name) = Identity("salt", "Ada", "ada@example.org").objects()
    assert (address["identityHash"], address["hashed"], name["identityHash"], name["hashed"]) == (expected, True, "Ada", False)
    assert Identity("salt").objects() == []
    assert "Ada" not in repr(Identity("salt", "Ada", "ada@example.org"))


def test_only_the_key_it_was_sealed_for_opens_an_identity() -> None:
    key, other = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    sealed = jwe.encrypt_compact({"alg": "ECDH-ES", "enc": "A256GCM"}, json.dumps({"name": " Ada ", "email": 7}), key)
    assert Unsealing(key).opened(sealed) == ("Ada", None)
    for wrong in (sealed[:-4] + "AAAA", "nothing", jwe.encrypt_compact({"alg": "ECDH-ES", "enc": "A256GCM"}, "[]", key)):
        with pytest.raises(Sealed):
            Unsealing(key).opened(wrong)
    with pytest.raises(Sealed):
        Unsealing(other).opened(sealed)


def test_a_level_is_drawn_as_a_cairn_of_as_many_stones() -> None:
    known = rules(achievement("a"), stack("path", {"bronze": holds("a"), "silver": holds("a")}))
    pictures = [drawn(rule := known.by_id[id_], rule.newest, known) for id_ in ("a", "path.bronze", "path.silver")]
    assert len({picture.svg for picture in pictures}) == 3
    assert all(Image.open(io.BytesIO(picture.png)).size == (SIDE, SIDE) for picture in pictures)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_achievements_own_bitmap_is_reduced_and_baked_like_any_picture(kind: str) -> None:
    large = io.BytesIO()
    Image.new("RGB", (1_400, 700), (90, 110, 80)).save(large, kind)
    picture = read(large.getvalue())
    assert len(picture.svg) < 100_000
    assert unbaked(bake_png(picture.png, '{"id": "x"}')) == '{"id": "x"}'
    assert unbaked(bake_svg(picture.svg, json_text='{"id": "x"}').encode()) == '{"id": "x"}'


def test_an_achievements_own_drawing_is_used_as_it_is() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/></svg>'
    assert read(svg.encode()).svg == svg


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<html/>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>',
        b"<svg xmlns='http://www.w3.org/2000/svg'>\xff</svg>",
    ],
)
def test_what_is_no_picture_or_no_safe_one_is_not_used(data: bytes) -> None:
    with pytest.raises(UnsafePicture):
        read(data)


def test_a_bitmap_of_too_many_pixels_is_not_unpacked() -> None:
    bomb = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(UnsafePicture, match="pixels"):
        read(bomb.getvalue())
