"""One request on its way through a server: noted, carried out as it is scripted, and answered or not."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Event, Thread, current_thread

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal_sandbox.faults import reset, wait_for_disconnect
from portal_testing.body import Body
from portal_testing.calls import Call
from portal_testing.script import Script, Step

#: The operations that return while the agent is at work. Here it is done at once, unless it takes its time:
#: so a session is Ready when it is looked at first, and the calls of a test are the same each time.
_ASYNCHRONOUS = ("create_async_session", "update_async_session")

#: How long an agent may take to begin, and to be done, in seconds.
_PATIENCE = 0.02


@dataclass(slots=True)
class Handling:
    """A call that is under way, the script of the agent that it asks, and the step that was taken of that.

    `begun` says that the agent has the prompt, and `at_work` is set once it is at work in its thread, the
    `worker`; `loses` says that the reply is to be lost.
    """

    call: Call
    script: Script | None = None
    step: Step | None = None
    begun: bool = False
    loses: bool = False
    worker: Thread | None = None
    at_work: Event = field(default_factory=Event)

    def begin(self) -> None:
        """Note that the agent is at work in this thread."""
        self.begun, self.worker = True, current_thread()
        self.at_work.set()

    def take(self, script: Script) -> Step | None:
        """Take the step of an agent. Raises the refusal that it wants."""
        self.script, self.step = script, script.take()
        if self.step is not None and self.step.failure is not None:
            self.begun = True
            raise self.step.failure()
        self.loses |= self.step is not None and self.step.loses
        return self.step

    def agent_done(self) -> None:
        """Wait until the agent is done, but not for long."""
        if self.at_work.wait(_PATIENCE) and self.worker is not None:
            self.worker.join(_PATIENCE)

    def settle(self, status: int) -> None:
        """Put the step back where the call was refused before the agent was at work."""
        if status >= 400 and self.script is not None and not self.begun:
            self.script.put_back(self.step)
            self.loses &= self.step is None or not self.step.loses


#: The call that this thread or task serves.
current: ContextVar[Handling] = ContextVar("portal_testing.handling")


async def handle(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, call: Call, step: Step | None
) -> None:
    """Handle a call; `step` is what is scripted for its operation."""
    handling = Handling(call, loses=step is not None and step.loses)
    current.set(handling)
    body = Body(call, receive)
    reply = _Reply(handling, scope, body, send)
    if step is not None and step.failure is not None:
        failure = step.failure()
        app = JSONResponse({"detail": failure.detail}, failure.status, dict(failure.headers))
    await app(scope, body.receive, reply)
    if call.lost:
        await wait_for_disconnect(receive)


class _Reply:
    """Notes the response in the call and sends it, unless it is to be lost."""

    def __init__(self, handling: Handling, scope: Scope, body: Body, send: Send) -> None:
        self._handling = handling
        self._scope = scope
        self._body = body
        self._send = send

    async def __call__(self, message: Message) -> None:
        call = self._handling.call
        if call.lost:
            return
        if message["type"] == "http.response.start":
            await self._body.finish()
            call.user = self._scope["state"].get("user")
            self._handling.settle(message["status"])
            if call.operation in _ASYNCHRONOUS and self._handling.script is not None:
                await run_in_threadpool(self._handling.agent_done)
            if self._handling.loses:
                call.lost = True
                reset(self._scope)
                return
            call.status = message["status"]
        await self._send(message)
