"""What commands write into documents: each text between two marks that name the command, so that nobody types a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BEGIN: Final = "<!-- {name}: written by {by} -->"
END: Final = "<!-- {name}: end -->"


def filled(page: str, made: Mapping[str, str], by: str) -> str:
    """The page with these texts between the marks of their names; the rest stays as it is. Raises ValueError for no mark."""
    for name, text in made.items():
        begin, end = BEGIN.format(name=name, by=by), END.format(name=name)
        if begin not in page or end not in page:
            raise ValueError(f"the page has no marks for {name}, written by {by}")
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}"
    return page


def between(page: str, name: str, by: str) -> str:
    """What stands between the marks of that name now. Raises ValueError for no mark."""
    begin, end = BEGIN.format(name=name, by=by), END.format(name=name)
    if begin not in page or end not in page:
        raise ValueError(f"the page has no marks for {name}, written by {by}")
    return page.partition(begin)[2].partition(end)[0].strip()
