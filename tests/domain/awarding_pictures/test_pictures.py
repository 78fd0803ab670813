"""Pictures of achievements: what everybody must see alike, and what they must never contain."""

from __future__ import annotations

import io
import re
from itertools import product

import pytest
from defusedxml import ElementTree  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.awarding.credentials.pictures import as_png, picture_svg
from services.awarding.credentials.pictures_colours import SKIES, STONES, contrast
from services.awarding.credentials.pictures_scene import Scene
from services.awarding.credentials.pictures_stones import Draw, Stone
from shared.events.definitions import Achievement, Stack

SVG = "{http://www.w3.org/2000/svg}"


def an_achievement(id_: str = "data-structures", issuer: str = "northfield", name: str = "Data Structures") -> Achievement:
    return Achievement.model_validate(
        {
            "achievement": id_,
            "name": name,
            "description": "Chooses data structures.",
            "criteria": "The quiz is passed.",
            "issuer": {"id": issuer, "name": issuer.title()},
            "requirement": {"activity": "northfield:quiz", "passed": True},
        }
    )


def a_stack(levels: int, id_: str = "ai-ready") -> tuple[Achievement, ...]:
    document = an_achievement().model_dump(mode="json", exclude_unset=True, exclude={"achievement", "criteria"})
    requirement = document.pop("requirement")
    levels_ = [{"level": f"l{i}", "name": f"Level {i}", "requirement": requirement} for i in range(levels)]
    return Stack.model_validate(document | {"stack": id_, "levels": levels_}).as_achievements()


def cairns(levels: int) -> list[str]:
    return [picture_svg(level, level_number=n, levels=levels) for n, level in enumerate(a_stack(levels), 1)]


def stones(svg: str) -> list[str]:
    """The outline of each stone, the lowest first: those that grain is clipped to."""
    return re.findall(r'<clipPath id="\w+c"><path d="([^"]+)"', svg)


def test_the_same_achievement_is_drawn_alike_every_time_and_for_good() -> None:
    drawn = picture_svg(an_achievement())
    assert drawn == picture_svg(an_achievement())
    assert stones(drawn)[0].startswith("M427")


def test_achievements_and_issuers_look_different() -> None:
    pictures = {picture_svg(an_achievement(id_, issuer)) for id_, issuer in product(("a", "b", "c"), ("x", "y"))}
    assert len(pictures) == 6


@pytest.mark.parametrize("levels", [1, 2, 3, 7, 20])
def test_a_cairn_has_as_many_stones_as_the_level_s_place_and_keeps_those_of_the_lower_levels(levels: int) -> None:
    lower: list[str] = []
    for place, svg in enumerate(cairns(levels), 1):
        standing = stones(svg)
        assert len(standing) == place
        assert standing[:-1] == lower
        lower = standing


def test_a_stack_may_be_named_where_its_levels_ids_have_dots() -> None:
    one, two = (an_achievement(f"python.{version}") for version in ("3.1", "3.2"))
    low = picture_svg(one, level_number=1, levels=2, stack="python")
    assert stones(picture_svg(two, level_number=2, levels=2, stack="python"))[:1] == stones(low)


@given(name=st.text(max_size=60))
def test_the_name_is_the_title_whatever_it_is_made_of(name: str) -> None:
    svg = picture_svg(an_achievement().model_copy(update={"name": name}))
    title = ElementTree.fromstring(svg.encode()).find(f"{SVG}title")
    assert title is not None
    shown = "".join(c for c in name if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff"))
    assert (title.text or "") == shown


def test_a_picture_can_be_baked_and_shown_many_times_in_one_page() -> None:
    """One `svg` element with room for another namespace, no document type, no text, and ids that only like pictures share."""
    pictures = [picture_svg(an_achievement(f"a{i}")) for i in range(40)] + cairns(3)
    seen: set[str] = set()
    for svg in pictures:
        assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" ')
        root = ElementTree.fromstring(svg)
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert not seen & set(ids)
        seen |= set(ids)
        assert set(re.findall(r"url\(#(\w+)\)", svg)) | {root.get("aria-labelledby")} <= set(ids)
        assert not list(root.iter(f"{SVG}text"))


def test_pictures_stay_small() -> None:
    assert len(picture_svg(an_achievement())) < 12_000
    assert len(cairns(3)[-1]) < 24_000
    assert len(cairns(20)[-1]) < 100_000


def test_every_stone_stands_out_against_every_light() -> None:
    for hue, colour in product(SKIES, STONES):
        scene = Scene("n", Draw(), "family")
        scene.hue = hue
        stone = Stone("n", "seed", colour.lighter(0.03), 0, 0, 10, 10)
        assert contrast(stone.colour, scene.high) >= 3
        assert all(contrast(stone.edge, ground) >= 4.5 for ground in scene.hills)


@pytest.mark.parametrize("size", [64, 512])
def test_a_picture_becomes_a_png_with_transparent_corners(size: int) -> None:
    image = Image.open(io.BytesIO(as_png(picture_svg(an_achievement()), size)))
    assert (image.format, image.size, image.mode) == ("PNG", (size, size), "RGBA")
    assert image.getpixel((0, 0)) == (0, 0, 0, 0)
    middle = image.getpixel((size // 2, size // 2))
    assert isinstance(middle, tuple)
    assert middle[3] == 255
