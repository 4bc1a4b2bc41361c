"""The routes that send a prompt to the running session of Candela."""

import re
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from portal_sandbox.candela import responses, wire
from portal_sandbox.candela.auth import CurrentUser, ThisCandela
from portal_sandbox.candela.events import Result
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.service import Candela
from portal_sandbox.candela.stream import Stream
from portal_sandbox.errors import Refused
from portal_sandbox.routing import tagged

NDJSON = "application/x-ndjson"

router = tagged("Sessions")


@router.post(
    "/session/pipeline_submit",
    summary="Send a prompt to the running pipeline session",
    response_description="What the pipeline has answered: text, or other data",
    responses=responses.TO_ASK,
)
async def submit_pipeline_prompt(candela: ThisCandela, user: CurrentUser, prompt: wire.SubmitPrompt) -> Any:
    """The answer comes once the pipeline is done. The prompt belongs to the conversation of the session."""
    result = await _result(await _submit(candela, user, prompt, "pipeline"))
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
    events = await _submit(candela, user, prompt, "agent")
    if not _accepts(request.headers.get("accept", ""), NDJSON):
        return Response((await _result(events)).event.model_dump_json(), media_type="application/json")
    first = await anext(events)  # an error before it can still be the status of the response
    return StreamingResponse(_lines(first, events), media_type=NDJSON)


async def _submit(
    candela: Candela, user: str, prompt: wire.SubmitPrompt, app_type: wire.AppType
) -> AsyncGenerator[wire.Event | Result]:
    stream = Stream()
    name = Name(prompt.scope, prompt.session_id)
    await run_in_threadpool(candela.submit, user, name, prompt.prompt, stream, app_type)
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
