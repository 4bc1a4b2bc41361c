"""The sandbox from the command line: ``python -m portal_sandbox``."""

import argparse
import logging
import shlex
import signal
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from threading import Event
from types import FrameType

import portal_sandbox
from portal_sandbox.arguments import host_name, joined, seconds, whole, worded
from portal_sandbox.candela import options as candela
from portal_sandbox.errors import SandboxError
from portal_sandbox.log import escape

#: The user of a token for which no other is given.
USER = "sandbox-user"

_EXAMPLES = """\
examples:
  python -m portal_sandbox
      a sandbox with the agent "echo", a random token, and its data in memory

  python -m portal_sandbox --db dev.sqlite --token dev-token
      data that survives a restart, and a token that stays the same

  python -m portal_sandbox --agent agents:summary --agent risk=agents:risk_report
      two agents of your own, functions in agents.py of the current directory:
      def summary(conversation, files): return conversation[-1].text[:80]

  python -m portal_sandbox --token one=ann --token two=bob --latency 2s
      two users who do not see each other's sessions, and agents that take their time

  python -m portal_sandbox --chaos "503:5%,reset:1%,lost:1%,latency:2s:10%"
      a service that misbehaves, to see your own handling of errors work
"""

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

    The exit status is 0, or 1 where it cannot start, or 130 after Ctrl-C while agents were being imported.
    """
    parser = _parser()
    options = parser.parse_args(joined(sys.argv[1:] if arguments is None else arguments))
    if options.chaos_seed is not None and options.chaos is None:
        parser.error("argument --chaos-seed: it repeats what --chaos has made, which is not given")
    try:
        return _run(options)
    except (ImportError, ValueError, SandboxError) as error:
        print(f"portal_sandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    running = portal_sandbox.running  # before anything else, so that a missing library is what is said
    from portal_sandbox.app import known_agents
    from portal_sandbox.importer import import_agents

    users = _users(options.token)
    agents = import_agents(options.agent)
    # A module of agents that configures logging has done so before, and has the first word.
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    for handler in logging.getLogger().handlers:  # of the libraries' records, too
        handler.addFilter(escape)
    with (
        _stop_signal() as stopped,
        running(
            host=options.host,
            allowed_hosts=options.allow_host,
            port=options.port,
            db=options.db,
            demo_data=options.demo_data,
            tokens=users,
            agents=agents,
            latency=options.latency,
            pace=options.pace,
            oauth2=candela.oauth2(options, users, options.db),
            chaos=options.chaos,
            chaos_seed=options.chaos_seed,
        ) as box,
        _log_shown(options.quiet),
    ):
        ids = known_agents(agents, options.demo_data)
        print(_greeting(box, users or {box.token: USER}, ids, options.db or "in memory"), flush=True)
        while not stopped.wait(1):  # without a limit, Windows would not notice Ctrl-C
            pass
    if box.chaos is not None:
        with suppress(OSError):  # the terminal is gone
            print(f"Chaos of seed {box.chaos.seed}: {box.chaos}", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m portal_sandbox",
        usage="%(prog)s [options]",
        description="A local Portal service, for first steps and for tests. It runs until Ctrl-C.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"portal_sandbox {version('portal-client')}")

    who = parser.add_argument_group("agents and users")
    who.add_argument(
        "--agent",
        action="append",
        default=[],
        metavar="[ID=]MODULE:FUNCTION",
        help='an agent of your own besides "echo"; its id is by default the name of the function; may be '
        "repeated",
    )
    who.add_argument(
        "--token",
        action="append",
        default=[],
        type=worded(_token),
        metavar="TOKEN[=USER]",
        help=f"a bearer token to accept, and whose it is (default: a random one of {USER}); may be repeated",
    )
    who.add_argument(
        "--latency",
        type=worded(seconds),
        default=0.0,
        metavar="TIME",
        help="what each answer takes besides, such as 2s, 200ms or 1m (default: 0)",
    )
    who.add_argument(
        "--pace",
        type=worded(seconds),
        default=0.0,
        metavar="TIME",
        help="what comes after each piece of an answer that an agent yields (default: 0)",
    )

    data = parser.add_argument_group("data")
    data.add_argument(
        "--db", type=worded(_given), metavar="FILE", help="SQLite file for the data (default: memory)"
    )
    data.add_argument(
        "--demo-data", action="store_true", help="add the session that the documents name, open to any token"
    )

    faults = parser.add_argument_group("faults")
    faults.add_argument(
        "--chaos",
        metavar="KIND:SHARE,...",
        help="make faults of the operations by chance: 503:5%% or another status, or reset:1%%, before the "
        "work is done; lost:1%% or cut:1%% once it is done; latency:2s or latency:2s:10%%",
    )
    faults.add_argument(
        "--chaos-seed",
        type=worded(_seed),
        metavar="N",
        help="make the same faults as a run that said this number",
    )

    candela.add_options(parser)

    where = parser.add_argument_group("address")
    where.add_argument(
        "--host",
        type=worded(_address),
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 is for the whole network (default: %(default)s)",
    )
    where.add_argument(
        "--port", type=worded(_port), default=8000, help="0 takes a free one (default: %(default)s)"
    )
    where.add_argument(
        "--allow-host",
        action="append",
        type=worded(host_name),
        metavar="NAME",
        help="a name by which requests may come, besides localhost and IP addresses; may be repeated",
    )
    parser.add_argument("--quiet", action="store_true", help="do not print a line for each request")
    return parser


def _given(text: str) -> str:
    if not text:  # an unset variable of a shell must not quietly mean the default
        raise ValueError("it is empty")
    return text


def _address(text: str) -> str:
    if text != text.strip():
        raise ValueError(f"{text!r} has white space around it")
    return _given(text)


def _token(text: str) -> tuple[str, str]:
    """The token and its user. A token may end in equals signs, so the user follows the last one."""
    token, equals, user = _given(text).rpartition("=")
    if not equals:
        return text, USER
    if not token or not user.strip() or not user.isprintable():
        raise ValueError(
            "it is not in the form TOKEN[=USER], such as dev-token=ann; where the token ends in =, its user "
            "must follow"
        )
    return token, user


def _port(text: str) -> int:
    return whole(text, "a port, which is a number from 0 to 65535", 65535)


def _seed(text: str) -> int:
    return whole(text, "a whole number such as 7")


def _users(given: Iterable[tuple[str, str]]) -> dict[str, str] | None:
    users: dict[str, str] = {}
    for token, user in given:
        if token in users:
            raise ValueError(f"--token: one token is given twice, for {users[token]} and for {user}")
        users[token] = user
    return users or None


@contextmanager
def _log_shown(quiet: bool) -> Generator[None]:
    """Print on stderr each request, why an agent failed, and what nobody has foreseen.

    What a stop interrupts is not printed.
    """
    access = logging.getLogger("portal_sandbox.access")
    access.setLevel(logging.WARNING if quiet else logging.INFO)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # whoever sends a bad form is told so
    uvicorn = logging.getLogger("uvicorn.error")
    level = uvicorn.level
    uvicorn.setLevel(logging.ERROR)
    try:
        yield
    finally:
        uvicorn.setLevel(level)


@contextmanager
def _stop_signal() -> Generator[Event]:
    """What Ctrl-C, SIGTERM and SIGHUP set while the block lasts."""
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
