"""The Candela service that handles a request and the user who sent it: the dependencies of the routes."""

from typing import Annotated, cast

from fastapi import Depends, Request, Security

from portal_sandbox.bearer import Credentials, authenticated
from portal_sandbox.candela.service import Candela
from portal_sandbox.chaos import SLOT_FAULT


async def this_candela(request: Request) -> Candela:
    """Return the Candela service that handles the request."""
    return cast(Candela, request.state.service.candela)


ThisCandela = Annotated[Candela, Depends(this_candela)]


def current_user(request: Request, candela: ThisCandela, credentials: Credentials) -> str:
    """Return the user of the request's token. Raises HTTPException 401 without a valid token."""
    # RFC 6750 (3.1): this is how a client knows that another token may help.
    user = authenticated(request, credentials, candela.user, 'Bearer error="invalid_token"')
    fault = getattr(request.state, SLOT_FAULT, None)
    if fault is not None and candela.fail_slot(user, fault):
        delattr(request.state, SLOT_FAULT)
    return user


CurrentUser = Annotated[str, Security(current_user)]


def administrator(candela: ThisCandela, user: CurrentUser) -> str:
    """Return the user of the request's token. Raises NotAnAdmin for one who is none."""
    candela.check_admin(user)
    return user


Administrator = Annotated[str, Depends(administrator)]
