"""The service that handles a request and the user who sent it: the dependencies of the routes."""

from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request, Security

from portal_sandbox.bearer import BEARER, Credentials, authenticated
from portal_sandbox.service import Service


async def this_service(request: Request) -> Service:
    """Return the service that handles the request."""
    return cast(Service, request.state.service)


ThisService = Annotated[Service, Depends(this_service)]


async def current_user(request: Request, service: ThisService, credentials: Credentials) -> str:
    """Return the user of the request's token. Raises HTTPException 401 without a known token."""
    return authenticated(request, credentials, service.tokens.user)


CurrentUser = Annotated[str, Security(current_user)]


async def caller_if_known(request: Request, service: ThisService) -> str | None:
    """Return the user of the request's token, which is not required; None without a known one."""
    try:
        return authenticated(request, await BEARER(request), service.tokens.user)
    except HTTPException:
        return None


CallerIfKnown = Annotated[str | None, Depends(caller_if_known)]
