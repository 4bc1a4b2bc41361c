"""The sandbox of the soak test: a process that makes faults, and that is killed and started again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from threading import Event

from bench.ledger import Ledger

ROOT = Path(__file__).parents[1]

CHAOS = "503:2%,429:0.5%,500:1%,reset:1%,lost:2%,cut:2%,latency:20ms:10%"

#: The client of the token endpoint, the password of all its users, and the life of a token in seconds.
CLIENT, SECRET, PASSWORD, LIFETIME = "soak", "client-secret", "password", 20

#: The time between two kills, in seconds.
_BETWEEN_KILLS = (8.0, 24.0)


class Server:
    """A sandbox with faults in a process of its own, killed at the end of the block.

    `users` sign in at the token endpoint; each of `tokens` is that of a user of its name.
    """

    def __init__(
        self, db: Path, tokens: Sequence[str], users: Sequence[str], seed: int, pace: str = "5ms"
    ) -> None:
        self._options = [
            f"--db={db}",
            *(f"--agent=bench.soak_agents:{name}" for name in ("digests", "spell", "heard")),
            *(f"--token={token}={token}" for token in tokens),
            *(f"--user={user}={PASSWORD}" for user in users),
            *(f"--client={CLIENT}={SECRET}", f"--token-lifetime={LIFETIME}s"),
            *(f"--chaos={CHAOS}", f"--chaos-seed={seed}", f"--pace={pace}", "--quiet"),
        ]
        self._start(0)

    def _start(self, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portal_sandbox", f"--port={port}", *self._options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.pid = self._process.pid
        self.host = self._process.stdout.readline().removeprefix("The sandbox runs at ").strip()
        for line in self._process.stdout:
            if line.startswith("Ctrl-C"):
                return
        raise RuntimeError(f"the sandbox has ended with {self._process.wait(30)}")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.communicate(timeout=30)

    def restart(self) -> None:
        """Kill it, and start it again on the same port and file."""
        self.kill()
        self._start(int(self.host.rpartition(":")[2]))

    def stop(self) -> str:
        """Stop it and return what it prints of the faults that it has made."""
        self._process.send_signal(signal.SIGTERM)
        output, _ = self._process.communicate(timeout=30)
        return output.strip()


class Killer:
    """What kills a server and starts it again, at random times."""

    def __init__(self, server: Server, ledger: Ledger, seed: int) -> None:
        self._server = server
        self._ledger = ledger
        self._random = Random(f"{seed} killer")

    def run(self, stopped: Event) -> None:
        """Go on until the end."""
        while not stopped.wait(self._random.uniform(*_BETWEEN_KILLS)):
            self._server.restart()
            self._ledger.count("servers killed")
