"""The app of Candela, which the sandbox mounts beside Portal."""

from fastapi import FastAPI

from portal_sandbox import docs
from portal_sandbox.candela import token_endpoint
from portal_sandbox.candela.routes.routers import ROUTERS
from portal_sandbox.methods import not_allowed


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
