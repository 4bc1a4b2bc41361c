"""The load of the soak test that is batches, in processes that are killed.

Run as a module, it is such a process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

from bench.ledger import ACKNOWLEDGED, REFUSED, UNKNOWN, Ledger
from portal_client import ApiClient, Batch, Configuration, EnvToken, SessionsApi
from portal_client.batch import ItemArguments
from portal_sandbox.errors import STOPPED

ITEMS, WORKERS = 24, 4

_LIMITS: dict[str, Any] = {"workers": WORKERS, "settle": 1, "timeout": 300}
_INTERRUPTED = 130

#: Seconds for a process to end that was interrupted.
_SECONDS = 30


class BatchWorker:
    """One thread that runs a batch after the other, each as another user."""

    def __init__(
        self, client: ApiClient, tokens: Sequence[str], large: Path, ledger: Ledger, seed: int
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._large = large
        self._ledger = ledger
        self._random = Random(f"{seed} batch")
        self._items = count()

    def run(self, stopped: Event) -> None:
        """Run batches."""
        for number in count():
            if stopped.is_set():
                return
            self.run_one(self._tokens[number % len(self._tokens)], self._large.parent / f"batch-{number}")

    def run_one(self, token: str, journal: Path) -> None:
        """Add items, start processes that run them and end those, and run the rest in this process."""
        api = SessionsApi(self._client.with_options(access_token=token))
        with Batch(journal, api) as batch:
            batch.add_many(self._new_items())
            for _ in range(self._random.randint(1, 2)):
                self._run_and_end(token, journal)
            counts = batch.run(**_LIMITS)
            self._ledger.check(counts.total == ITEMS, f"{journal}: {counts} of {ITEMS}")
            self._take(batch)
        self._ledger.count("batches")
        for path in journal.parent.glob(f"{journal.name}*"):
            path.unlink()

    def _new_items(self) -> Iterator[ItemArguments]:
        for _ in range(ITEMS):
            prompt = f"batch {next(self._items)} ☃"
            if (chance := self._random.random()) > 0.3:
                yield {"agent_id": "spell", "text_prompt": prompt}
            else:
                content = self._large if chance < 0.03 else self._random.randbytes(20_000)
                yield {"agent_id": "digests", "text_prompt": prompt, "files": [("ü.bin", content)]}

    def _run_and_end(self, token: str, journal: Path) -> None:
        with subprocess.Popen(
            [
                sys.executable,
                "-X",
                "faulthandler",
                "-m",
                "bench.load_batch",
                self._client.configuration.host,
                str(journal),
            ],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "BEARER_TOKEN": token},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            end = self._random.choice((signal.SIGKILL, signal.SIGINT))
            try:
                process.wait(self._random.uniform(0.1, 1.5))
            except subprocess.TimeoutExpired:
                process.send_signal(end)
                self._ledger.count("batches killed" if end == signal.SIGKILL else "batches interrupted")
            try:
                _, error = process.communicate(timeout=_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)  # it says where each of its threads is
                _, error = process.communicate(timeout=_SECONDS)
        expected = process.returncode in (0, _INTERRUPTED, -end)
        self._ledger.check(expected, f"{journal} ended in {process.returncode}: {error}")

    def _take(self, batch: Batch) -> None:
        """Note the outcome of each item, and check the answers of those that have one."""
        for result in batch.results():
            prompt, content = result.inputs.text_prompt, [file.sha256 for file in result.inputs.files]
            texts = [message.text for message in result.session.messages] if result.session else []
            self._ledger.check(texts == [prompt, "\n".join([prompt, *content])], f"{prompt} became {texts}")
            self._ledger.note(prompt, ACKNOWLEDGED)
        for result in batch.failures():
            stopped = result.session is not None and STOPPED in (result.answer or "")
            self._ledger.count("agents ended with their server", stopped)
            self._ledger.check(stopped, f"{result.inputs.text_prompt} has failed: {result.error}")
            self._ledger.note(result.inputs.text_prompt, ACKNOWLEDGED if result.session_id else REFUSED)
        for result in batch.in_doubt():
            self._ledger.count("batch items in doubt")
            self._ledger.note(result.inputs.text_prompt, UNKNOWN)


def main(host: str, journal: str) -> int:
    """Run a batch until the end, or an interruption."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell's background jobs
    client = ApiClient(Configuration(host, access_token=EnvToken("BEARER_TOKEN")))
    with client, Batch(journal, SessionsApi(client)) as batch:
        print("running", flush=True)
        try:
            batch.run(**_LIMITS)
        except KeyboardInterrupt:
            return _INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
