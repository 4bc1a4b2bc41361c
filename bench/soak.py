"""A mixed load against a sandbox that makes faults, for a given time, and a balance at its end.

    python bench/soak.py --seconds 20 [--seed N]

Threads start and continue sessions of both services, send files, wait for sessions, and follow answers as
they grow, with tokens that expire. Batches run in processes that are killed or interrupted, and are resumed.
Two sandboxes serve one database: one lives until the end; the other one, which the waits and the batches
call, is killed and started again.

Each prompt is unique and sent once, so that it can be looked up in the database afterwards: an acknowledged
one must be stored once, with its answer, a refused one not at all, and one whose response was lost at most
once. Descriptors, threads and memory of this process and of the sandbox that lives must not grow. The exit
status is 1 where something does not hold, and 2 where there is no /proc: it needs Linux.

The same seed chooses the same load and the same faults, but the order of the threads varies.
"""

import argparse
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Protocol

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:  # where this is run as a file
    sys.path.append(str(ROOT))

import finbourne_candela
import portal_sandbox
from bench.balance import balance, stored, table
from bench.ledger import Ledger
from bench.load import LARGE, Renewed, Worker
from bench.load_batch import BatchWorker
from bench.load_candela import CandelaWorker
from bench.load_waiting import WaitingWorker
from bench.soak_server import CHAOS, CLIENT, PASSWORD, SECRET, Killer, Server
from bench.usage import PROC, Growth, Usage
from finbourne_candela.extensions import ArgsConfigurationLoader, SyncApiClientFactory
from portal_client import ApiClient, Configuration, SessionsApi

#: The threads of each load; those of Portal have so many users each, who take turns so that lists stay short.
WORKERS, WAITING, CANDELA, USERS = 5, 2, 2, 40

#: Seconds after which memory is compared.
WARM_UP = 60

#: How many agents of a sandbox that is killed may be at work: one for each thread, and each item of a batch
#: that is under way in this process or was in one that was ended.
AT_WORK = 20

#: The kinds of the prompts that go to that sandbox.
ON_KILLED = {"batch", "continue", "follow", "run", "words"}


class Load(Protocol):
    """A thread of the load."""

    def run(self, stopped: Event) -> None:
        """Go on until the end."""
        ...


@dataclass(frozen=True)
class Users:
    """The users of each load; the name of one is its token, or it signs in."""

    portal: Sequence[str] = tuple(f"user-{number}" for number in range(WORKERS * USERS))
    waiting: Sequence[str] = tuple(f"waiting-{number}" for number in range(WAITING * USERS))
    batch: Sequence[str] = tuple(f"batch-{number}" for number in range(USERS))
    candela: Sequence[str] = tuple(f"candela-{number}" for number in range(CANDELA))

    @property
    def tokens(self) -> Sequence[str]:
        """The users with tokens."""
        return [*self.portal, *self.waiting, *self.batch]


