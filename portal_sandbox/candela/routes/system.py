"""The routes of all slots, for administrators."""

from collections import Counter
from typing import Annotated, Any

from fastapi import Query

from portal_sandbox.candela import responses, wire
from portal_sandbox.candela.auth import Administrator, ThisCandela
from portal_sandbox.candela.routes.slots import slot_data
from portal_sandbox.candela.slot_limits import MOST
from portal_sandbox.routing import tagged

router = tagged("System")

SlotType = Annotated[str, Query(min_length=1, description="The type of the slots")]


@router.delete(
    "/system/slot",
    summary="Delete a slot without a replacement",
    response_model=Any,
    response_description="The slot is gone; the client does not read the body",
    responses={
        **responses.UNAUTHORIZED,
        **responses.NOT_AN_ADMIN,
        **responses.NO_SUCH_SLOT,
        **responses.INVALID,
    },
)
def admin_delete_slot(
    candela: ThisCandela,
    user: Administrator,
    slot_id: Annotated[str, Query(description="The slot, as `SlotData.slot_id` names it")],
) -> None:
    """For administrators: take away any slot, whoever has it.

    Its session is stopped, and no other slot takes its place.
    """
    candela.abandon(candela.slots.delete(slot_id))


@router.get(
    "/system/status",
    summary="Get the state of the slot infrastructure",
    response_model=Any,
    response_description="The state of each type of slot, as plain data",
    responses={**responses.UNAUTHORIZED, **responses.NOT_AN_ADMIN},
)
def get_domain_state(candela: ThisCandela, user: Administrator) -> dict[str, dict[str, int]]:
    """For administrators: how many slots of each type there are, and what they are doing."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in candela.slots.all():
        state = candela.slots.state(row)
        if state < wire.SlotState.HOST_READY:
            counts[row.type, "starting"] += 1
        elif row.user_id is not None:
            counts[row.type, "assigned"] += 1
        elif state == wire.SlotState.HOST_READY:
            counts[row.type, "free"] += 1
    return {
        each.name: {
            "max_slots": each.max_slots,
            "target_free_slots": each.target_free_slots,
            **{state: counts[each.name, state] for state in ("free", "assigned", "starting")},
        }
        for each in candela.slots.types()
    }


@router.get(
    "/system/list_slots",
    summary="List all slots",
    response_description="The metadata of the slots",
    responses={**responses.UNAUTHORIZED, **responses.NOT_AN_ADMIN},
)
def list_slots(candela: ThisCandela, user: Administrator) -> list[wire.SlotData]:
    """For administrators: the slots of the domain, whoever has them; without those that are disposed of."""
    return [slot_data(candela, row) for row in candela.slots.all()]


@router.put(
    "/system/free_slots_target",
    summary="Set how many free slots to keep",
    response_description="The target before and after",
    responses={**responses.UNAUTHORIZED, **responses.NOT_AN_ADMIN, **responses.INVALID},
)
def set_free_slots_target(
    candela: ThisCandela,
    user: Administrator,
    slot_type: SlotType,
    target_free_slots: Annotated[
        int, Query(ge=0, le=MOST, description="How many slots of this type are kept free")
    ],
) -> wire.SlotsPutResponse:
    """For administrators: how many slots of a type are kept ready for those who ask for one.

    Sent twice, the old value of the response is the new one.
    """
    candela.slots.check_type(slot_type)
    before = candela.slots.set_target(slot_type, target_free_slots)
    return wire.SlotsPutResponse(old_value=before, new_value=target_free_slots)


@router.put(
    "/system/max_slots",
    summary="Set the largest number of slots",
    response_description="The limit before and after",
    responses={**responses.UNAUTHORIZED, **responses.NOT_AN_ADMIN, **responses.INVALID},
)
def set_max_slots(
    candela: ThisCandela,
    user: Administrator,
    slot_type: SlotType,
    max_slots: Annotated[int, Query(ge=0, le=MOST, description="The most slots of this type")],
) -> wire.SlotsPutResponse:
    """For administrators. A limit below the number of slots takes none away.

    Sent twice, the old value of the response is the new one.
    """
    candela.slots.check_type(slot_type)
    before = candela.slots.set_max(slot_type, max_slots)
    return wire.SlotsPutResponse(old_value=before, new_value=max_slots)
