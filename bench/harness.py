"""Measuring side by side: contestants in processes of their own, taking turns, compared round by round.

A figure worth keeping is a ratio of two times that were taken within the same second: absolute times drift
with the load of the machine. So each round runs every contestant once, in another order each time, and a
ratio is the median over the rounds.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, NamedTuple

from bench.contestants import ALL, Contestant, Floor
from bench.generated import FOLDER, ROOT, Absent

OURS, FLOOR = "portal_client", "floor"

#: The function that is called again and again.
Work = Callable[[], object]


@dataclass(frozen=True)
class Entry:
    """A contestant in a row: its factory, its work, and how often one sample does it."""

    make: Callable[[str], Any]
    work: Callable[[Any], Work]
    calls: int
    #: The number of items of one call, where the cost is given per item.
    items: int = 1
    #: The distributions that it consists of.
    libraries: Sequence[str] = ("pydantic",)
    #: Done once before; raises Absent where the contestant cannot take part.
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Script:
    """Code that runs in a new interpreter, which has loaded nothing; `{host}` in it is the server."""

    code: str
    libraries: Sequence[str] = ()
    prepare: Callable[[], None] = lambda: None
    #: Runs before it, and is not measured.
    setup: str = ""
    calls: int = 1
    items: int = 1


def everyone(
    work: Callable[[Contestant], Work], calls: int, floor: type[Contestant] = Floor
) -> dict[str, Entry | Script]:
    """The same work for the client, its floor and all peers."""
    return {
        name: Entry(kind, work, calls, 1, kind.libraries, kind.prepare)
        for name, kind in {**ALL, FLOOR: floor}.items()
    }


# ── what must hold ──


class Judged(NamedTuple):
    """A verdict: the text of a limit, the measured value (smaller is better), and the allowed one."""

    claim: str
    measured: float
    allowed: float
    shown: str
    #: Whether it is a ratio of two times.
    relative: bool = False

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.measured <= self.allowed


@dataclass(frozen=True)
class AtMost:
    """The time of the client, or of `who`, is at most `factor` times that of another contestant."""

    factor: float
    of: str
    who: str = OURS

    def judge(self, result: Result) -> Judged | None:
        """Return the verdict; None where the other is absent."""
        if (ratio := result.ratio(self.who, self.of)) is None:
            return None
        claim = f"≤ {self.factor:.3g} × {self.of}"
        claim = claim if self.who == OURS else f"{self.who}: {claim}"
        return Judged(claim, ratio.median, self.factor, f"{ratio.median:.2f} ×", True)


@dataclass(frozen=True)
class Faster:
    """The client is at least `factor` times faster than another contestant."""

    factor: float
    than: str

    def judge(self, result: Result) -> Judged | None:
        """Return the verdict; None where the other is absent."""
        if (ratio := result.ratio(OURS, self.than)) is None:
            return None
        claim = f"≥ {self.factor:g} × faster than {self.than}"
        return Judged(claim, ratio.median, 1 / self.factor, f"{1 / ratio.median:.2f} ×", True)


@dataclass(frozen=True)
class Within:
    """The client's time is at most so many seconds."""

    seconds: float

    def judge(self, result: Result) -> Judged | None:
        """Return the verdict; None where the client is absent."""
        if OURS not in result.figures:
            return None
        median = result.figures[OURS].median
        return Judged(f"≤ {duration(self.seconds)}", median, self.seconds, duration(median))


@dataclass(frozen=True)
class Memory:
    """The client, or `who`, uses less than so many bytes more while it works."""

    most: int
    who: str = OURS

    def judge(self, result: Result) -> Judged | None:
        """Return the verdict; None where the system does not report memory."""
        if self.who not in result.figures or (memory := result.figures[self.who].memory) is None:
            return None
        return Judged(f"< {size(self.most)} more memory", memory, self.most, size(memory))


@dataclass(frozen=True)
class Flat:
    """Each item costs the same whatever their number: no size departs from the line by more than this.

    A call has a fixed cost, which shows with few items; so the cost of a call with n items is compared with
    the line from the smallest call to the largest. Where the floor is measured, its departure is told, too.
    """

    within: float

    def judge(self, result: Result) -> Judged | None:
        """Return the verdict."""
        off, size = self.worst(result, OURS)
        shown = f"{off:+.0%} at {size:,}"
        if any(name.startswith(f"{FLOOR} ") for name in result.figures):
            floor, size = self.worst(result, FLOOR)
            shown += f"; the floor {floor:+.0%} at {size:,}"
        return Judged(f"flat within ± {self.within:.0%}", abs(off), self.within, shown)

    def worst(self, result: Result, who: str) -> tuple[float, int]:
        """The largest departure from the line, as a fraction, and the size that has it."""
        found = [(off, size) for size, off in self.departures(result, who)]
        return max(found, key=lambda each: abs(each[0]))

    def departures(self, result: Result, who: str) -> list[tuple[int, float]]:
        """Return for each size how far its call is from the line, as a fraction."""
        sizes = sorted(
            (result.row.entries[name].items, figure.median * result.row.entries[name].items)
            for name, figure in result.figures.items()
            if name.startswith(f"{who} ")
        )
        (fewest, least), (most, highest) = sizes[0], sizes[-1]
        each = (highest - least) / (most - fewest)
        return [(n, total / (least + each * (n - fewest)) - 1) for n, total in sizes]


Limit = AtMost | Faster | Within | Memory | Flat


# ── a row and its result ──


