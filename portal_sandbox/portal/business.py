"""The routes of businesses, of which a user has one at most."""

from typing import Annotated

from fastapi import Body, Path

from portal_sandbox import responses, wire
from portal_sandbox.auth import CurrentUser, ThisService
from portal_sandbox.errors import HasBusiness, NotFound
from portal_sandbox.owned import found
from portal_sandbox.routing import invalid, tagged
from portal_sandbox.store import new_id
from portal_sandbox.tables import BusinessRow

router = tagged("Business")


@router.post(
    "/business",
    summary="Describe the caller's business to the agents",
    response_description="The new business",
    responses={**responses.TO_PASS, **responses.HAS_BUSINESS},
)
def create_business(
    service: ThisService,
    user: CurrentUser,
    request: Annotated[
        wire.CreateBusinessRequest, Body(description="What to call the business, and what it does")
    ],
) -> wire.Business:
    """The service gives it an id. A user has one business at most."""
    with service.store.database.writing() as db:
        if db.get(BusinessRow, user) is not None:
            raise HasBusiness
        row = BusinessRow(id=new_id(), user_id=user, name=request.name, description=request.description)
        db.add(row)
    return _business(row)


@router.get(
    "/business",
    summary="Get the caller's business",
    response_description="The caller's business, or null",
    responses=responses.TO_CALL,
)
def get_business(service: ThisService, user: CurrentUser) -> wire.BusinessResponse:
    """A user has one business at most; `business` is null where there is none."""
    with service.store.database.reading() as db:
        row = db.get(BusinessRow, user)
    return wire.BusinessResponse(business=None if row is None else _business(row))


@router.put(
    "/business",
    summary="Replace the name and the description of the caller's business",
    response_description="The business as it is now",
    responses={
        **responses.TO_PASS,
        **responses.NOT_YOUR_BUSINESS,
        **responses.NO_BUSINESS,
        **responses.NOT_THE_CALLER,
    },
)
def update_business(
    service: ThisService,
    user: CurrentUser,
    business: Annotated[wire.Business, Body(description="The business with its new name and description")],
) -> wire.Business:
    """The business to change is named by the `id` in the body; its `id` and `user_id` stay."""
    with service.store.database.writing() as db:
        row = found(db, BusinessRow, business.id, user)
        if business.user_id != user:
            raise invalid("body", "user_id", "Input should be the caller", "value_error")
        row.name, row.description = business.name, business.description
    return _business(row)


@router.delete(
    "/business/{business_id}",
    summary="Delete the caller's business",
    response_description="Whether a business was deleted",
    responses={**responses.TO_PASS, **responses.NOT_YOUR_BUSINESS},
)
def delete_business(
    service: ThisService,
    user: CurrentUser,
    business_id: Annotated[str, Path(description="The business, as `Business.id` names it")],
) -> wire.DeleteBusinessResponse:
    """`success` is false where no business has this id, so that a second deletion does no harm."""
    with service.store.database.writing() as db:
        try:
            db.delete(found(db, BusinessRow, business_id, user))
        except NotFound:
            return wire.DeleteBusinessResponse(success=False)
    return wire.DeleteBusinessResponse(success=True)


def _business(row: BusinessRow) -> wire.Business:
    return wire.Business.model_validate(row)
