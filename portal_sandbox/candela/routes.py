"""The ten operations of the Candela contract."""

import re
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from portal_sandbox.candela import responses, wire
from portal_sandbox.candela.auth import CurrentUser, ThisCandela
from portal_sandbox.candela.bodies import JsonBodies
from portal_sandbox.candela.events import Result
from portal_sandbox.candela.service import Candela
from portal_sandbox.candela.sessions import HOST_ID, Name
from portal_sandbox.candela.specs import Wire
from portal_sandbox.candela.stream import Stream
from portal_sandbox.candela.tables import CandelaSessionRow
from portal_sandbox.errors import Refused

NDJSON = "application/x-ndjson"

router = APIRouter(
    route_class=JsonBodies, tags=["Sessions"], generate_unique_id_function=lambda route: route.name
)

Scope = Annotated[str, Query(description="The scope of the session")]
Identifier = Annotated[str, Query(description="The identifier of the session")]
Version = Annotated[str | None, Query(description="The version of the session; by default the latest one")]


@router.delete(
    "/sessions/",
    summary="Delete the data of a session",
    response_description="What is known of each version that was deleted",
    responses={
        **responses.UNAUTHORIZED,
        **responses.NO_SESSION,
        **responses.RUNNING,
        **responses.INVALID,
    },
)
def delete_session(
    candela: ThisCandela,
    user: CurrentUser,
    scope: Scope,
    identifier: Identifier,
    version: Annotated[
        str | None, Query(description="The version of the session; by default all of them")
    ] = None,
) -> list[wire.ObjectMetadata]:
    """What was said in the session is deleted with it. A session that is running must be stopped first."""
    rows = candela.sessions.delete(user, Name(scope, identifier, version))
    return [_metadata(row) for row in rows]


@router.get(
    "/sessions/",
    summary="Get the details of a session",
    response_description="What the session was started with",
    responses={**responses.UNAUTHORIZED, **responses.NO_SESSION, **responses.INVALID},
)
def get_session(
    candela: ThisCandela, user: CurrentUser, scope: Scope, identifier: Identifier, version: Version = None
) -> wire.Session:
    """The app or, of a development session, the circuit and the directive; with all that came besides."""
    row = candela.sessions.find(user, Name(scope, identifier, version))
    return wire.Session.model_validate(row.answer)


@router.get(
    "/sessions/metadata",
    summary="Get the metadata of a session",
    response_description="What is known of the session",
    responses={**responses.UNAUTHORIZED, **responses.NO_SESSION, **responses.INVALID},
)
def get_session_metadata(
    candela: ThisCandela, user: CurrentUser, scope: Scope, identifier: Identifier, version: Version = None
) -> wire.ObjectMetadata:
    """Its full name, who made it and when; its description says which agent it has, and where it stands."""
    return _metadata(candela.sessions.find(user, Name(scope, identifier, version)))


@router.get(
    "/sessions/list",
    summary="List sessions",
    response_description="What is known of the sessions, newest first",
    responses={**responses.UNAUTHORIZED, **responses.INVALID},
)
def list_sessions(
    candela: ThisCandela,
    user: CurrentUser,
    all_versions: Annotated[
        bool, Query(description="Whether to list each version of a session and not only the latest one")
    ] = False,
) -> list[wire.ObjectMetadata]:
    """The caller's sessions, whether they are running or not."""
    return [_metadata(row) for row in candela.sessions.visible(user, all_versions)]


@router.get(
    "/sessions/exists",
    summary="Tell whether a session exists",
    response_description="Whether the caller has such a session",
    responses={**responses.UNAUTHORIZED, **responses.INVALID},
)
def session_exists(
    candela: ThisCandela,
    user: CurrentUser,
    scope: Scope,
    identifier: Identifier,
    version: Annotated[
        str | None, Query(description="The version of the session; by default any of them")
    ] = None,
) -> bool:
    """A session exists from its start until it is deleted; it need not be running."""
    return candela.sessions.exists(user, Name(scope, identifier, version))


@router.post(
    "/session/dev",
    summary="Start a development session from an inline circuit and directive",
    response_description="What is known of the new session",
    responses=responses.TO_START,
)
def start_dev_session(
    candela: ThisCandela, user: CurrentUser, request: wire.DevSessionStartRequest
) -> wire.ObjectMetadata:
    """The session takes the caller's one slot, until it is stopped."""
    answer = {**_answer(request), "app": None, "model_cfg": _sent(request.model_id), "dev_session": True}
    return _started(candela, user, request.model_id, request, answer)


@router.post(
    "/session",
    summary="Start a session from a stored app and model",
    response_description="What is known of the new session",
    responses=responses.TO_START,
)
def start_session(
    candela: ThisCandela, user: CurrentUser, request: wire.SessionStartRequest
) -> wire.ObjectMetadata:
    """The session takes the caller's one slot, until it is stopped."""
    answer = {**_answer(request), "dev_session": False}
    return _started(candela, user, request.app, request, answer)


