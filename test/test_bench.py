"""The measuring programs run, what they judge is right, and the page says what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import record, report, server
from bench.contestants import ALL
from bench.generated import Absent
from bench.harness import (
    FLOOR,
    OURS,
    AtMost,
    Entry,
    Faster,
    Figure,
    Flat,
    Fresh,
    Limit,
    Memory,
    Result,
    Row,
    Script,
    Within,
    Worker,
    duration,
    measure,
    size,
    versions_of,
)
from bench.http_info import FORM

ROWS = {row.name: (program, row) for program, row in command.rows(command.PROGRAMS)}


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with server.running() as host:
        yield host


# ── the programs ──


def small(row: Row) -> Iterator[Entry | Script]:
    """The client and its floor in a row, and of other entries those with few items: what takes no time."""
    for name, entry in row.entries.items():
        other = name not in ALL and entry.items <= 1000 and "http.client" not in name
        if name == OURS or (isinstance(entry, Entry) and (name == FLOOR or other)):
            yield entry


@pytest.mark.parametrize("name", ROWS)
def test_each_program_runs(name: str, host: str) -> None:
    for entry in small(ROWS[name][1]):
        try:
            entry.prepare()
        except Absent as reason:
            pytest.skip(str(reason))
        if isinstance(entry, Script):
            assert Fresh(entry, host).sample(name, 1).cpu > 0
            continue
        contestant = entry.make(host)
        entry.work(contestant)()
        contestant.close()


@pytest.mark.parametrize("name", ALL)
def test_all_contestants_do_the_same(name: str, host: str, tmp_path: Path) -> None:
    kind = ALL[name]
    try:
        kind.prepare()
        versions_of(Entry(kind, lambda one: one.session, 1, libraries=kind.libraries))
    except Absent as reason:
        pytest.skip(str(reason))
    (tmp_path / "a.txt").write_bytes(b"abc")
    one = kind(host)
    try:
        assert one.session().id == "s1"
        assert len(one.sessions(3).sessions) == 3
        assert one.create("Hi", [str(tmp_path / "a.txt")]).messages[1].text == "Hi"
    finally:
        one.close()


def test_contestants_take_turns_in_processes_of_their_own(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started = counting(monkeypatch)
    program, row = ROWS["get_session"]
    result = measure(program, replace(row, rounds=3), host, only=[OURS, FLOOR])

    assert len(started) == 2
    assert {name: len(figure.samples) for name, figure in result.figures.items()} == {OURS: 3, FLOOR: 3}
    assert all(sample > 0 for figure in result.figures.values() for sample in figure.samples)
    assert result.figures[OURS].versions.keys() == {"portal-client", "urllib3", "pydantic"}
    assert result.absent == {}


def test_forms_of_one_call_take_turns_in_the_same_process(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started = counting(monkeypatch)
    program, row = ROWS["http_info"]
    result = measure(program, replace(row, rounds=2), host)

    assert len(started) == 1
    assert {name: len(figure.samples) for name, figure in result.figures.items()} == {OURS: 2, FORM: 2}


def counting(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """The workers that are started from now on."""
    started: list[Worker] = []
    start = Worker.__init__

    def starts(self: Worker, *args: str) -> None:
        started.append(self)
        start(self, *args)

    monkeypatch.setattr(Worker, "__init__", starts)
    return started


def test_who_cannot_take_part_is_absent(host: str) -> None:
    def prepare() -> None:
        raise Absent("no Java")

    program, row = ROWS["get_session"]
    entries = {"a": replace(row.entries[OURS], prepare=prepare), "b": Script("", ("no-such-library",))}
    result = measure(program, replace(row, entries=entries), host)

    assert result.absent == {"a": "no Java", "b": "no-such-library is not installed"}
    assert result.figures == {}
    assert result.judged == []


# ── what is judged ──


def result_of(limits: list[Limit], items: dict[str, int] | None = None, **samples: list[float]) -> Result:
    entries: dict[str, Entry | Script] = {
        name: Script("", items=(items or {}).get(name, 1)) for name in samples
    }
    figures = {name: Figure(each, memory=3 * 2**20) for name, each in samples.items()}
    return Result(Row("r", "a row", entries, limits), figures, {})


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    result = result_of([], portal_client=[2, 30, 4], floor=[1, 10, 4])

    assert result.ratio(OURS, FLOOR) == (2, 1.5, 2.5)
    assert result.ratio(OURS, "httpx") is None


@pytest.mark.parametrize(
    ("limit", "holds", "shown"),
    [
        (AtMost(2, FLOOR), True, "2.00 ×"),
        (AtMost(1.9, FLOOR), False, "2.00 ×"),
        (AtMost(0.5, OURS, who=FLOOR), True, "0.50 ×"),
        (Faster(4, "httpx"), True, "4.00 ×"),
        (Faster(4.1, "httpx"), False, "4.00 ×"),
        (Within(0.002), True, "2 ms"),
        (Within(0.0019), False, "2 ms"),
        (Memory(3 * 2**20), True, "3.0 MB"),
        (Memory(2 * 2**20), False, "3.0 MB"),
    ],
)
def test_a_limit_is_judged(limit: Limit, holds: bool, shown: str) -> None:
    (judged,) = result_of([limit], portal_client=[0.002], floor=[0.001], httpx=[0.008]).judged

    assert (judged.holds, judged.shown) == (holds, shown)


@pytest.mark.parametrize(
    ("costs", "worst"),
    [([10, 19, 109], 0), ([10, 10 + 13.5, 109], 4.5 / 19), ([10, 14, 109], 5 / 19)],
)
def test_flat_is_beside_the_line_from_the_smallest_to_the_largest(costs: list[float], worst: float) -> None:
    items = {f"{OURS} {count}": count for count in (1, 10, 100)}
    samples = {name: [cost / count] for (name, count), cost in zip(items.items(), costs, strict=True)}
    (judged,) = result_of([Flat(0.15)], items, **samples).judged

    assert judged.measured == pytest.approx(worst)


def test_beside_the_client_it_is_shown_how_flat_its_floor_is() -> None:
    items = {f"{who} {count}": count for who in (OURS, FLOOR) for count in (1, 10, 100)}
    costs = [10, 20, 109, 10, 10, 109]
    samples = {name: [cost / count] for (name, count), cost in zip(items.items(), costs, strict=True)}
    (judged,) = result_of([Flat(0.15)], items, **samples).judged

    assert (judged.holds, judged.shown) == (True, "+5% at 10; the floor -47% at 10")


def test_a_claim_names_who_it_is_of_where_that_is_not_the_client() -> None:
    claims = [AtMost(2, FLOOR), AtMost(2, FLOOR, who="httpx")]
    judged = result_of(claims, portal_client=[0.002], floor=[0.001], httpx=[0.001]).judged

    assert [each.claim for each in judged] == ["≤ 2 × floor", "httpx: ≤ 2 × floor"]


def test_showing() -> None:
    shown = [duration(each) for each in (2, 0.2, 0.0123456, 2e-6, 1.5e-9, 1234)]

    assert shown == ["2 s", "200 ms", "12.3 ms", "2 µs", "1.5 ns", "1234 s"]
    assert [size(each) for each in (0, 1024, 3 * 2**20)] == ["0.0 MB", "1 kB", "3.0 MB"]


# ── what is recorded, and the page ──


def test_what_is_recorded_comes_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(record, "PATH", tmp_path / "recorded.json")
    result = result_of([AtMost(2, FLOOR)], portal_client=[0.002, 0.003], floor=[0.001, 0.001])
    kept = record.Record.of([record.Line.of("get_session", result)])
    kept.write()

    assert record.Record.kept() == kept


def test_only_what_is_worse_than_the_margin_is_named() -> None:
    def line(ours: float) -> Result:
        return result_of([AtMost(1.15, FLOOR), Within(5)], portal_client=[ours], floor=[1])

    recorded = record.Line.of("p", line(1.3))

    assert command.worse_than(recorded, line(1.3 * 1.14)) == []
    assert command.worse_than(recorded, line(1.3 * 1.16)) == [
        "r, ≤ 1.15 × floor: 1.51 ×, recorded 1.30 ×, margin 15%"
    ]
    assert command.worse_than(recorded, line(6))[1] == "r, ≤ 5 s: 6 s, recorded 1.3 s"


def test_the_check_asks_only_those_that_judge() -> None:
    asked = {name: command.judged_by(row) for name, (_, row) in ROWS.items()}

    assert asked["get_session"] == [OURS, FLOOR, "generated"]
    assert asked["http_info"] == [OURS, "with_http_info"]
    assert asked["upload"] == [OURS, FLOOR]
    assert all(name.startswith(f"{OURS} ") for name in asked["growth_upload"])


def test_the_page_says_what_was_recorded() -> None:
    text = report.PAGE.read_text("utf-8")

    assert report.page(record.Record.kept(), text) == text, "run `python -m bench --page`"


def test_each_row_is_recorded() -> None:
    assert {line.name for line in record.Record.kept().lines} == ROWS.keys()


def test_the_page_says_who_was_left_out() -> None:
    result = replace(result_of([], portal_client=[2], floor=[1]), absent={"generated": "no Java"})
    kept = record.Record.of([record.Line.of("get_session", result)])

    assert "\n- generated was left out: no Java.\n" in report.figures(kept)


def test_the_report_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="it comes with make bench")
    page = tmp_path / "performance.md"
    marks = "".join(f"<!-- {name}: generated -->\nstale\n<!-- end of {name} -->\n" for name in report.MADE)
    page.write_text(f"by hand\n{marks}", "utf-8")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "PLOTS", tmp_path / "plots")
    report.write(record.Record.kept())

    text = page.read_text("utf-8")
    assert text.startswith("by hand\n")
    assert "stale" not in text
    assert "| `get_session`, small response |" in text
    plots = sorted((tmp_path / "plots").iterdir())
    assert [plot.name for plot in plots] == ["distance.png", "growth.png", "overview.png"]
    assert all(plot.read_bytes().startswith(b"\x89PNG") for plot in plots)
