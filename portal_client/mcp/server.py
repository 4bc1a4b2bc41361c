"""The server of the tools: messages of the protocol on one side, calls in threads on the other."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, Optional, TypeVar

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import ValidationError

from portal_client import __version__
from portal_client.exceptions import ApiValueError, OpenApiException
from portal_client.mcp.calls import Calls
from portal_client.mcp.tools import UNTRUSTED
from portal_client.wait import SessionProgress

T = TypeVar("T")

_Context = ServerRequestContext[dict[str, Any]]

_log = logging.getLogger("portal_client.mcp")

_INSTRUCTIONS = (
    "Conversations with the agents of the Portal service. An agent may take minutes: start_session and "
    "continue_session return at once, wait_for_session waits for a part of that time and may be called again."
)
_FAULT = "A fault of the server itself; its log on standard error tells more. It is not known what was done."


def serve(calls: Calls) -> None:
    """Serve a host on the standard streams until it closes them."""
    # The thread that reads standard input cannot be interrupted, so Ctrl-C is left to end the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        asyncio.run(_serve(server(calls)))
    except* BrokenPipeError:
        pass  # the host has gone away


async def _serve(served: Server[dict[str, Any]]) -> None:
    async with stdio_server() as (incoming, outgoing):
        await served.run(incoming, outgoing, served.create_initialization_options())


def server(calls: Calls) -> Server[dict[str, Any]]:
    """Return the server, for any transport."""
    tools = [
        Tool(
            name=tool.name,
            title=tool.name.replace("_", " ").capitalize(),
            description=tool.text,
            input_schema=calls.schemas[tool.name],
            annotations=ToolAnnotations(
                read_only_hint=tool.read_only,
                destructive_hint=tool.destructive,
                idempotent_hint=tool.operation.idempotent,
                open_world_hint=True,
            ),
        )
        for tool in calls.tools.values()
    ]

    async def list_tools(context: _Context, params: Optional[PaginatedRequestParams]) -> ListToolsResult:
        return ListToolsResult(tools=tools)

    return Server(
        "portal",
        version=__version__,
        instructions=f"{_INSTRUCTIONS}\n\n{UNTRUSTED}",
        on_list_tools=list_tools,
        on_call_tool=partial(_call, calls),
    )


async def _call(calls: Calls, context: _Context, params: CallToolRequestParams) -> CallToolResult:
    try:
        tool = calls.tool(params.name)
    except ApiValueError as error:
        raise MCPError(INVALID_PARAMS, str(error)) from None
    loop, sending = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    def send(progress: SessionProgress) -> None:
        task = loop.create_task(context.session.report_progress(progress.elapsed, message=str(progress)))
        sending.add(task)
        task.add_done_callback(sending.discard)

    def report(progress: SessionProgress) -> None:
        with suppress(RuntimeError):  # the loop is closed: the host has gone away
            loop.call_soon_threadsafe(send, progress)

    try:
        result = await _in_thread(lambda: calls.call(tool, params.arguments or {}, report))
    except (OpenApiException, ValidationError, OSError) as error:
        return _result(calls.failure(tool, error), is_error=True)
    except Exception:
        _log.exception("%s", tool.name)
        return _result(_FAULT, is_error=True)
    return _result(json.dumps(result, ensure_ascii=False), structured_content=result)


def _result(text: str, **more: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], **more)


async def _in_thread(work: Callable[[], T]) -> T:
    """Return what a function returns that may block.

    It has a thread of its own: those of anyio are few, the streams need two of them, and one that waits would
    keep the process from ending.
    """
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    done.set_running_or_notify_cancel()
    Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(done)
