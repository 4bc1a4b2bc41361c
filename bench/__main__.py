"""Run the measurements: ``python -m bench`` all of them, ``python -m bench get_session`` one program."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module

from bench import report
from bench.harness import OURS, AtMost, Faster, Result, Row, duration, measure, size
from bench.record import Line, Record
from bench.server import running

PROGRAMS = (
    "get_session",
    "get_sessions",
    "upload",
    "events",
    "imports",
    "command",
    "hundred",
    "threads",
    "growth",
    "first_call",
    "http_info",
    "prompt",
    "many_files",
    "circuit",
    "oauth2",
    "telemetry",
    "distance",
    "batch",
)

#: By how much a ratio may be worse than the recorded one.
MARGIN = 0.15


def rows(programs: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """Yield the rows of these programs, one after the other."""
    for program in programs:
        for row in import_module(f"bench.{program}").ROWS:
            yield program, row


def show(result: Result) -> None:
    """Print a row."""
    print(f"\n{result.row.title}, {result.row.clock} time per {result.row.per}")
    for name, figure in result.figures.items():
        low, high = figure.quartiles
        line = f"  {name:30} {duration(figure.median):>8}  {duration(low):>8} … {duration(high):<8}"
        if (ratio := result.ratio(name, result.row.against)) is not None:
            line += f"  {ratio.median:5.2f} × {result.row.against} ({ratio.low:.2f} … {ratio.high:.2f})"
        print(line + (f"  {size(figure.memory)}" if figure.memory else ""))
    for name, reason in result.absent.items():
        print(f"  {name:30} absent: {reason}")
    for judged in result.judged:
        print(f"  {'holds ' if judged.holds else 'MISSED'} {judged.claim}: {judged.shown}")
    sys.stdout.flush()


def run(programs: Sequence[str], scale: float, keep: bool) -> int:
    """Measure and print; `keep` records it and writes the page."""
    lines: list[Line] = []
    with running() as host:
        for program, row in rows(programs):
            result = measure(program, row, host, scale)
            show(result)
            if OURS in result.figures or not result.absent:
                lines.append(Line.of(program, result))
    if keep:
        try:
            record = Record.kept().merged(Record.of(lines))
        except FileNotFoundError:
            record = Record.of(lines)
        record.write()
        report.write(record)
    return 0


def check(programs: Sequence[str], scale: float) -> int:
    """Measure the client beside its references; return 1 if something is worse than recorded."""
    record = Record.kept()
    failures: list[str] = []
    with running() as host:
        for program, row in rows(programs):
            if not row.limits or (recorded := record.line(row.name)) is None:
                print(f"{'not judged':12} {row.name}: {row.title}")
                continue
            result = measure(program, row, host, scale, judged_by(row))
            for name, reason in result.absent.items():
                print(f"{'absent':12} {name}: {reason}")
            worse = worse_than(recorded, result)
            if worse:  # once more, longer, before it is believed
                worse = worse_than(recorded, measure(program, row, host, 2 * scale, judged_by(row)))
            failures += worse
            print(f"{'worse' if worse else 'as recorded':12} {row.name}: {row.title}", flush=True)
    for failure in failures:
        print(failure)
    return 1 if failures else 0


def judged_by(row: Row) -> Sequence[str]:
    """Return the contestants that the limits of a row name."""
    named = {OURS}
    for limit in row.limits:
        if isinstance(limit, AtMost):
            named |= {limit.who, limit.of}
        elif isinstance(limit, Faster):
            named.add(limit.than)
    return [name for name in row.entries if name in named or name.startswith(f"{OURS} ")]


def worse_than(recorded: Line, result: Result) -> list[str]:
    """Return what is worse than recorded: ratios by more than the margin, other limits that held before."""
    before = {claim.claim: claim for claim in recorded.claims}
    worse: list[str] = []
    for judged in result.judged:
        if (then := before.get(judged.claim)) is None:
            continue
        # A limit that is no ratio may be used up.
        margin = judged.relative or not then.holds
        allowed = then.measured * (1 + MARGIN) if margin else judged.allowed
        if judged.measured > allowed:
            line = f"{recorded.name}, {judged.claim}: {judged.shown}, recorded {then.shown}"
            worse.append(line + (f", margin {MARGIN:.0%}" if margin else ""))
    return worse


def main(arguments: Sequence[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("programs", nargs="*", metavar="program", help=", ".join(PROGRAMS))
    parser.add_argument("--scale", type=float, default=1, help="multiplies the number of rounds")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--keep", action="store_true", help="record it, and write docs/performance.md")
    what.add_argument("--page", action="store_true", help="write the page from the record, measuring nothing")
    what.add_argument("--check", action="store_true", help="compare with the record; the exit status tells")
    given = parser.parse_args(arguments)
    unknown = set(given.programs) - set(PROGRAMS)
    if unknown:
        parser.error(f"there is no program {sorted(unknown)[0]!r}; there are {', '.join(PROGRAMS)}")
    programs = given.programs or PROGRAMS
    if given.page:
        report.write(Record.kept())
        return 0
    return check(programs, given.scale) if given.check else run(programs, given.scale, given.keep)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
