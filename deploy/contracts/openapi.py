"""Each service's OpenAPI document, from its app, which is connected to nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from fastapi import FastAPI

SERVICES: Final = ("catalog", "assessment", "awarding", "notifications")


async def _ready() -> Mapping[str, bool | str]:
    return {}


def documents() -> dict[str, dict[str, Any]]:
    """By service. `app_of` in a service's composition root gives its HTTP side without anything behind it."""
    return {service: _app(import_module(f"services.{service}.app").app_of).openapi() for service in SERVICES}


def _app(app_of: Callable[..., FastAPI]) -> FastAPI:
    return app_of(_ready)
