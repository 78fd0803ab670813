"""Roles at the institution's provider, and the scopes that they have here: a document of the operators, `CAIRN_ROLES`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.settings import Settings, Unset

Scope = Annotated[str, Field(pattern=r"^[!#-\[\]-~]{1,200}$")]
"""As OAuth writes them: no spaces, quotes, or backslashes."""


class Roles(BaseModel):
    """`claim` is a claim with roles, or a path to one: `realm_access.roles`. Roles that aren't named here give nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim: Annotated[str, Field(min_length=1)] = "roles"
    roles: Annotated[dict[str, list[Scope]], Field(min_length=1)]

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None where no document is named. Raises Unset where it can't be read, or isn't one."""
        return None if settings.roles is None else cls.in_file(settings.roles)

    @classmethod
    def in_file(cls, path: Path) -> Self:
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise Unset(f"CAIRN_ROLES: the file {path} cannot be read") from error
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors())
            raise Unset(f"CAIRN_ROLES: {path}: {wrong}") from error

    def scopes(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """Those of all roles that the claims name: in a list, or in text between spaces."""
        found = claims.get(self.claim, _within(claims, self.claim.split(".")))
        named = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
        return frozenset(scope for role in named if isinstance(role, str) for scope in self.roles.get(role, ()))


def _within(claims: Any, path: list[str]) -> Any:
    for name in path:
        if not isinstance(claims, Mapping):
            return None
        claims = claims.get(name)
    return claims
