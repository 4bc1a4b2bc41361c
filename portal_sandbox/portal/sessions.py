"""The routes of sessions.

Only short work takes a thread of the server's pool; a request that waits for an agent takes none.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Annotated

from fastapi import File, Form, Path, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from portal_sandbox import events, negotiation, responses, wire
from portal_sandbox.auth import CurrentUser, ThisService
from portal_sandbox.errors import OutOfRange, SessionRunning, Stopping
from portal_sandbox.periods import by_period
from portal_sandbox.portal import views
from portal_sandbox.prompt import Prompt, Upload
from portal_sandbox.routing import invalid, tagged
from portal_sandbox.service import Service

router = tagged("Sessions")

# With a limit, text that is not Unicode is refused, not stored.
AgentId = Annotated[str, Form(min_length=1, description="The id of the agent that answers")]
TextPrompt = Annotated[str, Form(min_length=1, description="What the agent is asked")]
Files = Annotated[
    list[UploadFile],
    File(default_factory=list, description="Files for the agent to read along with the prompt"),
]
SessionId = Annotated[str, Path(description="The id of the session")]


@router.post(
    "/sessions/async",
    summary="Start a session and return its id without waiting for the answer",
    response_description="The id of the session",
    responses=responses.TO_CREATE,
)
async def create_async_session(
    service: ThisService, user: CurrentUser, agent_id: AgentId, text_prompt: TextPrompt, files: Files
) -> wire.AsyncSessionResponse:
    """The agent answers in the background; subscribe to the session to be told when it is done."""
    prompt = _prompt(text_prompt, files)
    row = await run_in_threadpool(service.runner.create, user, agent_id, prompt)
    return wire.AsyncSessionResponse(session_id=row.id)


@router.post(
    "/sessions",
    summary="Start a session and wait for the answer",
    response_description="The session with the prompt and the agent's answer",
    responses=responses.TO_CREATE,
)
async def create_session(
    service: ThisService, user: CurrentUser, agent_id: AgentId, text_prompt: TextPrompt, files: Files
) -> wire.Session:
    """The session is answered once the agent is done; its status is Error when the agent failed."""
    prompt = _prompt(text_prompt, files)
    row = await run_in_threadpool(service.runner.create, user, agent_id, prompt)
    return views.session(await service.changes.completed(row.id))


@router.post(
    "/sessions/replay",
    summary="Start a session from the first messages of another one",
    response_description="The new session",
    responses={**responses.TO_READ, **responses.OUT_OF_RANGE},
)
def create_session_from_replay(
    service: ThisService,
    user: CurrentUser,
    session_id: Annotated[str, Query(description="The id of the session to take the messages from")],
    last_message_index: Annotated[
        int, Query(description="The index of the last message to take over, counted from 0")
    ],
) -> wire.Session:
    """The new session holds messages 0 to `last_message_index`, that one included; the agent is not asked.

    An index that the session does not have is a validation error.
    """
    try:
        return views.session(service.store.replay(user, session_id, last_message_index))
    except OutOfRange as error:
        message = f"Input should be from 0 to {error.count - 1}"
        raise invalid("query", "last_message_index", message, "out_of_range") from None


@router.get(
    "/sessions",
    summary="List the sessions of an agent",
    response_description="The sessions, newest first",
    responses=responses.TO_PASS,
)
def get_sessions(
    service: ThisService,
    user: CurrentUser,
    agent_id: Annotated[str, Query(description="The id of the agent whose sessions to list")],
) -> wire.GetSessionsResponse:
    """The caller's sessions with this agent, newest first; none for an agent that does not exist."""
    return wire.GetSessionsResponse(sessions=views.sessions(service.store.sessions(user, agent_id)))


@router.get(
    "/sessions/grouped",
    summary="List the caller's sessions grouped by time",
    response_description="The sessions by period, newest first",
    responses=responses.TO_CALL,
)
def get_grouped_sessions(service: ThisService, user: CurrentUser) -> wire.GroupedSessionsResponse:
    """Groups in the order Today, Yesterday, Previous 7 days, then months; empty ones are left out."""
    groups = by_period(service.store.sessions(user), service.now())
    return wire.GroupedSessionsResponse(
        time_to_sessions={
            period: [views.grouped_session(row, service.agents.get(row.agent_id)) for row in rows]
            for period, rows in groups.items()
        }
    )


