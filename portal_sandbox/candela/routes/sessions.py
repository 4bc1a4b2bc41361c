"""The routes that read, start, stop and delete the sessions of Candela."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query

from portal_sandbox.candela import responses, wire
from portal_sandbox.candela.auth import CurrentUser, ThisCandela
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.service import DOMAIN, Candela
from portal_sandbox.candela.specs import Wire
from portal_sandbox.candela.tables import CandelaSessionRow
from portal_sandbox.routing import tagged

router = tagged("Sessions")

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
    return wire.Session.model_validate(row.details)


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
    details = {**_details(request), "app": None, "model_cfg": _sent(request.model_id), "dev_session": True}
    return _started(candela, user, request, details)


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
    details = {**_details(request), "dev_session": False}
    return _started(candela, user, request, details)


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


# ── starting ──


def _details(request: wire.DevSessionStartRequest | wire.SessionStartRequest) -> dict[str, Any]:
    """Return the details of the session that a request starts, unknown properties included."""
    own = type(request).model_fields
    sent = _sent(request)
    kept = {name: sent[name] for name in sent if name in own or name not in wire.Session.model_fields}
    for name in ("scope", "model_id"):
        kept.pop(name, None)
    return kept


def _sent(value: Wire) -> dict[str, Any]:
    return value.model_dump(mode="json", exclude_unset=True)


def _started(
    candela: Candela,
    user: str,
    request: wire.DevSessionStartRequest | wire.SessionStartRequest,
    details: Mapping[str, Any],
) -> wire.ObjectMetadata:
    named = request.parent_session
    parent = None if named is None else Name(named.scope, named.identifier, named.version)
    return _metadata(candela.start_session(user, details, request.scope, parent))


# ── metadata ──


def _metadata(row: CandelaSessionRow) -> wire.ObjectMetadata:
    return wire.ObjectMetadata(
        obj_id=wire.ObjectId(scope=row.scope, identifier=row.identifier, version=row.version),
        domain=DOMAIN,
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
