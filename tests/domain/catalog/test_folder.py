"""Files are read as people mean them, and places are found in them again."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.catalog.folder import Unreadable, Written, read_file, read_folder

TWO = """\
# about ethics
achievement: ethics
issuer: {id: north, country: NO}
requirement:
  all:
    - activity: x
      score_at_least: 0.70
---
stack: data
levels:
  - level: bronze
effective_from: 2027-09-01
"""


def written(tmp_path: Path, text: str, name: str = "a.yaml") -> list[Written]:
    path = tmp_path / name
    path.write_text(text)
    return list(read_file(path))


def test_yaml_is_read_as_it_is_meant(tmp_path: Path) -> None:
    ethics, data = (each.document for each in written(tmp_path, TWO))
    assert ethics == {
        "achievement": "ethics",
        "issuer": {"id": "north", "country": "NO"},
        "requirement": {"all": [{"activity": "x", "score_at_least": "0.70"}]},
    }
    assert data == {"stack": "data", "levels": [{"level": "bronze"}], "effective_from": "2027-09-01"}


@pytest.mark.parametrize(
    ("document", "place", "line"),
    [
        (0, "", 2),
        (0, "requirement/all/0", 6),
        (0, "requirement/all/0/score_at_least", 7),
        (0, "requirement/all/0/nothing/deeper", 6),
        (0, "issuer/country", 3),
        (1, "levels/0/level", 11),
        (1, "name", 9),
    ],
)
def test_a_place_has_the_line_on_which_it_stands_or_what_is_around_it(
    tmp_path: Path, document: int, place: str, line: int
) -> None:
    assert written(tmp_path, TWO)[document].line(place) == line


def test_json_decimals_stay_exact_and_a_list_is_several_documents(tmp_path: Path) -> None:
    found = written(tmp_path, '[{"a": 0.1000000000000000055}, {"b": 3}]', "a.json")
    assert [each.document for each in found] == [{"a": "0.1000000000000000055"}, {"b": 3}]
    assert found[0].where("a") == f"{tmp_path / 'a.json'}: a"


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("a: 1\nb: [", "a.yaml", "a.yaml:2: "),
        ("a: 1\nb: 2\na: 3\n", "a.yaml", "a.yaml:3: the key a stands here twice"),
        ("a: !!python/object:os.system {}\n", "a.yaml", "a.yaml:1: could not determine a constructor"),
        ("{", "a.json", "a.json: "),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(tmp_path: Path, text: str, name: str, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        written(tmp_path, text, name)
    assert str(refused.value).startswith(f"{tmp_path}/{said}")


def test_a_folder_is_read_in_the_order_of_names_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.yml", "a/z.json", ".git/c.yaml", "a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"from": "' + name + '"}')
    assert [each.document for each in read_folder(tmp_path)] == [{"from": "a/z.json"}, {"from": "b.yml"}]
    with pytest.raises(Unreadable, match="there is no such file or folder"):
        list(read_folder(tmp_path / "nowhere"))
