"""The routes of the caller's slot."""

from typing import Annotated

from fastapi import Query

from portal_sandbox.candela import responses, wire
from portal_sandbox.candela.auth import CurrentUser, ThisCandela
from portal_sandbox.candela.service import DOMAIN, Candela
from portal_sandbox.candela.tables import SlotRow
from portal_sandbox.routing import tagged

router = tagged("UserSlots")


def slot_data(candela: Candela, row: SlotRow) -> wire.SlotData:
    """Return what there is to know of a slot."""
    ready, disposed = candela.slots.times(row)
    return wire.SlotData(
        slot_id=row.id,
        slot_type=row.type,
        domain=DOMAIN,
        state=candela.slots.state(row),
        assigned_to=row.user_id,
        created=row.created,
        assigned=row.assigned,
        disposed=disposed,
        ready=ready,
    )


@router.put(
    "/slot",
    summary="Assign a slot to the caller",
    status_code=204,
    response_description="The caller has a slot",
    responses={**responses.NO_FREE_SLOT, **responses.UNAUTHORIZED, **responses.INVALID},
)
def assign_slot(
    candela: ThisCandela,
    user: CurrentUser,
    slot_type: Annotated[str, Query(min_length=1, description="The type of the slot")],
) -> None:
    """A slot is a machine that sessions of the caller run on.

    The caller keeps it until it is disposed of; for one who has a slot already, nothing changes.
    """
    candela.slots.check_type(slot_type)
    candela.slots.assign(user, slot_type)


@router.delete(
    "/slot",
    summary="Dispose of the caller's slot",
    status_code=204,
    response_description="The slot is given up",
    responses={**responses.NO_SLOT, **responses.UNAUTHORIZED},
)
def dispose_slot(candela: ThisCandela, user: CurrentUser) -> None:
    """The session that runs on it is stopped.

    Sent twice, it may dispose of a slot that was assigned since.
    """
    candela.abandon(candela.slots.dispose(user))


@router.get(
    "/slot/state",
    summary="Get the state of the caller's slot",
    response_description="The state of the slot",
    responses={**responses.NO_SLOT, **responses.UNAUTHORIZED},
)
def get_slot_state(candela: ThisCandela, user: CurrentUser) -> wire.SlotState:
    """Sessions start on a slot in state 3, HOST_READY."""
    return candela.slots.state(candela.slots.get(user))


@router.get(
    "/slot/metadata",
    summary="Get the metadata of the caller's slot",
    response_description="The metadata of the slot",
    responses={**responses.NO_SLOT_HERE, **responses.UNAUTHORIZED},
)
def get_slot_metadata(candela: ThisCandela, user: CurrentUser) -> wire.SlotData:
    """Its id, its type, its state, and when it was created, assigned and ready."""
    return slot_data(candela, candela.slots.get(user))


@router.get(
    "/slot/user_has_slot",
    summary="Tell whether the caller has a slot",
    response_description="Whether the caller has a slot",
    responses=responses.UNAUTHORIZED,
)
def user_has_slot(candela: ThisCandela, user: CurrentUser) -> bool:
    """A caller without a slot is no error here."""
    return candela.slots.exists(user)
