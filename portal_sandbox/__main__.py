"""The sandbox from the command line: ``python -m portal_sandbox``."""

import argparse
import math
import shlex
import signal
import sys
from collections.abc import Sequence
from threading import Event
from types import FrameType

import portal_sandbox
from portal_sandbox.candela import options as candela


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sandbox until Ctrl-C or SIGTERM; the exit status is 0, or 1 where it cannot start."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (ImportError, ValueError) as error:
        return _complain(error)


def _run(options: argparse.Namespace) -> int:
    stopped = _stop_signal()
    try:
        with portal_sandbox.running(
            host=options.host,
            port=options.port,
            db=options.db,
            demo_data=options.demo_data,
            tokens=options.token and {options.token: "sandbox-user"},
            latency=options.latency,
            pace=options.pace,
            oauth2=candela.oauth2(options),
        ) as box:
            print(_greeting(box, options.db), flush=True)
            while not stopped.wait(1):  # without a limit, Windows would not notice Ctrl-C
                pass
    except portal_sandbox.SandboxError as error:
        return _complain(error)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal_sandbox", description="A local Portal service.")
    parser.add_argument("--port", type=_port, default=8000, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--db", type=_given, metavar="FILE", help="SQLite file for the data (default: memory)"
    )
    parser.add_argument(
        "--demo-data", action="store_true", help="add the session that the documents name, open to any token"
    )
    parser.add_argument("--token", type=_given, help="bearer token to accept (default: a random one)")
    parser.add_argument(
        "--latency", type=_seconds, default=0.0, metavar="SECONDS", help="what an agent takes to answer"
    )
    parser.add_argument(
        "--pace", type=_seconds, default=0.0, metavar="SECONDS", help="what comes after each of its events"
    )
    candela.add_options(parser)
    return parser


def _given(text: str) -> str:
    if not text:  # an unset variable of a shell must not quietly mean the default
        raise argparse.ArgumentTypeError("empty")
    return text


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"not a port from 0 to 65535: {text}")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"not a number of seconds from 0 up: {text}")
    return seconds


def _stop_signal() -> Event:
    stopped = Event()

    def stop(signum: int, frame: FrameType | None) -> None:
        stopped.set()

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    return stopped


def _greeting(box: "portal_sandbox.Sandbox", db: str | None) -> str:
    return (
        f"The sandbox runs at {box.host} (documentation: {box.host}/docs), data in {db or 'memory'}.\n"
        f"  export PORTAL_HOST={box.host} BEARER_TOKEN={shlex.quote(box.token)}\n"
        f"  export {candela.exports(box.secrets)}\n"
        "Ctrl-C stops it."
    )


def _complain(error: Exception) -> int:
    print(f"portal_sandbox: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
