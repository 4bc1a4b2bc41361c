"""How a server ends: in which order its parts stop."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3
from fastapi import FastAPI
from typing_extensions import override

from portal_sandbox.chaos import LATENCY, Chaos
from portal_sandbox.serving import listening, serving

from .conftest import LIMIT


class Waiting(Chaos):
    """Has each request wait until the server ends, and tells of the first one."""

    def __init__(self) -> None:
        super().__init__(f"{LATENCY}:{10 * LIMIT}s")
        self.begun = threading.Event()

    @override
    def count(self, kind: str) -> None:
        super().count(kind)
        self.begun.set()


class Ending:
    """A service that takes prompts until it is wound down, on the loop of its server."""

    def __init__(self) -> None:
        self.accepts = True
        self.loop: asyncio.AbstractEventLoop

    def wind_down(self) -> None:
        # A request that was released before this reaches the app within these rounds of the loop.
        asyncio.run_coroutine_threadsafe(_rounds(200), self.loop).result(LIMIT)
        self.accepts = False


async def _rounds(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.fault("Life cycle", "A sandbox that ends accepts no prompt of a request that has waited")
def test_a_request_that_waits_is_released_when_no_prompt_is_accepted_any_more() -> None:
    app, service, chaos = FastAPI(), Ending(), Waiting()
    app.state.service = service

    @app.post("/sessions")
    async def prompt() -> Any:
        return {"accepted": service.accepts}

    @app.get("/loop")
    async def loop() -> None:
        service.loop = asyncio.get_running_loop()

    with ThreadPoolExecutor() as threads, urllib3.PoolManager(retries=False, timeout=LIMIT) as pool:
        with listening("127.0.0.1", 0) as listener, serving(app, listener, chaos, None):
            host = f"http://127.0.0.1:{listener.getsockname()[1]}"
            pool.request("GET", f"{host}/loop")
            prompting = threads.submit(pool.request, "POST", f"{host}/sessions")
            assert chaos.begun.wait(LIMIT), "the request has not come"
        response = prompting.result(LIMIT)

    assert (response.status, response.json()) == (200, {"accepted": False})
    assert (chaos.requests, dict(chaos.made)) == (1, {LATENCY: 1})
