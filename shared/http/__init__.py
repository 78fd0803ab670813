"""What every service's HTTP side has in common: problems, bearer tokens, health, pages of results, and the app itself."""

from shared.http.app import create_app
from shared.http.auth import Caller, Tokens, may_see_learner, requires
from shared.http.paging import Page, Paging, cursor_of
from shared.http.problems import Problem

__all__ = ["Caller", "Page", "Paging", "Problem", "Tokens", "create_app", "cursor_of", "may_see_learner", "requires"]