@dataclass(frozen=True)
class Row:
    """One kind of work and its contestants."""

    name: str
    title: str
    entries: Mapping[str, Entry | Script]
    limits: Sequence[Limit]
    rounds: int = 15
    #: "cpu" is the time of the contestant's process alone, "wall" that of the clock.
    clock: str = "cpu"
    #: The contestant that the ratios refer to.
    against: str = FLOOR
    per: str = "call"
    #: Whether they share a process: two processes may differ by more than the difference of interest.
    together: bool = False
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """Seconds per item, one for each round, and the most bytes that the work used."""

    samples: list[float]
    memory: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Between which the middle half lies."""
        return _quartiles(self.samples)


class Ratio(NamedTuple):
    """Return the median of the ratios of each round, and their quartiles."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Result:
    """The figures of a row, and the reason of each absence."""

    row: Row
    figures: Mapping[str, Figure]
    absent: Mapping[str, str]

    def ratio(self, one: str, other: str) -> Ratio | None:
        """Return how much longer one takes than the other; None where one of them is absent."""
        if one not in self.figures or other not in self.figures:
            return None
        pairs = zip(self.figures[one].samples, self.figures[other].samples, strict=True)
        ratios = [a / b for a, b in pairs]
        return Ratio(statistics.median(ratios), *_quartiles(ratios))

    @property
    def judged(self) -> list[Judged]:
        """Return the verdict of each limit."""
        return [judged for limit in self.row.limits if (judged := limit.judge(self)) is not None]


def _quartiles(samples: Sequence[float]) -> tuple[float, float]:
    if len(samples) < 2:
        return samples[0], samples[0]
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return low, high


# ── measuring ──


class Sample(NamedTuple):
    """The figures of one sample, as a worker reports them."""

    cpu: float
    wall: float
    memory: int | None


class Worker:
    """A process in which contestants work."""

    def __init__(self, program: str, row: str, host: str) -> None:
        command = [sys.executable, "-m", "bench.worker", program, row, host]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, **pipes, text=True, cwd=ROOT)

    def sample(self, name: str, calls: int) -> Sample:
        """Run the work of a contestant so often. Raises RuntimeError when it fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{calls} {name}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("a contestant has failed; its traceback is above")
        return Sample(**json.loads(answer))

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


class Fresh:
    """A script that runs in a new interpreter for each sample."""

    #: Without site, whose .pth files may load modules; with what site itself loads.
    _LAYOUT = """
import sys
sys.path[:0] = {path}
import os, site, time
{setup}
cpu, wall = time.process_time(), time.perf_counter()
{code}
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
import json
print(json.dumps({{"cpu": cpu, "wall": wall, "memory": None}}))
"""

    def __init__(self, script: Script, host: str) -> None:
        path = [str(ROOT), str(FOLDER), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
        setup, code = (text.replace("{host}", host) for text in (script.setup, script.code))
        code = self._LAYOUT.format(path=path, setup=setup, code=code)
        self._command = [sys.executable, "-S", "-c", code]
        # Each module is compiled once, by the first run, however it was installed.
        compiled = {"PYTHONPYCACHEPREFIX": str(FOLDER / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
        self._environment = {**os.environ, **compiled}

    def sample(self, name: str, calls: int) -> Sample:
        """Run it. Raises CalledProcessError when it fails."""
        return Sample(**json.loads(subprocess.check_output(self._command, env=self._environment)))


def measure(program: str, row: Row, host: str, scale: float = 1, only: Sequence[str] = ()) -> Result:
    """Measure a row of a program against the server at `host`.

    `scale` multiplies the number of rounds, `only` names the contestants. Raises RuntimeError or
    CalledProcessError when a contestant fails.
    """
    absent: dict[str, str] = {}
    samples: dict[str, list[Sample]] = {}
    with ExitStack() as running:
        workers: dict[str, Worker | Fresh] = {}
        for name, entry in row.entries.items():
            if only and name not in only:
                continue
            try:
                entry.prepare()
                versions_of(entry)
            except Absent as reason:
                absent[name] = str(reason)
                continue
            if isinstance(entry, Script):
                workers[name] = Fresh(entry, host)
            elif row.together and workers:
                workers[name] = next(iter(workers.values()))
            else:
                workers[name] = worker = Worker(program, row.name, host)
                running.callback(worker.close)
            samples[name] = []
            workers[name].sample(name, max(1, entry.calls // 4))  # what only a first call costs
        order = random.Random(0)
        for _ in range(max(1, round(row.rounds * scale))):
            for name in order.sample(list(workers), len(workers)):
                samples[name].append(workers[name].sample(name, row.entries[name].calls))
    return Result(row, {name: _figure(row, name, taken) for name, taken in samples.items()}, absent)


def versions_of(entry: Entry | Script) -> dict[str, str]:
    """Return the versions of the libraries of an entry. Raises Absent when one is not installed."""
    try:
        return {library: metadata.version(library) for library in entry.libraries}
    except metadata.PackageNotFoundError as error:
        raise Absent(f"{error.name} is not installed") from None


def _figure(row: Row, name: str, samples: Sequence[Sample]) -> Figure:
    entry = row.entries[name]
    times = [getattr(sample, row.clock) / entry.calls / entry.items for sample in samples]
    memory = [sample.memory for sample in samples if sample.memory is not None]
    return Figure(times, statistics.median(memory) if memory else None, versions_of(entry))


# ── showing ──


def duration(seconds: float) -> str:
    """A time with three digits and its unit."""
    for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}" if seconds / unit < 1000 else f"{seconds / unit:.0f} {name}"
    return f"{seconds / 1e-9:.3g} ns"


def size(number: float) -> str:
    """A number of bytes with its unit."""
    return f"{number / 2**20:.1f} MB" if number >= 2**20 or number == 0 else f"{number / 2**10:.0f} kB"
