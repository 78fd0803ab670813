"""A credential in an SVG: one `openbadges:credential` directly after `<svg …>`, with JSON as its text or a JWS as `verify`."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any, Final
from xml.sax import SAXException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import InputSource

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.sax import make_parser  # type: ignore[import-untyped]

from shared.credentials.jwts import looks_like_token
from shared.credentials.picture_errors import AlreadyBaked, Malformed, NothingBaked

SVG: Final = "http://www.w3.org/2000/svg"
NAMESPACE: Final = "https://purl.imsglobal.org/ob/v3p0"
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
ROOT: Final = re.compile(r"<([\w.-]+:)?svg(?=[\s/>])")
PREFIX: Final = re.compile(r"""xmlns:openbadges\s*=\s*("[^"]*"|'[^']*')""")
NOT_IN_XML: Final = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}
"""JSON may have these characters in its strings, XML may not; as JSON escapes they mean the same."""


def bake_svg(svg: str, *, json_text: str | None = None, jws: str | None = None) -> str:
    """The picture with either in it. It becomes UTF-8, whatever it said it was. Raises AlreadyBaked and Malformed."""
    if (json_text is None) == (jws is None):
        raise TypeError("bake either JSON or a JWS")
    if jws is not None and not looks_like_token(jws):
        raise ValueError("the text is no compact JWS")
    text = _declared_utf8(svg)
    if _read(text.encode()).found:
        raise AlreadyBaked("The picture has a credential in it already")
    start, end = _root(text)
    tag, rest = text[start:end], text[end:]
    bound = PREFIX.search(tag)
    if bound and bound.group(1)[1:-1] != NAMESPACE:
        raise Malformed("The SVG uses the prefix openbadges for something else; rename it")
    if tag.endswith("/>"):
        name = ROOT.match(tag)
        assert name is not None
        tag, rest = tag[:-2] + ">", f"</{name.group(1) or ''}svg>{rest}"
    if not bound:
        tag = f'{tag[:-1]} xmlns:openbadges="{NAMESPACE}">'
    return text[:start] + tag + _element(json_text, jws) + rest


def _element(json_text: str | None, jws: str | None) -> str:
    if json_text is None:
        return f'<openbadges:credential verify="{jws}"/>'
    body = json_text.translate(NOT_IN_XML).replace("]]>", "]]]]><![CDATA[>")
    return f"<openbadges:credential><![CDATA[{body}]]></openbadges:credential>"


def unbaked_svg(data: bytes) -> str:
    """The JSON text or JWS in the picture. Raises NothingBaked and Malformed."""
    found = _read(data).found
    if not found:
        raise NothingBaked("The SVG has no credential in it: no element openbadges:credential")
    if len(found) > 1:
        raise Malformed("The SVG has more than one credential in it")
    verify, body = found[0]
    if (verify is None) == (not body):
        raise Malformed("The SVG's credential has either a JWS in the attribute verify or JSON as its text")
    return body if verify is None else verify.strip()


class _Reader(ContentHandler):
    """Keeps the credentials directly below the root, and nothing else of the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str | None, str]] = []
        self._depth = 0
        self._text: list[str] | None = None

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802 - SAX names it
        if self._depth == 0 and name != (SVG, "svg"):
            raise Malformed(f"The file is XML, but no SVG: it begins with {name[1]}")
        self._depth += 1
        if self._depth == 2 and name == (NAMESPACE, "credential"):
            self.found.append((attrs.get((None, "verify")), ""))
            self._text = []

    def characters(self, content: str) -> None:
        if self._text is not None:
            self._text.append(content)

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: N802 - SAX names it
        self._depth -= 1
        if self._depth == 1 and self._text is not None:
            self.found[-1] = (self.found[-1][0], "".join(self._text).strip())
            self._text = None


def _read(data: bytes) -> _Reader:
    """Reads without a tree, entities or other files. A DOCTYPE is left alone: drawing programs write it."""
    reader = _Reader()
    parser = make_parser()
    parser.forbid_dtd = False
    parser.forbid_entities = True
    parser.forbid_external = False  # its document type is an address, which the parser never follows
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(reader)
    source = InputSource()
    source.setByteStream(BytesIO(data))
    try:
        parser.parse(source)
    except DefusedXmlException:
        raise Malformed("The SVG defines entities, which are not read") from None
    except (SAXException, ValueError, LookupError) as problem:
        if isinstance(problem, Malformed):
            raise
        raise Malformed(f"The file is no well-formed XML: {problem}") from None
    return reader


def _declared_utf8(svg: str) -> str:
    text = svg.lstrip("\ufeff \t\r\n")
    if text.startswith("<?xml") and (end := text.find("?>")) != -1:
        return DECLARATION + text[end + 2 :]
    return text


def _root(text: str) -> tuple[int, int]:
    """Where the root's start tag begins and ends, in a text that has been read as XML."""
    place = 0
    while True:
        place = text.index("<", place)
        if text.startswith("<?", place):
            place = text.index("?>", place) + 2
        elif text.startswith("<!--", place):
            place = text.index("-->", place) + 3
        elif text.startswith("<!", place):
            place = _end_of_tag(text, place)
        else:
            return place, _end_of_tag(text, place)


def _end_of_tag(text: str, place: int) -> int:
    """Just after the `>` that ends the markup beginning here, not counting those in quotes or brackets."""
    quote, brackets = "", 0
    for index in range(place, len(text)):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "[]":
            brackets += 1 if character == "[" else -1
        elif character == ">" and brackets == 0:
            return index + 1
    raise Malformed("The SVG is cut off")
