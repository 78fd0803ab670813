"""What a request brings: of which media type, and as JSON with its numbers exact."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

from fastapi import Request

from shared.http import Problem

JSON: Final = "application/json"


def media_type(request: Request, *allowed: str) -> str:
    """The body's media type, in small letters and without parameters. Raises the 415 problem unless it is one of `allowed`."""
    not_encoded(request)
    said = request.headers.get("content-type", "")
    found, _, parameters = said.partition(";")
    found = found.strip().lower()
    if found not in allowed:
        says = f"The body is said to be {found[:100]}" if found else "The request has no Content-Type"
        raise Problem(415, detail=f"{says}; it must be {' or '.join(allowed)}.", headers={"accept": ", ".join(allowed)})
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in ("utf-8", "utf8", "us-ascii"):
            raise Problem(415, detail="The body must be UTF-8.")
    return found


def not_encoded(request: Request) -> None:
    """Raises the 415 problem for a body that is compressed, as RFC 9110 has it: nothing is unpacked here."""
    said = request.headers.get("content-encoding", "").strip().lower()
    if said not in ("", "identity"):
        detail = "The body is compressed (Content-Encoding); send it as it is."
        raise Problem(415, detail=detail, headers={"accept-encoding": "identity"})


def json_in(body: bytes) -> Any:
    """The body as JSON; a number with a fraction or an exponent is a Decimal. Raises the 400 problem."""
    try:
        return parsed(body)
    except ValueError as error:
        raise Problem(400, "The body cannot be read as JSON", str(error)[:500]) from error


def parsed(body: bytes | str) -> Any:
    """JSON with its numbers exact. Raises ValueError."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError("the JSON is not UTF-8") from error
    except json.JSONDecodeError:
        raise
    except (ArithmeticError, ValueError) as error:
        raise ValueError(str(error) if isinstance(error, _NoNumber) else "the JSON has a number that is too long") from error


class _NoNumber(ValueError):
    pass


def _no_number(name: str) -> None:
    raise _NoNumber(f"{name} is not JSON")
