"""The command: ``python -m portal_sandbox``."""

import argparse
import logging
import os
import shlex
import signal
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Event
from types import FrameType

import portal_sandbox
from portal_sandbox import options
from portal_sandbox.candela import options as candela
from portal_sandbox.errors import SandboxError
from portal_sandbox.log import escape

_GREETING = """\
The sandbox runs at {host}

  sessions       {host}/
  documentation  {host}/docs
  agents         {agents}
  data           {db}{chaos}

Paste into another terminal:

{exports}

  export {candela}

Ctrl-C stops it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sandbox until Ctrl-C, SIGTERM, or the end of its terminal (SIGHUP).

    Returns the exit status: 0, 1 where it cannot start, or 130 after Ctrl-C while agents were being imported.
    """
    given = options.parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except (ImportError, ValueError, OSError, SandboxError) as error:
        print(f"portal_sandbox: {error}", file=sys.stderr)
        if isinstance(error, BrokenPipeError):  # what is still to be written would fail again at the end
            with suppress(OSError):  # it has no descriptor
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _run(given: argparse.Namespace) -> int:
    running = portal_sandbox.running  # before anything else, so that a missing library is the first error
    from portal_sandbox.importer import import_agents
    from portal_sandbox.service import known_agents

    users = options.users(given.token)
    agents = import_agents(given.agent)
    # After the import of agents, whose modules may configure logging themselves.
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    for handler in logging.getLogger().handlers:  # for the records of libraries, too
        handler.addFilter(escape)
    with (
        _stop_signal() as stopped,
        running(
            host=given.host,
            allowed_hosts=given.allow_host,
            port=given.port,
            db=given.db,
            demo_data=given.demo_data,
            tokens=users,
            agents=agents,
            latency=given.latency,
            pace=given.pace,
            oauth2=candela.oauth2(given, users, given.db),
            strict=given.strict,
            slots=candela.slots(given),
            slot_start=given.slot_start,
            slot_stop=given.slot_stop,
            admins=given.admin,
            chaos=given.chaos,
            chaos_seed=given.chaos_seed,
        ) as box,
        _log_on_stderr(given.quiet),
    ):
        ids = known_agents(agents, given.demo_data)
        print(_greeting(box, users or {box.token: options.USER}, ids, given.db or "in memory"), flush=True)
        while not stopped.wait(1):  # without a timeout, Windows would not notice Ctrl-C
            pass
    if box.chaos is not None:
        with suppress(OSError):  # the terminal is gone
            print(f"Chaos of seed {box.chaos.seed}: {box.chaos}", flush=True)
    return 0


@contextmanager
def _log_on_stderr(quiet: bool) -> Generator[None]:
    """Log requests, failures of agents and unforeseen errors on stderr.

    Requests that a stop interrupts are left out.
    """
    access = logging.getLogger("portal_sandbox.access")
    access.setLevel(logging.WARNING if quiet else logging.INFO)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # a bad form is reported in the response
    uvicorn = logging.getLogger("uvicorn.error")
    level = uvicorn.level
    uvicorn.setLevel(logging.ERROR)
    try:
        yield
    finally:
        uvicorn.setLevel(level)


@contextmanager
def _stop_signal() -> Generator[Event]:
    """Yield an event that Ctrl-C, SIGTERM and SIGHUP set while the block lasts."""
    stopped = Event()

    def stop(signum: int, frame: FrameType | None) -> None:
        stopped.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)  # Windows has none
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:  # as nohup has it
        numbers.append(hang_up)
    before = {each: signal.signal(each, stop) for each in numbers}
    try:
        yield stopped
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _greeting(box: "portal_sandbox.Sandbox", users: Mapping[str, str], agents: Iterable[str], db: str) -> str:
    exports = [
        f"  export PORTAL_HOST={shlex.quote(box.host)} BEARER_TOKEN={shlex.quote(token)}" for token in users
    ]
    if len(users) > 1:
        exports = [f"{line}  # {user}" for line, user in zip(exports, users.values(), strict=True)]
    return _GREETING.format(
        host=box.host,
        agents=", ".join(agents),
        db=db,
        chaos=f"\n  chaos          {box.chaos.text}  (--chaos-seed {box.chaos.seed})" if box.chaos else "",
        exports="\n".join(exports),
        candela=candela.exports(box.secrets),
    )


if __name__ == "__main__":
    sys.exit(main())
