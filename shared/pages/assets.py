"""The style sheet and the mark, served under the hash of their content, so that browsers keep them for good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.http.problems import Problem
from shared.pages.headers import FOR_EVER

FOLDER: Final = Path(__file__).parent / "static"
MEDIA_TYPES: Final = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png"}


class Assets:
    """All files of a folder, in memory."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._served: dict[str, tuple[bytes, str]] = {}
        self.addresses: Mapping[str, str] = {file.name: self._take(file) for file in sorted(folder.iterdir())}

    def _take(self, file: Path) -> str:
        content = file.read_bytes()
        name = f"{file.stem}.{hashlib.sha256(content).hexdigest()[:12]}{file.suffix}"
        self._served[name] = content, MEDIA_TYPES[file.suffix]
        return f"/static/{name}"

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.api_route("/static/{name}", methods=["GET", "HEAD"])
        async def read_asset(name: str, request: Request) -> Response:
            if name not in self._served:
                raise Problem(404, detail=f"There is no file {name} here.")
            content, media_type = self._served[name]
            headers = {"cache-control": FOR_EVER, "x-content-type-options": "nosniff"}
            return Response(content, media_type=media_type, headers=headers)

        return router
