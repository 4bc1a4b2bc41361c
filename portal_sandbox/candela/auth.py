"""Who is asking, and of which Candela: what the routes depend on."""

from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from portal_sandbox.candela.service import Candela


async def this_candela(request: Request) -> Candela:
    """The Candela of the app that serves the request."""
    return cast(Candela, request.app.state.candela)


ThisCandela = Annotated[Candela, Depends(this_candela)]


def current_user(
    request: Request,
    candela: ThisCandela,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False))],
) -> str:
    """The user whose token came with the request; 401 without a token that is good."""
    if given is None:
        raise _unauthorized("Not authenticated", "Bearer")
    user = candela.user(given.credentials)
    if user is None:
        # RFC 6750 (3.1): this is how a client knows that another token may help.
        raise _unauthorized("Invalid authentication credentials", 'Bearer error="invalid_token"')
    request.state.user = user  # for the access log
    return user


def _unauthorized(detail: str, challenge: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": challenge})


CurrentUser = Annotated[str, Security(current_user)]
