"""The routes of traces, which sessions make."""

from typing import Annotated

from fastapi import Query

from portal_sandbox.candela import responses, wire
from portal_sandbox.candela.auth import CurrentUser, ThisCandela
from portal_sandbox.candela.service import DOMAIN
from portal_sandbox.routing import tagged

router = tagged("Traces")


@router.get(
    "/traces/",
    summary="Get a trace",
    response_description="The trace",
    responses={**responses.UNAUTHORIZED, **responses.NO_TRACE, **responses.INVALID},
)
def get_trace(
    candela: ThisCandela,
    user: CurrentUser,
    trace_id: Annotated[str, Query(description="The trace, as `obj_id.identifier` of its metadata names it")],
    scope: Annotated[str, Query(description="The scope of the trace")],
) -> wire.Trace:
    """What was said in a conversation, in order; sessions that continue one another share a trace."""
    return candela.traces.get(user, trace_id, scope)


@router.get(
    "/traces/list",
    summary="List the caller's traces",
    response_description="The metadata of the traces, newest first",
    responses=responses.UNAUTHORIZED,
)
def list_traces(candela: ThisCandela, user: CurrentUser) -> list[wire.ObjectMetadata]:
    """Traces are made by sessions, from their first prompt on."""
    return [
        wire.ObjectMetadata(
            obj_id=wire.ObjectId(scope=row.scope, identifier=row.id),
            domain=DOMAIN,
            created_by=row.user_id,
            created_at=row.created_at,
            description=row.description,
        )
        for row in candela.traces.listed(user)
    ]
