"""The names of the operations, by method and path."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from fastapi import APIRouter
from fastapi.routing import APIRoute

from portal_sandbox.candela import token_endpoint
from portal_sandbox.portal.routers import ROUTERS
from portal_testing.body import TOKEN_OPERATIONS


class Named(NamedTuple):
    """An operation, and the arguments that the path holds."""

    name: str | None
    arguments: Mapping[str, str]


def find(method: str, path: str, candela: bool) -> Named:
    """Return the operation of a service that a request is for; its name is None where there is none."""
    for route in _routes(candela):
        found = route.path_regex.match(path)
        if found and method in (route.methods or ()):
            return Named(route.name, found.groupdict())
    return Named(None, {})


def names(candela: bool) -> list[str]:
    """Return the names of all operations of a service, without those of its token endpoint."""
    return [route.name for route in _routes(candela) if route.name not in TOKEN_OPERATIONS]


@cache
def _routes(candela: bool) -> list[APIRoute]:
    routers: list[APIRouter] = list(ROUTERS)
    if candela:
        from portal_sandbox.candela.routes.routers import ROUTERS as CANDELA  # slow, as in create_app

        routers = [*CANDELA, token_endpoint.router]
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
