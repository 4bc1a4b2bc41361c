"""The app of Candela, which the sandbox mounts beside Portal."""

from collections import ChainMap
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import cast

from fastapi import FastAPI

from portal_sandbox import docs
from portal_sandbox.agents import Agent, echo
from portal_sandbox.candela import demo, slot_limits, token_endpoint
from portal_sandbox.candela.grants import Grants
from portal_sandbox.candela.oauth2 import OAuth2
from portal_sandbox.candela.objects import Objects
from portal_sandbox.candela.routes.routers import ROUTERS
from portal_sandbox.candela.service import Candela
from portal_sandbox.candela.session_runner import SessionRunner
from portal_sandbox.candela.sessions import Sessions
from portal_sandbox.candela.slots import Slots
from portal_sandbox.candela.traces import Traces
from portal_sandbox.database import Database
from portal_sandbox.demo import GUEST
from portal_sandbox.methods import not_allowed
from portal_sandbox.presence import Presence
from portal_sandbox.tokens import Tokens

#: The path at which the sandbox mounts it.
PATH = "/candela"


def candela_service(
    database: Database,
    presence: Presence,
    agents: Mapping[str, Agent],
    tokens: Tokens,
    oauth2: OAuth2,
    *,
    latency: float,
    pace: float,
    now: Callable[[], datetime],
    demo_data: bool,
    strict: bool,
    slots: Mapping[str, slot_limits.Slots] | None,
    slot_start: float,
    slot_stop: float,
    admins: Collection[str] | None,
) -> Candela:
    """Return the service on a database that its caller opens and closes."""
    built_in: dict[str, Agent] = {demo.AGENT_ID: echo} if demo_data else {}
    known = ChainMap(cast("dict[str, Agent]", agents), built_in)
    types = slots if slots is None or not demo_data else {**slots, demo.SLOT_TYPE: slot_limits.Slots()}
    sessions = Sessions(database, presence, now)
    return Candela(
        sessions,
        Objects(database, now),
        Slots(database, now, slot_start, slot_stop, types),
        Traces(database, now),
        SessionRunner(sessions, known, latency, pace),
        Grants(database, now, oauth2, GUEST if demo_data else None),
        oauth2,
        tokens,
        known,
        pace,
        demo_data,
        strict,
        admins,
    )


def candela_app() -> FastAPI:
    """Return the app: its operations and its token endpoint."""
    app = FastAPI(
        title="FINBOURNE Candela Platform Web API",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    routers = (*ROUTERS, token_endpoint.router, docs.router)
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(token_endpoint.OAuth2Error, token_endpoint.refusal)
    app.add_exception_handler(405, not_allowed(*routers))
    return app
