"""The routes of routines. A run of one is a session; nothing is run by its interval."""

from collections import defaultdict
from typing import Annotated

from fastapi import Body, Path, Query
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select

from portal_sandbox import responses, wire
from portal_sandbox.auth import CurrentUser, ThisService
from portal_sandbox.owned import found, open_to
from portal_sandbox.portal import views
from portal_sandbox.portal.agents import check_agent
from portal_sandbox.prompt import Prompt
from portal_sandbox.routing import tagged
from portal_sandbox.service import Service
from portal_sandbox.store import new_id
from portal_sandbox.tables import RoutineRow, SessionRow

router = tagged("Routines")

RoutineId = Annotated[str, Path(description="The routine, as `Routine.id` names it")]


@router.post(
    "/routines",
    summary="Create a routine: a question that an agent is asked regularly",
    response_description="The new routine",
    responses={**responses.TO_PASS, **responses.NO_AGENT},
)
def create_routine(
    service: ThisService,
    user: CurrentUser,
    request: Annotated[wire.CreateRoutineRequest, Body(description="What to ask, whom, and how often")],
) -> wire.Routine:
    """Creating a routine does not run it."""
    check_agent(service, request.agent_id)
    row = RoutineRow(id=new_id(), user_id=user, shared=False, **request.model_dump())
    with service.store.database.writing() as db:
        db.add(row)
    return views.routine(row, [])


@router.get(
    "/routines",
    summary="List the caller's routines of one agent",
    description="Newest first, each with the sessions of its runs and its latest answer; none for an agent "
    "that does not exist.",
    response_description="The routines of the agent",
    responses=responses.TO_PASS,
)
def get_routines(
    service: ThisService,
    user: CurrentUser,
    agent_id: Annotated[str, Query(description="The agent, as `Agent.id` names it")],
) -> wire.RoutinesResponse:
    """Return the caller's routines of one agent."""
    query = select(RoutineRow).where(RoutineRow.agent_id == agent_id, open_to(user, RoutineRow))
    with service.store.database.reading() as db:
        routines = db.scalars(query.order_by(RoutineRow.key.desc())).all()
    runs: defaultdict[str | None, list[SessionRow]] = defaultdict(list)
    for session in service.store.sessions(user, agent_id):
        runs[session.routine_id].append(session)
    return wire.RoutinesResponse(routines=[views.routine(row, runs[row.id]) for row in routines])


@router.delete(
    "/routines/{routine_id}",
    summary="Delete a routine",
    response_description="The caller's routines of the same agent that are left",
    responses={**responses.TO_PASS, **responses.NOT_YOUR_ROUTINE, **responses.NO_ROUTINE},
)
def delete_routine(service: ThisService, user: CurrentUser, routine_id: RoutineId) -> wire.RoutinesResponse:
    """The sessions of its runs stay."""
    with service.store.database.writing() as db:
        row = found(db, RoutineRow, routine_id, user)
        if not row.shared:  # of the demo data, which stays for the next caller
            db.delete(row)
    return get_routines(service, user, row.agent_id)


@router.put(
    "/routines/{routine_id}/run/async",
    summary="Run a routine now without waiting for the answer",
    description="Asks the agent once and keeps the conversation as a new session with the routine's id, "
    "which is listed while the agent is at work.",
    response_description="The caller's routines of the same agent, with the run that has begun",
    responses={**responses.TO_PASS, **responses.NOT_YOUR_ROUTINE, **responses.NO_ROUTINE_OR_AGENT},
)
def run_async_routine(
    service: ThisService, user: CurrentUser, routine_id: RoutineId
) -> wire.RoutinesResponse:
    """Run a routine without waiting for its agent."""
    run = _begin(service, user, routine_id)
    return get_routines(service, user, run.agent_id)


@router.put(
    "/routines/{routine_id}/run",
    summary="Run a routine now and wait for the agent's answer",
    response_description="The caller's routines of the same agent, after the run",
    responses={**responses.TO_PASS, **responses.NOT_YOUR_ROUTINE, **responses.NO_ROUTINE_OR_AGENT},
)
async def run_routine(
    service: ThisService, user: CurrentUser, routine_id: RoutineId
) -> wire.RoutinesResponse:
    """Asks the agent once and keeps the conversation as a new session with the routine's id.

    A failed run is told by the status of its session and by the trend.
    """
    run = await run_in_threadpool(_begin, service, user, routine_id)
    await service.changes.completed(run.id)
    return await run_in_threadpool(get_routines, service, user, run.agent_id)


def _begin(service: Service, user: str, routine_id: str) -> SessionRow:
    """Return a new run of a routine. Raises NotFound, NotYours, NoSuchAgent, NoThread or Stopping."""
    with service.store.database.reading() as db:
        row = found(db, RoutineRow, routine_id, user)
    return service.runner.create(user, row.agent_id, Prompt(row.requirements), routine_id)
