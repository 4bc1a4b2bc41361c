"""Who is asking, and of which service: what the routes depend on."""

from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from portal_sandbox.service import Service


async def this_service(request: Request) -> Service:
    """The service of the app that serves the request."""
    return cast(Service, request.app.state.service)


ThisService = Annotated[Service, Depends(this_service)]

_bearer = HTTPBearer(auto_error=False)


async def current_user(
    request: Request,
    service: ThisService,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> str:
    """The user whose token came with the request; 401 without a token that is known."""
    if given is None:
        raise _unauthorized("Not authenticated")
    user = service.tokens.user(given.credentials)
    if user is None:
        raise _unauthorized("Invalid authentication credentials")
    request.state.user = user  # for the access log
    return user


def _unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


CurrentUser = Annotated[str, Security(current_user)]