@router.get(
    "/session/stop",
    summary="Stop the running session",
    status_code=204,
    response_description="The slot is free",
    responses=responses.UNAUTHORIZED,
)
def stop_session(candela: ThisCandela, user: CurrentUser) -> None:
    """Whatever runs in the caller's slot is stopped; also what was started since this was first asked for."""
    candela.stop_session(user)


@router.post(
    "/session/pipeline_submit",
    summary="Send a prompt to the running pipeline session",
    response_description="What the pipeline has answered: text, or other data",
    responses=responses.TO_ASK,
)
async def submit_pipeline_prompt(candela: ThisCandela, user: CurrentUser, prompt: wire.SubmitPrompt) -> Any:
    """The answer comes once the pipeline is done. The prompt belongs to the conversation of the session."""
    result = await _result(await _asked(candela, user, prompt))
    return Response(result.json, media_type="application/json")


@router.post(
    "/session/agent_submit",
    summary="Send a prompt to the running agent session",
    response_description="A stream of json-serialised events forming the agent response and other data.",
    response_model=wire.Event,
    responses={
        200: {"content": {NDJSON: {"schema": {"$ref": "#/components/schemas/Event"}}}},
        **responses.TO_ASK,
    },
)
async def submit_prompt_to_agent(
    request: Request, candela: ThisCandela, user: CurrentUser, prompt: wire.SubmitPrompt
) -> Response:
    """Where the caller accepts application/x-ndjson, each event comes as it happens, on a line of its own.

    The last one is the result, or of type "sys" where the agent failed on the way. Otherwise the answer is
    the result alone, once the agent is done.
    """
    events = await _asked(candela, user, prompt)
    if not _accepts(request.headers.get("accept", ""), NDJSON):
        return Response((await _result(events)).event.model_dump_json(), media_type="application/json")
    first = await anext(events)  # what goes wrong before it can still be said by the status
    return StreamingResponse(_lines(first, events), media_type=NDJSON)


# ── starting ──


def _answer(request: wire.DevSessionStartRequest | wire.SessionStartRequest) -> dict[str, Any]:
    """What a request says of its session, and all that it holds besides."""
    own = type(request).model_fields
    sent = _sent(request)
    kept = {name: sent[name] for name in sent if name in own or name not in wire.Session.model_fields}
    for name in ("scope", "model_id"):
        kept.pop(name, None)
    return {**kept, "host_id": HOST_ID}


def _sent(value: Wire) -> dict[str, Any]:
    return value.model_dump(mode="json", exclude_unset=True)


def _started(
    candela: Candela,
    user: str,
    agent: wire.ObjectId,
    request: wire.DevSessionStartRequest | wire.SessionStartRequest,
    answer: Mapping[str, Any],
) -> wire.ObjectMetadata:
    named = request.parent_session
    parent = None if named is None else Name(named.scope, named.identifier, named.version)
    return _metadata(candela.start_session(user, agent.identifier, answer, request.scope, parent))


# ── answering ──


async def _asked(
    candela: Candela, user: str, prompt: wire.SubmitPrompt
) -> AsyncGenerator[wire.Event | Result]:
    stream = Stream()
    name = Name(prompt.scope, prompt.session_id)
    await run_in_threadpool(candela.answers.ask, user, name, prompt.prompt, stream)
    return stream.read()


async def _result(events: AsyncGenerator[wire.Event | Result]) -> Result:
    result = None
    async for event in events:
        result = event
    assert isinstance(result, Result)
    return result


async def _lines(
    first: wire.Event | Result, rest: AsyncGenerator[wire.Event | Result]
) -> AsyncGenerator[str]:
    yield _line(first)
    try:
        async for event in rest:
            yield _line(event)
    except Refused as refused:
        yield _line(wire.Event(event_type="sys", content=refused.detail))


def _line(event: wire.Event | Result) -> str:
    return f"{(event.event if isinstance(event, Result) else event).model_dump_json()}\n"


def _accepts(accept: str, media_type: str) -> bool:
    """Whether an Accept header names a media type, and not to refuse it."""
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name == media_type:
            return not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", parameter) for parameter in parameters)
    return False


# ── metadata ──


def _metadata(row: CandelaSessionRow) -> wire.ObjectMetadata:
    return wire.ObjectMetadata(
        obj_id=wire.ObjectId(scope=row.scope, identifier=row.identifier, version=row.version),
        domain="session",
        created_by=row.user_id,
        created_at=row.created_at,
        description=_description(row),
    )


def _description(row: CandelaSessionRow) -> str:
    if row.shared:
        state = "open to everyone"
    elif row.server is not None:
        state = "answering"
    else:
        state = "running" if row.running else "stopped"
    return "; ".join(filter(None, (f"Agent {row.agent_id}, {state}", row.failure)))
