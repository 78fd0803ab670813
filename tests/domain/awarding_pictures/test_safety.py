"""Somebody else's SVG: it is drawn without reading anything else, or refused with the reason."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from services.awarding.credentials.pictures import as_png
from services.awarding.credentials.pictures_safety import UnsafePicture


def an_svg(body: str, head: str = "") -> str:
    namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'{head}<svg {namespaces} viewBox="0 0 10 10">{body}</svg>'


@pytest.fixture
def red(tmp_path: Path) -> Path:
    file = tmp_path / "red.png"
    Image.new("RGB", (10, 10), "red").save(file)
    return file


@pytest.mark.parametrize(
    "body",
    [
        '<image href="{red}" width="10" height="10"/>',
        '<image xlink:href="{red}" width="10" height="10"/>',
        '<image href=" {red}" width="10" height="10"/>',
        '<image href="file://{red}" width="10" height="10"/>',
        '<image href="data:image/svg+xml;base64,{nested}" width="10" height="10"/>',
        '<use href="data:image/png;base64,AAAA"/>',
        '<filter id="f"><feImage href="{red}"/></filter><rect width="10" height="10" filter="url(#f)"/>',
        '<use href="other.svg#stone"/>',
        "<rect fill=\"url('http://example.org/a#b')\"/>",
        '<rect style="fill: URL( other.svg#a )"/>',
        "<style>@import 'other.css';</style>",
        "<style>rect {{ fill: u\\72l(other.svg#a) }}</style>",
        "<style>rect {{ fill: url(<![CDATA[other.svg#a]]>) }}</style>",
    ],
)
def test_what_refers_to_something_outside_is_refused(body: str, red: Path) -> None:
    nested = base64.b64encode(an_svg(f'<image href="{red}"/>').encode()).decode()
    with pytest.raises(UnsafePicture, match="outside"):
        as_png(an_svg(body.format(red=red, nested=nested)))


@pytest.mark.parametrize(
    ("svg", "why"),
    [
        (an_svg('<image href="&x;"/>', '<!DOCTYPE svg [<!ENTITY x "/etc/hostname">]>'), "document type"),
        (an_svg("<g>" * 20_000 + "</g>" * 20_000), "within each other"),
        (an_svg("<g/>" * 20_000), "10,000 elements"),
        (an_svg('<filter id="f"/>' * 30), "20 filters"),
        (an_svg(" " * 5_000_000), "bytes"),
        ("<svg/>", "first element"),
        ("<html/>", "first element"),
        ("not a picture", "well-formed"),
        ("", "well-formed"),
        (an_svg("<title>\ud800</title>"), "surrogate"),
        (an_svg("<title>\x00</title>"), "well-formed"),
    ],
)
def test_what_is_no_picture_or_too_much_of_one_is_refused_with_the_reason(svg: str, why: str) -> None:
    with pytest.raises(UnsafePicture, match=why):
        as_png(svg)


def test_parts_that_refer_to_each_other_are_drawn() -> None:
    body = '<defs><linearGradient id="g"><stop stop-color="#f00"/></linearGradient><rect id="r" width="10" height="10"/></defs>'
    svg = an_svg(body + "<style>use { fill: url('#g') }</style>" + '<use xlink:href="#r"/>')
    assert Image.open(io.BytesIO(as_png(svg, 64))).getpixel((32, 32)) == (255, 0, 0, 255)


def bitmap(image: Image.Image, kind: str = "png") -> str:
    written = io.BytesIO()
    image.save(written, kind)
    return f"data:image/{kind};base64,{base64.b64encode(written.getvalue()).decode()}"


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_bitmap_inside_is_drawn(kind: str) -> None:
    svg = an_svg(f'<image href="{bitmap(Image.new("RGB", (9, 9), "blue"), kind)}" width="10" height="10"/>')
    colour = Image.open(io.BytesIO(as_png(svg, 64))).getpixel((32, 32))
    assert isinstance(colour, tuple)
    assert colour[2] > 250


@pytest.mark.parametrize(
    ("href", "why"),
    [
        (bitmap(Image.new("1", (5_000, 5_000))), "16,000,000 pixels"),
        ("data:image/png;base64," + base64.b64encode(an_svg("").encode()).decode(), "no PNG"),
        (bitmap(Image.new("1", (5, 5))).replace("png", "jpeg"), "no JPEG"),
        ("data:image/png;base64,AAA", "no PNG"),
    ],
)
def test_a_bitmap_inside_that_is_too_much_or_none_is_refused(href: str, why: str) -> None:
    with pytest.raises(UnsafePicture, match=why):
        as_png(an_svg(f'<image href="{href}" width="10" height="10"/>'))


def test_a_use_that_multiplies_itself_is_refused() -> None:
    layers = "".join(f'<g id="a{i}">' + f'<use href="#a{i - 1}"/>' * 10 + "</g>" for i in range(1, 7))
    with pytest.raises(UnsafePicture, match="can't be drawn"):
        as_png(an_svg('<g id="a0"><rect width="1" height="1"/></g>' + layers))
