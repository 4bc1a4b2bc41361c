"""The options of the command, and what is said of one that makes no sense."""

import argparse
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from portal_sandbox.arguments import host_name, joined, seconds, whole, worded
from portal_sandbox.candela import options as candela

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


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options by name. Exits, with the reason on stderr, where one makes no sense."""
    parser = _parser()
    options = parser.parse_args(joined(arguments))
    if options.chaos_seed is not None and options.chaos is None:
        parser.error("argument --chaos-seed: it repeats what --chaos has made, which is not given")
    return options


def users(given: Iterable[tuple[str, str]]) -> dict[str, str] | None:
    """The users by their tokens; None where there are none. Raises ValueError for a token given twice."""
    found: dict[str, str] = {}
    for token, user in given:
        if token in found:
            raise ValueError(f"--token: one token is given twice, for {found[token]} and for {user}")
        found[token] = user
    return found or None


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
