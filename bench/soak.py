"""A mixed load against a sandbox that makes faults, for a given time, and a balance at its end.

    python bench/soak.py --seconds 20 [--seed N]

Threads start and continue sessions of both services, send files, and follow answers as they grow. Each prompt
is unique and sent once, so that it can be looked up in the database afterwards: an acknowledged one must be
stored once, a refused one not at all, and one whose response was lost at most once. Descriptors and memory of
both processes must not grow. The exit status is 1 where something does not hold.

The same seed chooses the same load and the same faults, but the order of the threads varies.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:  # where this is run as a file
    sys.path.append(str(ROOT))

import finbourne_candela
import portal_sandbox
from bench.load import ACKNOWLEDGED, REFUSED, UNKNOWN, CandelaWorker, Ledger, Worker
from finbourne_candela.extensions import ArgsConfigurationLoader, SyncApiClientFactory
from portal_client import ApiClient, Configuration, SessionsApi

CHAOS = "503:2%,429:0.5%,500:1%,reset:1%,lost:2%,cut:2%,latency:20ms:10%"

#: Portal's threads and the users of each, who take turns so that lists stay short; and Candela's threads.
WORKERS, USERS, CANDELA_WORKERS = 6, 40, 2

#: How much more the last third of the time may take than the first; memory in megabytes.
MORE_DESCRIPTORS, MORE_MEMORY = 5, 20.0


# ── the sandbox, and what processes hold ──


class Server:
    """A sandbox with chaos in a process of its own, killed at the end of the block."""

    def __init__(self, db: Path, tokens: Sequence[str], seed: int) -> None:
        agents = [f"--agent=bench.soak_agents:{name}" for name in ("digests", "spell", "heard")]
        users = [f"--token={token}={token}" for token in tokens]
        chaos = [f"--chaos={CHAOS}", f"--chaos-seed={seed}", "--pace=5ms", "--quiet"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portal_sandbox", "--port=0", f"--db={db}", *agents, *users, *chaos],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.pid = self._process.pid
        self.host = self._process.stdout.readline().removeprefix("The sandbox runs at ").strip()
        for line in self._process.stdout:
            if line.startswith("Ctrl-C"):
                break

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def stop(self) -> str:
        """Stop it and return what it prints of the faults that it has made."""
        self._process.send_signal(signal.SIGTERM)
        output, _ = self._process.communicate(timeout=30)
        return output.strip()


@dataclass(frozen=True)
class Usage:
    """The resources of a process: open descriptors, and megabytes of memory."""

    descriptors: int
    memory: float

    @classmethod
    def of(cls, pid: int) -> "Usage":
        """Return those of a process, from Linux's /proc."""
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return cls(len(os.listdir(f"/proc/{pid}/fd")), pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


def _of_most(usages: Sequence[Usage]) -> Usage:
    return Usage(max(each.descriptors for each in usages), median(each.memory for each in usages))


# ── the balance ──


def stored_prompts(host: str, tokens: Sequence[str], ledger: Ledger) -> Counter[str]:
    """Return how often each of Portal's prompts is stored, once all agents are done."""
    found: Counter[str] = Counter()
    for token in tokens:
        with ApiClient(Configuration(host, access_token=token)) as client:
            api = SessionsApi(client)
            for agent_id in ("echo", "digests", "spell"):
                for each in api.get_sessions(agent_id).sessions:
                    session = api.subscribe_to_session(each.id)
                    texts = [message.text for message in session.messages]
                    asked, answered = texts[::2], texts[1::2]
                    whole = session.status == "Ready" and len(asked) == len(answered)
                    whole = whole and all(map(str.startswith, answered, asked))
                    ledger.check(whole, f"{session.id} ended as {session.status} {texts}")
                    found.update(asked)
    return found


def balance(ledger: Ledger, found: Mapping[str, int]) -> tuple[list[tuple[str, int, int | None]], bool]:
    """Return the rows of the balance, with a column for each service, and whether it holds."""
    portal, candela = (
        Counter(outcome for prompt, outcome in ledger.outcomes.items() if prompt.startswith(service))
        for service in ("prompt", "candela")
    )
    stored = Counter(ledger.outcomes.get(prompt) for prompt in found)
    lost = portal[ACKNOWLEDGED] - stored[ACKNOWLEDGED]
    doubled = sum(times > 1 for times in found.values())
    unasked = stored[REFUSED] + stored[None]
    rows: list[tuple[str, int, int | None]] = [
        ("prompts", portal.total(), candela.total()),
        ("acknowledged", portal[ACKNOWLEDGED], candela[ACKNOWLEDGED]),
        ("  of these stored", stored[ACKNOWLEDGED], None),
        ("refused", portal[REFUSED], candela[REFUSED]),
        ("  of these stored", unasked, None),
        ("unknown", portal[UNKNOWN], candela[UNKNOWN]),
        ("  of these stored", stored[UNKNOWN], None),
        *((what, number, None) for what, number in sorted(ledger.counts.items())),
        ("lost", lost, None),
        ("doubled", doubled, None),
        ("wrong", len(ledger.wrong), None),
    ]
    return rows, not (lost or doubled or unasked or ledger.wrong)


def _report(
    rows: Sequence[tuple[str, int, int | None]], client: Sequence[Usage], sandbox: Sequence[Usage]
) -> bool:
    """Print the table and return whether descriptors and memory are flat."""
    print(f"{'':22}{'Portal':>12}{'Candela':>12}")
    for name, portal, candela in rows:
        print(f"{name:22}{portal:>12,}{'' if candela is None else format(candela, ','):>12}".rstrip())
    print(f"\n{'':22}{'first third':>12}{'last third':>12}")
    flat, third = True, max(1, len(client) // 3)
    for name, usages in (("client", client), ("sandbox", sandbox)):
        first, last = _of_most(usages[:third]), _of_most(usages[-third:])
        print(f"{name + ', descriptors':22}{first.descriptors:>12}{last.descriptors:>12}")
        print(f"{name + ', MB':22}{first.memory:>12.1f}{last.memory:>12.1f}")
        flat &= last.descriptors - first.descriptors <= MORE_DESCRIPTORS
        flat &= last.memory - first.memory <= MORE_MEMORY
    return flat


# ── the command ──


def _put_load(
    server: Server, tokens: Sequence[str], ledger: Ledger, seconds: float, seed: int
) -> list[tuple[Usage, Usage]]:
    """Put load on a server; return the resources of this process and of it, after a tenth of the time."""
    stopped, usages = Event(), list[tuple[Usage, Usage]]()
    with ExitStack() as stack:
        client = stack.enter_context(ApiClient(Configuration(server.host)))
        workers: list[Worker | CandelaWorker] = []
        for number in range(WORKERS):
            users = [client.with_options(access_token=token) for token in tokens[number::WORKERS]]
            workers.append(Worker(number, users, ledger, seed))
        for number in range(CANDELA_WORKERS):
            settings = ArgsConfigurationLoader(api_url=f"{server.host}/candela", access_token=tokens[number])
            factory = stack.enter_context(SyncApiClientFactory([settings]))
            workers.append(CandelaWorker(number, factory.build(finbourne_candela.SessionsApi), ledger, seed))
        threads = stack.enter_context(ThreadPoolExecutor(len(workers)))
        stack.callback(stopped.set)
        running = [threads.submit(worker.run, stopped) for worker in workers]
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds and not any(each.done() for each in running):
            if passed > seconds / 10:
                usages.append((Usage.of(os.getpid()), Usage.of(server.pid)))
            time.sleep(min(0.5, seconds / 40))
        stopped.set()
        for each in running:
            each.result()
    return usages


def main() -> int:
    """Run the soak test; return 0 where everything holds, else 1."""
    parser = argparse.ArgumentParser(description="A mixed load with faults, and its balance.")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="of the load and the faults")
    options = parser.parse_args()
    tokens = [f"user-{number}" for number in range(WORKERS * USERS)]
    ledger = Ledger()
    with TemporaryDirectory() as folder:
        db = Path(folder) / "soak.sqlite"
        with Server(db, tokens, options.seed) as server:
            usages = _put_load(server, tokens, ledger, options.seconds, options.seed)
            # A second server on the same file: the first one makes faults for every caller.
            with portal_sandbox.running(db=db, tokens={token: token for token in tokens}) as box:
                found = stored_prompts(box.host, tokens, ledger)
            chaos = server.stop()
    rows, holds = balance(ledger, found)
    print(f"{options.seconds:g} s, seed {options.seed}, {WORKERS + CANDELA_WORKERS} threads, {CHAOS}\n")
    flat = _report(rows, *zip(*usages, strict=True))
    print(f"\n{chaos}")
    for what in ledger.wrong[:20]:
        print(f"wrong: {what}")
    print("The balance holds." if holds and flat else "The balance does not hold.")
    return 0 if holds and flat else 1


if __name__ == "__main__":
    sys.exit(main())
