"""A service's pages: its templates before the shared ones, in every language there are translations for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.pages import languages
from shared.pages.assets import Assets
from shared.pages.cairns import cairn
from shared.pages.formats import Formats
from shared.pages.headers import CACHING, Cache, page_headers
from shared.pages.prose import isolated, isolated_list, prose
from shared.pages.readable import ReadableProblems

OWN: Final = Path(__file__).parent
COOKIE: Final = "cairn_language"
A_YEAR: Final = 31_536_000
FIELDS: Final[dict[str, Any]] = {"detail": None, "errors": (), "trace": None, "sign_in": None}
"""What problem details may have beside what they always have."""


@dataclass(frozen=True)
class Site:
    """What every page says of the whole: the institution's name, and where its catalog and awarding are reached. `own` is
    where this service is, `home` the path there that people sign in for, `notifications` where learners have their settings,
    `assessment` where they hand in evidence."""

    institution: str = "Cairn"
    catalog: str = ""
    awarding: str = ""
    own: str = ""
    notifications: str = ""
    home: str = "/passport"
    assessment: str = ""

    @property
    def prefix(self) -> str:
        """What an ingress puts before this service's paths: empty, or like `/credentials`."""
        return urlsplit(self.own).path


class Pages:
    """`package` is that of the service's pages (`services.awarding.pages`); its folders `templates/` and `locales/` count
    before the ones here, as do those of `more`. Raises ValueError for a folder of translations named after no language."""

    def __init__(self, package: str, site: Site | None = None, *, more: tuple[Path, ...] = ()) -> None:
        folders = (*more, Path(import_module(package).__file__ or "").parent, OWN)
        locales = [folder / "locales" for folder in folders]
        self.site = site or Site()
        self.languages = languages.languages_in(locales)
        self._assets = Assets()
        loader = FileSystemLoader([folder / "templates" for folder in folders])
        self._translations = {code: languages.translations_in(locales, code) for code in self.languages}
        self._environments = {code: self._environment(loader, code) for code in self.languages}

    def _environment(self, loader: FileSystemLoader, language: str) -> Environment:
        environment = Environment(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        translations = self._translations[language]
        environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # the extension's
        environment.policies["ext.i18n.trimmed"] = True
        formats = Formats(language)
        listed = partial(isolated_list, formats=formats)
        environment.filters |= {**formats.filters(), "prose": prose, "bdi": isolated, "bdi_listed": listed}
        environment.globals |= {
            "site": self.site,
            "language": language,
            "direction": languages.direction_of(language),
            "assets": {name: self.site.prefix + address for name, address in self._assets.addresses.items()},
            "cairn": cairn,
        }
        return environment

    def language_of(self, request: Request) -> str:
        """What `?lang=` asks for, else what the cookie keeps, else what the browser accepts."""
        asked, kept = request.query_params.get("lang"), request.cookies.get(COOKIE)
        return languages.chosen(self.languages, asked, kept, request.headers.get("accept-language"))

    def text(self, request: Request, message: str, **parameters: object) -> str:
        """A text of the service's own in the page's language; `%(name)s` in it is filled in."""
        found = self._translations[self.language_of(request)].gettext(message)
        return found % parameters if parameters else found

    def render(
        self, request: Request, template: str, status: int = 200, *, cache: Cache = "never", secret: bool = False, **context: Any
    ) -> HTMLResponse:
        """The template, with the headers of a page. `secret` is for addresses that are themselves the permission to look."""
        language = self.language_of(request)
        page = {
            "path": request.url.path,
            "translations": [
                {"code": code, "name": languages.own_name(code), "address": _in_language(request, code)}
                for code in self.languages
            ],
            "secret": secret,
            "signed_in": False,
        }
        text = self._environments[language].get_template(template).render(page | context)
        response = HTMLResponse(text, status, page_headers(cache, secret_address=secret))
        response.headers["content-language"] = language
        if request.query_params.get("lang") == language:
            secure = request.url.scheme == "https"
            response.set_cookie(COOKIE, language, A_YEAR, samesite="lax", httponly=True, secure=secure)
            if cache == "short":
                response.headers["cache-control"] = CACHING["own"]
        return response

    def problem(self, request: Request, problem: dict[str, Any]) -> HTMLResponse:
        """Problem details as a page."""
        return self.render(request, "problem.html", problem["status"], problem=FIELDS | problem)

    def mount(self, app: FastAPI, *routers: APIRouter, beside: Sequence[APIRouter] = ()) -> None:
        """Serve these pages and the style, and answer errors on pages' paths with pages. Call it after all other middleware was
        added, for their errors are meant, too. `beside` are routers that the app has already and that are pages as well.
        Routes find this as `request.app.state.pages`."""
        for router in (self._assets.router(), *routers):
            app.include_router(router)
        app.state.pages = self
        routes = [route for router in (*routers, *beside) for route in router.routes]
        app.add_middleware(ReadableProblems, routes=routes, render=self.problem)


def _in_language(request: Request, code: str) -> str:
    """The same page in another language."""
    return "?" + str(request.url.include_query_params(lang=code).query)
