"""Schemathesis against a sandbox, with the responses of each operation counted."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .openapi import Json

Counts = dict[str, Counter[int]]

COMMAND = Path(sys.executable).with_name("schemathesis")


class Counting:
    """Middleware that counts the statuses of each operation."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope.get("route")
                self._counts[getattr(route, "name", "none")][message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counting_send)


def schemathesis(
    document: Json, url: str, token: str, folder: Path, settings: str, phases: str, examples: int, *flags: str
) -> tuple[int, str]:
    """Run schemathesis: its exit status and its output; each run sends the same requests."""
    (folder / "contract.json").write_text(json.dumps(document))
    # In the file, and not as a flag: a flag would beat what the settings say of a single check.
    (folder / "settings.toml").write_text(f"[checks]\nenabled = true\n{settings}")
    command = [
        str(COMMAND),
        "--config-file=settings.toml",
        "run",
        "contract.json",
        f"--url={url}",
        f"--header=Authorization: Bearer {token}",
        f"--phases={phases}",
        f"--max-examples={examples}",
        "--generation-deterministic",
        "--suppress-health-check=all",
        "--request-timeout=60",  # on a busy machine
        "--warnings=off",
        *flags,
    ]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr
