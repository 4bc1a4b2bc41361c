"""The app of Candela, for the sandbox to mount beside Portal."""

from collections.abc import Callable, Mapping
from datetime import datetime

from fastapi import FastAPI

from portal_sandbox import docs
from portal_sandbox.agents import Agent, echo
from portal_sandbox.candela import demo, routes, token_endpoint
from portal_sandbox.candela.answers import Answers
from portal_sandbox.candela.grants import Grants
from portal_sandbox.candela.oauth2 import OAuth2
from portal_sandbox.candela.service import Candela
from portal_sandbox.candela.sessions import Database, Presence, Sessions
from portal_sandbox.demo import GUEST
from portal_sandbox.methods import not_allowed
from portal_sandbox.tokens import Tokens

#: Where the sandbox mounts it.
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
) -> Candela:
    """The service over a database that somebody else opens and closes."""
    known = {**({demo.AGENT_ID: echo} if demo_data else {}), **agents}
    sessions = Sessions(database, presence, now)
    return Candela(
        sessions,
        Answers(sessions, known, latency, pace),
        Grants(database, now, oauth2, GUEST if demo_data else None),
        oauth2,
        tokens,
        known,
        demo_data,
    )


def candela_app(candela: Candela) -> FastAPI:
    """The operations and the token endpoint of a service."""
    app = FastAPI(title="FINBOURNE Candela Platform Web API", version="0.1.0", docs_url=None, redoc_url=None)
    app.state.candela = candela
    app.include_router(routes.router)
    app.include_router(token_endpoint.router)
    app.include_router(docs.router)
    app.add_exception_handler(token_endpoint.OAuth2Error, token_endpoint.refused)
    app.add_exception_handler(405, not_allowed(routes.router, token_endpoint.router, docs.router))
    return app
