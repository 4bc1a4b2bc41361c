"""The route that adds a model, and sends its progress meanwhile. Nothing is downloaded."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from portal_sandbox.candela import responses, wire
from portal_sandbox.candela.auth import CurrentUser, ThisCandela
from portal_sandbox.candela.kinds import MODEL
from portal_sandbox.candela.objects import NewObject
from portal_sandbox.candela.routes.objects import NEXT_VERSION, SystemLevel, metadata
from portal_sandbox.candela.routes.prompts import NDJSON
from portal_sandbox.candela.service import Candela
from portal_sandbox.errors import Refused
from portal_sandbox.routing import tagged

#: The size that every model pretends to have, in bytes.
TOTAL_BYTES = 4_000_000_000

router = tagged(MODEL.tag)


@router.put(
    "/models/",
    summary="Add a model, or the next version of one",
    description="The service downloads the weights, which may take long, and sends its progress as JSON "
    f"objects, one on each line. {NEXT_VERSION}",
    response_description="The progress: the size first (`details.total_bytes`), then lines of status "
    '"in_progress" with `details.written_bytes`, at the end one of status "complete" whose `details` are the '
    "metadata",
    responses={
        200: {"content": {NDJSON: {"schema": {"type": "object"}}}},
        **responses.UNAUTHORIZED,
        **responses.NOT_FOR_ALL,
        **responses.INVALID,
    },
    response_model=Any,
)
async def add_model(
    candela: ThisCandela,
    user: CurrentUser,
    hf_url: Annotated[str, Query(min_length=1, description="The address of the weights at Hugging Face")],
    scope: Annotated[str, Query(min_length=1, description="The scope of the model")],
    identifier: Annotated[str, Query(min_length=1, description="The identifier of the model")],
    quantisation: Annotated[str, Query(description="The precision of the weights, as a label such as q6k")],
    description: Annotated[str, Query(description="What the model is, for people to read")],
    version_bump: Annotated[
        wire.Bump, Query(description="Which part of the version is counted up: major, minor or patch")
    ] = "patch",
    system_level: SystemLevel = False,
) -> Response:
    """Pretend to download the weights, and store the model at the end."""
    data = {"origin": hf_url, "quantisation": quantisation}
    new = NewObject(scope, identifier, data, description, version_bump, system_level)
    candela.check_level(user, new)  # an error before the first line can still be the status
    return StreamingResponse(_progress(candela, user, new), media_type=NDJSON)


async def _progress(candela: Candela, user: str, new: NewObject) -> AsyncGenerator[str]:
    yield _line("started", {"total_bytes": TOTAL_BYTES})
    await asyncio.sleep(candela.pace)
    yield _line("in_progress", {"written_bytes": TOTAL_BYTES // 2})
    await asyncio.sleep(candela.pace)
    try:  # so late that one who hangs up before has added nothing
        row = await run_in_threadpool(candela.add_object, user, MODEL, new)
    except Refused as refused:
        yield _line("failed", {"detail": refused.detail})
    else:
        yield _line("complete", metadata(MODEL, row).model_dump(mode="json"))


def _line(status: str, details: Any) -> str:
    return f"{json.dumps({'status': status, 'details': details})}\n"
