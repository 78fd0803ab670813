"""Credentials in pictures: baked in, read back, and what is wrong with others' pictures."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.credentials.baking import AlreadyBaked, Malformed, NothingBaked, bake_png, bake_svg, unbaked
from shared.credentials.jwts import as_jwt
from shared.credentials.keys import RS256
from tests.domain.credentials.keys import key
from tests.interop.issuer import DID, badge

TOKEN = as_jwt(badge("x"), key(RS256), f"{DID}#tokens")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>Cairn</title></svg>'
OB = 'xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"'


def _png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (3, 2), "teal").save(out, "PNG")
    return out.getvalue()


PNG = _png()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(kind: bytes, data: bytes) -> bytes:
    return PNG[:33] + chunk(kind, data) + PNG[33:]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_out_of_a_png_as_it_went_in(text: str) -> None:
    assert unbaked(bake_png(PNG, text)) == text


def test_a_baked_png_is_still_the_picture_and_others_find_the_text() -> None:
    with Image.open(BytesIO(bake_png(PNG, "¡{}!"))) as picture:
        picture.load()
        assert picture.size == (3, 2)
        assert picture.info["openbadgecredential"] == "¡{}!"


def test_a_png_holds_one_credential() -> None:
    baked = bake_png(PNG, "one")
    with pytest.raises(AlreadyBaked):
        bake_png(baked, "two")
    with pytest.raises(Malformed, match="more than one"):
        unbaked(baked[:33] + chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0two") + baked[33:])


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (with_chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + zlib.compress(b"{}")), "compressed"),
        (with_chunk(b"tEXt", b"openbadgecredential\0{}"), "tEXt"),
        (with_chunk(b"iTXt", b"openbadgecredential\0\0\0en"), "cut off"),
        (with_chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0\xff"), "UTF-8"),
        (PNG[:40], "cut off|shorter"),
        (PNG[:33] + b"\xff\xff\xff\xffiTXt" + PNG[33:], "4294967295"),
        (PNG[:33] + chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0{}")[:-1] + b"!" + PNG[33:], "checksum"),
        (PNG[:8] + chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0{}") + PNG[8:], "header"),
        (PNG[:8], "cut off"),
        (b"GIF89a", "neither"),
        (b"", "neither"),
    ],
)
def test_a_picture_that_is_not_as_it_should_be_is_said_to_be_so(picture: bytes, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        unbaked(picture)


@pytest.mark.parametrize("picture", [PNG, SVG.encode(), with_chunk(b"iTXt", b"comment\0\0\0\0\0openbadgecredential")])
def test_a_picture_without_a_credential_has_nothing_baked(picture: bytes) -> None:
    with pytest.raises(NothingBaked):
        unbaked(picture)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_json_comes_out_of_an_svg_as_it_went_in(text: str) -> None:
    json = '{"name":"' + text.replace("\\", "\\\\").replace('"', '\\"') + ']]>]]]]>"}'
    escaped = json.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")

    assert unbaked(bake_svg(SVG, json_text=json).encode()) == escaped


def test_a_token_comes_out_of_an_svg_as_it_went_in() -> None:
    assert unbaked(bake_svg(SVG, jws=TOKEN).encode()) == TOKEN


def test_an_svg_is_baked_as_open_badges_says() -> None:
    root = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" {OB}>'

    assert bake_svg(SVG, jws=TOKEN) == f'{root}<openbadges:credential verify="{TOKEN}"/><title>Cairn</title></svg>'
    assert bake_svg(SVG, json_text="{}") == (
        f"{root}<openbadges:credential><![CDATA[{{}}]]></openbadges:credential><title>Cairn</title></svg>"
    )


@pytest.mark.parametrize(
    "svg",
    [
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        '<?xml version="1.0" encoding="iso-8859-1"?>\n<!-- <svg> "it\'s" -->\n' + SVG,
        '\ufeff<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://nowhere.example/svg11.dtd">' + SVG,
        "<?painter <svg>?>" + SVG.replace("viewBox", "aria-label='a > b \"' viewBox"),
        '<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:g/></s:svg>',
        SVG.replace("<svg", f"<svg {OB}"),
        SVG.replace("Cairn", "Größe"),
    ],
)
def test_every_way_to_begin_an_svg_can_be_baked(svg: str) -> None:
    assert unbaked(bake_svg(svg, jws=TOKEN).encode()) == TOKEN


@pytest.mark.parametrize(
    ("svg", "says"),
    [
        (SVG[:-4], "well-formed"),
        ("<html/>", "no SVG"),
        ('<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + SVG.replace("Cairn", "&a;"), "entities"),
        ('<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SVG.replace("Cairn", "&a;"), "entities"),
        ("", "neither|well-formed"),
        (f'<svg xmlns="http://www.w3.org/2000/svg" {OB}><openbadges:credential/></svg>', "either"),
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {OB}>' + '<openbadges:credential verify="a"/>' * 2 + "</svg>",
            "more than one",
        ),
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {OB}><openbadges:credential verify="a">b</openbadges:credential></svg>',
            "either",
        ),
        ('<?xml version="1.0" encoding="utf-99"?>' + SVG, "well-formed"),
    ],
)
def test_an_svg_that_is_not_as_it_should_be_is_said_to_be_so(svg: str, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        unbaked(svg.encode())


def test_an_svg_that_can_not_be_baked_is_refused() -> None:
    with pytest.raises(AlreadyBaked):
        bake_svg(bake_svg(SVG, jws=TOKEN), json_text="{}")
    with pytest.raises(Malformed, match="prefix"):
        bake_svg(SVG.replace("<svg", '<svg xmlns:openbadges="http://openbadges.org"'), jws=TOKEN)
    with pytest.raises(ValueError, match="no compact JWS"):
        bake_svg(SVG, jws='"/><script/>')
    with pytest.raises(TypeError):
        bake_svg(SVG)


def test_a_credential_deeper_in_the_picture_is_none() -> None:
    with pytest.raises(NothingBaked):
        unbaked(SVG.replace("<title>", f'<g {OB}><openbadges:credential verify="a"/></g><title>').encode())


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([bake_png(PNG, "{}"), bake_svg(SVG, json_text="{}").encode(), bake_svg(SVG, jws=TOKEN).encode()]),
    st.integers(0, 10_000),
    st.integers(0, 12),
    st.binary(max_size=12),
)
def test_no_damaged_picture_breaks_its_reader(picture: bytes, place: int, gone: int, new: bytes) -> None:
    start = place % len(picture)
    with suppress(Malformed, NothingBaked):
        assert isinstance(unbaked(picture[:start] + new + picture[start + gone :]), str)