@router.get(
    "/sessions/{session_id}",
    summary="Get one session",
    response_description="The session as it is now",
    responses=responses.TO_READ,
)
def get_session(service: ThisService, user: CurrentUser, session_id: SessionId) -> wire.Session:
    """The session as it is now, also while its agent answers."""
    return views.session(service.store.session(session_id, user))


@router.put(
    "/sessions/{session_id}",
    summary="Add a prompt to a session and wait for the answer",
    response_description="The session with the prompt and the agent's answer added",
    responses=responses.TO_UPDATE,
)
async def update_session(
    service: ThisService, user: CurrentUser, session_id: SessionId, text_prompt: TextPrompt, files: Files
) -> wire.Session:
    """The session is answered once the agent is done; its status is Error when the agent failed."""
    await _begin(service, user, session_id, _prompt(text_prompt, files))
    return views.session(await service.changes.completed(session_id))


@router.get(
    "/sessions/{session_id}/subscribe",
    summary="Follow a session (no authorization)",
    response_model=wire.Session,
    response_description="The session, which is not running",
    responses={200: {"content": {events.MEDIA_TYPE: events.DOCUMENTATION}}, **responses.TO_FOLLOW},
)
async def subscribe_to_session(
    request: Request, response: Response, service: ThisService, session_id: SessionId
) -> wire.Session | Response:
    """The session as soon as it is not running any more.

    Where `text/event-stream` is accepted rather than JSON: the session at once and after each change, as
    server-sent events.
    """
    response.headers.update(negotiation.BY_ACCEPT)
    if not negotiation.is_wanted(events.MEDIA_TYPE, request):
        return views.session(await service.changes.completed(session_id))
    await run_in_threadpool(service.store.session, session_id)  # 404 while there is still a status to send
    headers = {**negotiation.BY_ACCEPT, "Cache-Control": "no-cache"}
    return StreamingResponse(_events(service, session_id), headers=headers, media_type=events.MEDIA_TYPE)


@router.put(
    "/sessions/{session_id}/async",
    summary="Add a prompt to a session without waiting for the answer",
    response_description="The id of the session",
    responses=responses.TO_UPDATE,
)
async def update_async_session(
    service: ThisService, user: CurrentUser, session_id: SessionId, text_prompt: TextPrompt, files: Files
) -> wire.AsyncSessionResponse:
    """The agent answers in the background; subscribe to the session to be told when it is done."""
    await _begin(service, user, session_id, _prompt(text_prompt, files))
    return wire.AsyncSessionResponse(session_id=session_id)


async def _begin(service: Service, user: str, session_id: str, prompt: Prompt) -> None:
    while True:
        try:
            await run_in_threadpool(service.runner.update, user, session_id, prompt)
            return
        except SessionRunning:
            row = await run_in_threadpool(service.store.session, session_id)
            if not row.shared:
                raise
            # Users of a shared session know nothing of each other, so there a prompt waits for the one
            # before.
            await service.changes.completed(session_id)


async def _events(service: Service, session_id: str) -> AsyncGenerator[str]:
    last = None
    with suppress(Stopping):
        async with aclosing(service.changes.follow(session_id, events.PING)) as rows:
            async for row in rows:
                yield events.COMMENT if row is last else events.event(views.session(row), row.revision)
                last = row


def _prompt(text: str, files: list[UploadFile]) -> Prompt:
    return Prompt(text, [_upload(file) for file in files])


def _upload(file: UploadFile) -> Upload:
    name = file.filename or "file"
    try:
        name.encode()
    except UnicodeEncodeError:  # a form in an odd charset can hold it, neither SQLite nor JSON can
        raise invalid("body", "files", "Input should be valid Unicode", "string_unicode") from None
    return Upload(name, file.content_type or "application/octet-stream", file.file)
