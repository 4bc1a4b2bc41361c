"""Bearer tokens: the user of a request by its Authorization header."""

from collections.abc import Callable
from typing import Annotated, TypeAlias

from fastapi import HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

BEARER = HTTPBearer(auto_error=False)

Credentials: TypeAlias = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]


def authenticated(
    request: Request,
    credentials: HTTPAuthorizationCredentials | None,
    user_of: Callable[[str], str | None],
    challenge: str = "Bearer",
) -> str:
    """Return the user of a request's token, and keep it for the access log.

    Raises HTTPException 401 for a missing token, and with `challenge` for an unknown one.
    """
    if credentials is None:
        raise _unauthorized("Not authenticated", "Bearer")
    user = user_of(credentials.credentials)
    if user is None:
        raise _unauthorized("Invalid authentication credentials", challenge)
    request.state.user = user
    return user


def _unauthorized(detail: str, challenge: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": challenge})