class Soak:
    """A load on two sandboxes, one of which is killed again and again."""

    def __init__(self, folder: Path, ledger: Ledger, seed: int) -> None:
        self._ledger = ledger
        self._seed = seed
        self._users = Users()
        self._db = folder / "soak.sqlite"
        self._large = folder / "large.bin"
        self._large.write_bytes(secrets.token_bytes(LARGE))

    def run(self, seconds: float) -> tuple[list[tuple[Usage, Usage]], str]:
        """Put the load on for a time.

        Returns the resources of this process and of the sandbox that lives, after the first minute or quarter
        of the time, and what that sandbox says of its faults.
        """
        arguments = self._db, self._users.tokens, self._users.candela
        with ExitStack() as stack:
            steady = stack.enter_context(Server(*arguments, self._seed))
            killed = stack.enter_context(Server(*arguments, self._seed + 1, pace="50ms"))
            usages = self._put_load(steady, killed, seconds)
            self._settle()
            return usages, steady.stop()

    def _put_load(self, steady: Server, killed: Server, seconds: float) -> list[tuple[Usage, Usage]]:
        stopped, usages = Event(), list[tuple[Usage, Usage]]()
        with ExitStack() as stack:
            loads = [*self._loads(stack, steady, killed), Killer(killed, self._ledger, self._seed)]
            threads = stack.enter_context(ThreadPoolExecutor(len(loads)))
            stack.callback(stopped.set)
            running = [threads.submit(load.run, stopped) for load in loads]
            began = time.monotonic()
            while (passed := time.monotonic() - began) < seconds and not any(each.done() for each in running):
                if passed > min(WARM_UP, seconds / 4):
                    usages.append((Usage.of(os.getpid()), Usage.of(steady.pid)))
                time.sleep(min(0.5, seconds / 40))
            stopped.set()
            for each in running:
                each.result()
        return usages

    def _loads(self, stack: ExitStack, steady: Server, killed: Server) -> list[Load]:
        """Return the threads of the load; their clients are closed with a stack."""
        ledger, seed, users, large = self._ledger, self._seed, self._users, self._large
        client = stack.enter_context(ApiClient(Configuration(steady.host)))
        other = stack.enter_context(ApiClient(Configuration(killed.host)))
        loads: list[Load] = [BatchWorker(other, users.batch, large, ledger, seed)]
        for number in range(WORKERS):
            clients = self._clients(client, users.portal[number::WORKERS])
            loads.append(Worker(number, clients, large, ledger, seed))
        for number in range(WAITING):
            clients = self._clients(other, users.waiting[number::WAITING])
            loads.append(WaitingWorker(number, clients, ledger, seed))
        for number, user in enumerate(users.candela):
            settings = ArgsConfigurationLoader(
                token_url=f"{steady.host}/candela/oauth2/v1/token",
                api_url=f"{steady.host}/candela",
                username=user,
                password=PASSWORD,
                client_id=CLIENT,
                client_secret=SECRET,
            )
            factory = SyncApiClientFactory(
                [settings], id_provider_response_handler=lambda _: ledger.count("tokens fetched")
            )
            stack.enter_context(factory)
            loads.append(CandelaWorker(number, factory.build(finbourne_candela.SessionsApi), ledger, seed))
        return loads

    def _clients(self, client: ApiClient, tokens: Sequence[str]) -> list[ApiClient]:
        return [
            client.with_options(access_token=Renewed(token, self._ledger, self._seed)) for token in tokens
        ]

    def _settle(self) -> None:
        """Wait until no agent is at work, by a sandbox on the same file that makes no faults."""
        tokens = {token: token for token in self._users.tokens}
        with (
            portal_sandbox.running(db=self._db, tokens=tokens) as box,
            ApiClient(Configuration(box.host)) as client,
            closing(sqlite3.connect(self._db)) as db,
        ):
            api = SessionsApi(client)
            for (session_id,) in db.execute("SELECT id FROM sessions WHERE status = 'Running'").fetchall():
                api.subscribe_to_session(session_id, _request_timeout=60)

    def balance(self) -> tuple[str, bool]:
        """Return the table of the balance, and whether it holds; violations go to the ledger."""
        found = stored(self._db)
        rows = balance(self._ledger.outcomes(), found.prompts)
        self._ledger.wrong.extend(found.wrong)
        killed = self._ledger.counts["servers killed"]
        few = found.stopped.total() <= AT_WORK * killed and {*+found.stopped} <= ON_KILLED
        self._ledger.check(few, f"agents have ended with one of {killed} servers: {found.stopped}")
        return table(rows), rows[-1].holds and not self._ledger.wrong


def main() -> int:
    """Run the soak test; return 0 where everything holds, 1 where it does not, and 2 where it cannot run."""
    parser = argparse.ArgumentParser(description="A mixed load with faults, and its balance.")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="of the load and the faults")
    options = parser.parse_args()
    if not (PROC / "self" / "statm").exists():
        print(f"The soak test needs Linux: what a process holds is read from {PROC}.", file=sys.stderr)
        return 2
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger")
        soak = Soak(Path(folder), ledger, options.seed)
        usages, chaos = soak.run(options.seconds)
        rows, holds = soak.balance()
    print(f"{options.seconds:g} s, seed {options.seed}, {CHAOS}\n\n{rows}\n")
    for what, number in sorted(ledger.counts.items()):
        print(f"{what:40}{number:>10,}")
    print(f"\n{'':24}{'first quarter':>14}{'last quarter':>14}{'may grow by':>14}")
    growths = [Growth.over(each) for each in zip(*usages, strict=True)]
    for process, growth in zip(("client", "sandbox"), growths, strict=True):
        print(growth.lines(process))
    print(f"\n{chaos}")
    for what in ledger.wrong[:20]:
        print(f"wrong: {what}")
    holds = holds and all(growth.is_flat(warm=options.seconds >= 4 * WARM_UP) for growth in growths)
    print("The balance holds." if holds else "The balance does not hold.")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
