"""Write docs/performance.md and its plots from the record alone.

What stands between the marks is generated, the rest is written by hand and kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.contestants import ALL
from bench.generated import ROOT
from bench.harness import FLOOR, OURS, duration, size
from bench.record import Line, Record

PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"


# ── tables ──


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _cell(line: Line, name: str) -> str:
    if (figure := line.figures.get(name)) is None:
        return "–"
    ratio = "" if figure.ratio is None or name == line.against else f" ({figure.ratio.median:.2f} ×)"
    return duration(figure.median) + ratio


def _compared(record: Record) -> list[Line]:
    return [line for line in record.lines if FLOOR in line.figures and line.program != "distance"]


def figures(record: Record) -> str:
    """Return a table of each kind of work with its contestants, beside the floor."""
    rows = [
        [
            line.title + (", by the clock" if line.clock == "wall" else ""),
            *(_cell(line, name) for name in ALL),
        ]
        for line in _compared(record)
    ]
    memory = [
        [line.title, *(size(line.figures[name].memory or 0) if name in line.figures else "–" for name in ALL)]
        for line in record.lines
        if line.name == "upload"
    ]
    notes = [f"- {line.title}: {line.note}" for line in _compared(record) if line.note]
    absent = {name: reason for line in record.lines for name, reason in line.absent.items()}
    notes += [f"- {name} was left out: {reason}." for name, reason in absent.items()]
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(record.versions.items()))
    return (
        _table(["work", *ALL], rows)
        + "\n"
        + _table(["more memory at most", *ALL], memory)
        + "\n"
        + "\n".join(notes)
        + f"\n\nPython {record.python}; {libraries}. {record.machine}.\n"
    )


def claims(record: Record) -> str:
    """Return the table of the limits and whether they hold."""
    rows = [
        [line.title, claim.claim, claim.shown, "yes" if claim.holds else "**no**"]
        for line in record.lines
        for claim in line.claims
    ]
    return _table(["work", "must hold", "measured", "holds"], rows)


def besides(record: Record) -> str:
    """Return the tables of the other measurements."""
    rows = [
        [line.title, name, duration(figure.median), f"{figure.ratio.median:.2f} × {line.against}"]
        for line in record.lines
        if line.program != "distance"
        for name, figure in line.figures.items()
        if name not in ALL and figure.ratio is not None and name != line.against
    ]
    return _table(["work", "what", "time", "ratio"], rows)


def distance(record: Record) -> str:
    """Return the parts of the distance to the floor, in microseconds."""
    tables: list[str] = []
    if (line := record.line("distance_get_session")) is not None:
        tables.append(_steps("`get_session`", *small_steps(line), "µs"))
    if (line := record.line("distance_get_sessions")) is not None:
        t = {name: figure.median * 1e3 for name, figure in line.figures.items()}
        steps = [
            ("floor: `validate_json`, the collector paused", t[FLOOR]),
            ("the collector, at work again, looks at what is new", t["kept"] - t[FLOOR]),
            ("14.7 MB received", t["received"]),
        ]
        tables.append(_steps("10,000 sessions", steps, t[OURS], "ms"))
    return "\n".join(tables)


def small_steps(line: Line) -> tuple[list[tuple[str, float]], float]:
    """The steps of a small call in microseconds, and the whole of it."""
    t = {name: figure.median * 1e6 for name, figure in line.figures.items()}
    by_mail = t["exchange, head by http.client"]
    steps = [
        ("floor: urllib3's pool and `validate_json`", t[FLOOR]),
        ("arguments checked and put in their places", t["arguments"]),
        ("request made ready: URL, headers, credential", t["prepared"]),
        ("attempts, deadline, timed connection, hooks", by_mail - t["urlopen"]),
        ("head of the response read at once", t["exchange"] - by_mail),
        ("status and type of the response looked at", t["decoded"] - t["validate_json"]),
    ]
    return steps, t[OURS]


def _steps(what: str, steps: Sequence[tuple[str, float]], whole: float, unit: str) -> str:
    left = whole - sum(time for _, time in steps)
    (first, floor), *others = steps
    rows = [(first, f"{floor:.1f}"), *((name, f"{time:+.1f}") for name, time in others)]
    rows += [("not explained by the steps", f"{left:+.1f}"), ("**portal_client**", f"**{whole:.1f}**")]
    return _table([what, unit], rows)


MADE: dict[str, Callable[[Record], str]] = {
    "figures": figures,
    "claims": claims,
    "besides": besides,
    "distance": distance,
}


def page(record: Record, before: str) -> str:
    """Return the page with new tables. Raises ValueError where one of them has no place."""
    for name, make in MADE.items():
        head, begin, rest = before.partition(f"<!-- {name}: generated -->\n")
        _, end, tail = rest.partition(f"<!-- end of {name} -->")
        if not end:
            raise ValueError(f"{PAGE.name}: there is no place for {name}")
        before = f"{head}{begin}\n{make(record)}\n{end}{tail}"
    return before


def write(record: Record) -> None:
    """Write the page and its plots."""
    PAGE.write_text(page(record, PAGE.read_text("utf-8")), "utf-8")
    PLOTS.mkdir(exist_ok=True)
    for name, draw in {"overview": _overview, "growth": _growth, "distance": _distance}.items():
        draw(record, PLOTS / f"{name}.png")


# ── plots ──

_MARKERS = {OURS: "o", FLOOR: "|", "generated": "^", "httpx": "s", "requests": "D"}
_COLOURS = {
    OURS: "#111111",
    FLOOR: "#111111",
    "generated": "#b35900",
    "httpx": "#2f6db3",
    "requests": "#6b6b6b",
}


def _axes(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    matplotlib: Any = import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot: Any = import_module("matplotlib.pyplot")
    pyplot.rcParams.update(
        {
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#888888",
            "axes.titlesize": 10,
            "axes.titlelocation": "left",
            "figure.facecolor": "white",
            "grid.color": "#dddddd",
            "savefig.dpi": 144,
        }
    )
    made: tuple[Any, Any] = pyplot.subplots(
        rows, columns, figsize=(width, height), layout="constrained", squeeze=False
    )
    return made


def _save(figure: Any, path: Path) -> None:
    # Without the version, which would change each file.
    figure.savefig(path, metadata={"Software": None})


def _plain(title: str) -> str:
    return re.sub("[`*]", "", title)


def _overview(record: Record, path: Path) -> None:
    lines = [line for line in _compared(record) if line.against == FLOOR and OURS in line.figures][::-1]
    figure, ((axis,),) = _axes(8, 0.42 * len(lines) + 1.1)
    for name in ALL:
        found = [(n, line.figures[name].ratio) for n, line in enumerate(lines) if name in line.figures]
        known = [(n, ratio) for n, ratio in found if ratio is not None]
        bold = name in (OURS, FLOOR)
        axis.scatter(
            [ratio.median for _, ratio in known],
            [n for n, _ in known],
            marker=_MARKERS[name],
            s={OURS: 60, FLOOR: 110}.get(name, 42),
            facecolors=_COLOURS[name] if bold else "white",
            edgecolors=None if name == FLOOR else _COLOURS[name],
            linewidths=1.4,
            label="floor: the bare libraries" if name == FLOOR else name,
            zorder=4 if name == OURS else 3,
        )
        for n, ratio in known if name == OURS else ():
            axis.plot([ratio.low, ratio.high], [n, n], color="#111111", linewidth=1, zorder=2)
            place = {"textcoords": "offset points", "ha": "center", "size": 8}
            axis.annotate(f"{ratio.median:.2f}", (ratio.median, n), (0, 7), **place)
    axis.set_xscale("log")
    low, high = axis.get_xlim()
    shown = [tick for tick in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if low <= tick <= high]
    axis.set_xticks(shown, [f"{tick:g} ×" for tick in shown])
    axis.minorticks_off()
    axis.axvline(1, color="#888888", linewidth=0.8, zorder=1)
    axis.set_yticks(range(len(lines)), [_plain(line.title) for line in lines])
    axis.set_ylim(-0.6, len(lines) - 0.2)
    axis.grid(axis="x", zorder=0)
    axis.tick_params(length=0)
    axis.set_xlabel("time beside that of the floor (logarithmic; less is better)")
    figure.legend(loc="outside upper center", ncols=5, frameon=False, handletextpad=0.2, columnspacing=1.2)
    _save(figure, path)


def _tick(value: float, place: int) -> str:
    return duration(value)


def _within_a_decade(axis: Any) -> bool:
    low, high = axis.get_ylim()
    return bool(high < 10 * low)


def _growth(record: Record, path: Path) -> None:
    ticker: Any = import_module("matplotlib.ticker")
    lines = [line for line in record.lines if any(name.startswith(f"{OURS} ") for name in line.figures)]
    rows, columns = -(-len(lines) // 3), 3
    figure, axes = _axes(3.4 * columns, 3.1 * rows, rows, columns)
    for axis in axes.flat[len(lines) :]:
        axis.remove()
    for axis, line in zip(axes.flat, lines, strict=False):
        for who, style in ((OURS, "-o"), (FLOOR, "--|")):
            named = (f for name, f in line.figures.items() if name.startswith(f"{who} "))
            found = sorted((f.items, f.median) for f in named)
            if found:
                drawn = {"color": "#111111", "markersize": 6, "linewidth": 1.2, "label": who}
                axis.plot(*zip(*found, strict=True), style, **drawn)
        axis.set(xscale="log", yscale="log", title=_plain(line.title), xlabel=f"number of {line.per}s")
        axis.set_ylabel(f"CPU time per {line.per}")
        axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if _within_a_decade(axis) else (1,)))
        axis.yaxis.set_major_formatter(_tick)
        axis.yaxis.set_minor_formatter("")
        axis.grid(zorder=0)
        axis.legend(frameon=False)
    _save(figure, path)


def _distance(record: Record, path: Path) -> None:
    line = record.line("distance_get_session")
    if line is None:
        return
    steps, whole = small_steps(line)
    steps.append(("not explained by the steps", whole - sum(time for _, time in steps)))
    figure, ((axis,),) = _axes(8, 0.36 * (len(steps) + 1) + 0.8)
    place = {"textcoords": "offset points", "va": "center", "size": 8}
    at = 0.0
    for n, (_, time) in enumerate(steps):
        less = {"color": "white", "hatch": "////"} if time < 0 else {"color": "#bbbbbb"}
        axis.barh(n, time, left=at, edgecolor="#111111", linewidth=0.8, **less)
        axis.annotate(f"{time:+.1f}" if n else f"{time:.1f}", (max(at, at + time), n), (4, 0), **place)
        at += time
    axis.barh(len(steps), whole, color="#111111")
    axis.annotate(f"{whole:.1f}", (whole, len(steps)), (4, 0), **place)
    axis.set_yticks(range(len(steps) + 1), [*(_plain(name) for name, _ in steps), OURS])
    axis.invert_yaxis()
    axis.grid(axis="x", zorder=0)
    axis.set_axisbelow(True)
    axis.tick_params(length=0)
    axis.set_xlabel("CPU time of one get_session in µs (hatched: what is saved)")
    _save(figure, path)
