"""The options of the command, and the errors of invalid ones."""

import argparse
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from portal_sandbox.arguments import check_host_name, join_values, option, parse_int, parse_seconds
from portal_sandbox.candela import options as candela

#: The default user of a token.
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
      two users who do not see each other's sessions, and slow agents

  python -m portal_sandbox --chaos "503:5%,reset:1%,lost:1%,latency:2s:10%"
      a service that makes faults, to test your own handling of errors
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options by name. Exits, with the reason on stderr, where one is invalid."""
    parser = _parser()
    options = parser.parse_args(join_values(arguments))
    if options.chaos_seed is not None and options.chaos is None:
        parser.error("argument --chaos-seed: it repeats the faults of --chaos, which is not given")
    return options


def users(given: Iterable[tuple[str, str]]) -> dict[str, str] | None:
    """Return the users by their tokens; None without a token. Raises ValueError for a token given twice."""
    users: dict[str, str] = {}
    for token, user in given:
        if token in users:
            raise ValueError(f"--token: one token is given twice, for {users[token]} and for {user}")
        users[token] = user
    return users or None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m portal_sandbox",
        usage="%(prog)s [options]",
        description="A local Portal service, for first steps and for tests. It runs until Ctrl-C.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"portal_sandbox {version('portal-client')}")

    agents = parser.add_argument_group("agents and users")
    agents.add_argument(
        "--agent",
        action="append",
        default=[],
        metavar="[ID=]MODULE:FUNCTION",
        help='an agent of your own besides "echo"; its id is by default the name of the function; may be '
        "repeated",
    )
    agents.add_argument(
        "--token",
        action="append",
        default=[],
        type=option(_token),
        metavar="TOKEN[=USER]",
        help=f"a bearer token to accept, and its user (default: a random one of {USER}); may be repeated",
    )
    agents.add_argument(
        "--latency",
        type=option(parse_seconds),
        default=0.0,
        metavar="TIME",
        help="the delay before each answer, such as 2s, 200ms or 1m (default: 0)",
    )
    agents.add_argument(
        "--pace",
        type=option(parse_seconds),
        default=0.0,
        metavar="TIME",
        help="the pause after each piece of an answer that an agent yields (default: 0)",
    )

    data = parser.add_argument_group("data")
    data.add_argument(
        "--db", type=option(_nonempty), metavar="FILE", help="the SQLite file of the data (default: memory)"
    )
    data.add_argument(
        "--demo-data",
        action="store_true",
        help="add the sessions of the documents' examples, open to any token",
    )

    faults = parser.add_argument_group("faults")
    faults.add_argument(
        "--chaos",
        metavar="KIND:SHARE,...",
        help="make faults at random: 503:5%% or another status, or reset:1%%, instead of carrying out an "
        "operation; lost:1%% or cut:1%% after it; errored:1%% or gone:1%% of the caller's slot before it; "
        "latency:2s or latency:2s:10%%",
    )
    faults.add_argument(
        "--chaos-seed",
        type=option(_seed),
        metavar="N",
        help="repeat the faults of the run that printed this seed",
    )

    candela.add_options(parser)

    address = parser.add_argument_group("address")
    address.add_argument(
        "--host",
        type=option(_address),
        default="127.0.0.1",
        help="the address to listen on; 0.0.0.0 is for the whole network (default: %(default)s)",
    )
    address.add_argument(
        "--port", type=option(_port), default=8000, help="the port; 0 takes a free one (default: %(default)s)"
    )
    address.add_argument(
        "--allow-host",
        action="append",
        type=option(check_host_name),
        metavar="NAME",
        help="a host name that requests may have, besides localhost and IP addresses; may be repeated",
    )
    parser.add_argument("--quiet", action="store_true", help="do not print a line for each request")
    return parser


def _nonempty(text: str) -> str:
    if not text:  # an unset variable of a shell must not quietly mean the default
        raise ValueError("it is empty")
    return text


def _address(text: str) -> str:
    if text != text.strip():
        raise ValueError(f"{text!r} has white space around it")
    return _nonempty(text)


def _token(text: str) -> tuple[str, str]:
    """Return a token and its user, which follows the last equals sign: a token may end in some."""
    token, equals, user = _nonempty(text).rpartition("=")
    if not equals:
        return text, USER
    if not token or not user.strip() or not user.isprintable():
        raise ValueError(
            "it is not in the form TOKEN[=USER], such as dev-token=ann; where the token ends in =, its user "
            "must follow"
        )
    return token, user


def _port(text: str) -> int:
    return parse_int(text, "a port, which is a number from 0 to 65535", 65535)


def _seed(text: str) -> int:
    return parse_int(text, "a whole number such as 7")
