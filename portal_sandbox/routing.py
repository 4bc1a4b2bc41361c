"""Routing: what the routers of all tags have in common."""

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError

from portal_sandbox.bodies import BodyRoute


def tagged(tag: str) -> APIRouter:
    """Return a router whose operations have this tag, and the names of their functions as ids."""
    return APIRouter(route_class=BodyRoute, tags=[tag], generate_unique_id_function=lambda route: route.name)


def invalid(place: str, name: str, message: str, kind: str) -> RequestValidationError:
    """Return the error of an argument that no type can refuse."""
    return RequestValidationError([{"loc": (place, name), "msg": message, "type": kind}])
