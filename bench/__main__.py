"""Run the measurements: ``python -m bench`` all of them, ``python -m bench get_session`` one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module

from bench.harness import Result, duration, measure, size
from bench.server import running

PROGRAMS = (
    "get_session",
    "get_sessions",
    "upload",
    "imports",
    "threads",
    "growth",
    "first_call",
    "http_info",
    "prompt",
    "many_files",
)


def run(programs: Sequence[str], scale: float) -> Iterator[Result]:
    """Measure the rows of these programs, one after the other."""
    with running() as host:
        for program in programs:
            for row in import_module(f"bench.{program}").ROWS:
                yield measure(program, row, host, scale)


def show(result: Result) -> None:
    """Print a row."""
    print(f"\n{result.row.title}, {result.row.clock} time per {result.row.per}")
    for name, figure in result.figures.items():
        low, high = figure.quartiles
        line = f"  {name:24} {duration(figure.median):>8}  {duration(low):>8} … {duration(high):<8}"
        if (ratio := result.ratio(name, result.row.against)) is not None:
            line += f"  {ratio.median:5.2f} × {result.row.against} ({ratio.low:.2f} … {ratio.high:.2f})"
        print(line + (f"  {size(figure.memory)}" if figure.memory else ""))
    for name, reason in result.absent.items():
        print(f"  {name:24} absent: {reason}")
    for judged in result.judged:
        print(f"  {'holds ' if judged.holds else 'MISSED'} {judged.claim}: {judged.shown}", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Measure what is named and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("programs", nargs="*", metavar="program", help=", ".join(PROGRAMS))
    parser.add_argument("--scale", type=float, default=1, help="multiplies the number of rounds")
    given = parser.parse_args(arguments)
    for result in run(given.programs or PROGRAMS, given.scale):
        show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
