"""The views of the page: what it shows of both services, in lists and in full."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import portal_sandbox
from portal_sandbox.page import texts, view
from portal_sandbox.page.sessions import Sessions
from portal_sandbox.prompt import Prompt
from portal_sandbox.store import Store

from .candela.conftest import Candela, named
from .conftest import Caller, Held, Start
from .pages import detail, entries, fields, link, plain, said, state
from .portal.test_routines import create_routine

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
ISO = "2026-11-22T14:30:00Z"


def _line(entry: dict[str, Any]) -> str:
    """An entry as a reader sees it."""
    parts = [plain(entry["title"]), entry["badge"], plain(entry["preview"]), plain(entry["user"])]
    return " | ".join([*parts, *entry["facts"]])


# ── Portal's sessions ──


def test_a_session_is_shown_with_all_that_is_known_of_it(start: Start) -> None:
    def risk_report(conversation: object, files: object) -> str:
        return "  one\n\ttwo\r\nthree\rfour"

    files = [("a b.csv", b"x" * 18_240, "text/csv"), ("ü.bin", b"1", "application/x-thing")]
    clock = [NOW]
    caller = start(agents={"risk_report": risk_report}, now=lambda: clock[0])
    session = caller.create("first\n\nprompt", "risk_report", files)
    clock[0] = NOW + timedelta(minutes=5)
    caller.update(session["id"], "more")

    (entry,) = entries(caller)
    shown = detail(caller, "sessions", session["id"])

    assert _line(entry) == "Risk report | Ready | first prompt | sandbox-user | 4 messages | 2 files"
    assert (entry["time"], entry["tone"], entry["group"]) == ("2026-11-22T14:35:00Z", "good", None)
    assert shown["entry"] == entry
    assert fields(shown) == {
        "Session": session["id"],
        "Agent": "risk_report",
        "User": "sandbox-user",
        "Thread": session["thread_id"],
        "Created": ISO,
        "Changed": "2026-11-22T14:35:00Z",
    }
    assert said(shown) == [
        ("sandbox-user", "first\n\nprompt"),
        ("Risk report", "  one\n\ttwo\nthree\nfour"),
        ("sandbox-user", "more"),
        ("Risk report", "  one\n\ttwo\nthree\nfour"),
    ]
    assert [each["role"] for each in shown["said"]] == ["user", "assistant"] * 2
    assert [(plain(each["name"]), plain(each["about"])) for each in shown["said"][0]["files"]] == [
        ("a b.csv", "18.2 kB · text/csv"),
        ("ü.bin", "1 byte · application/x-thing"),
    ]
    assert (shown["earlier"], shown["note"], shown["blocks"]) == (0, "", [])


def test_running_and_failed_sessions_are_told_apart(start: Start, held: Held) -> None:
    def bad(conversation: object, files: object) -> str:
        raise ValueError("no prices")

    caller = start(agents={"held": held, "bad": bad})
    caller.create(agent="bad")
    caller.create_async(agent="held")

    running, failed = entries(caller)
    shown = [detail(caller, "sessions", each["id"]) for each in (running, failed)]

    assert [(each["badge"], each["tone"]) for each in (running, failed)] == [
        ("Running", "busy"),
        ("Error", "bad"),
    ]
    assert [each["note"] for each in shown] == ["The agent is answering", ""]
    assert said(shown[1])[-1] == ("Bad", "The agent failed: ValueError: no prices")
    assert [[each["failed"] for each in one["said"]] for one in shown] == [[False], [False, True]]


def test_a_run_of_a_routine_names_it(start: Start) -> None:
    caller = start()
    routine = create_routine(caller)["id"]
    assert caller.call("PUT", f"/routines/{routine}/run").status == 200

    (entry,) = entries(caller)

    assert fields(detail(caller, "sessions", entry["id"]))["Routine"] == routine


def test_the_last_messages_are_shown_and_then_those_that_are_new(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = caller.create("prompt 0")["id"]
    for number in range(1, 4):
        caller.update(session, f"prompt {number}")
    monkeypatch.setattr(view, "MAX_MESSAGES", 5)

    shown = detail(caller, "sessions", session)
    new = detail(caller, "sessions", session, after=shown["said"][3]["key"])

    assert [text for _, text in said(shown)] == ["prompt 1", "prompt 2", "prompt 2", "prompt 3", "prompt 3"]
    assert shown["earlier"] == 3
    assert new["said"] == shown["said"][3:]


def test_what_is_hostile_is_only_text(start: Start) -> None:
    hostile = "<script>hacked()</script>\u202e\x00"
    agent = hostile[:-2]
    caller = start(agents={agent: lambda conversation, files: hostile}, tokens={"secret": hostile})
    caller.create(hostile, agent, [("<b>\u202e.txt", b"", "text/<b>html")])

    (entry,) = entries(caller)
    shown = detail(caller, "sessions", entry["id"])

    runs = ["<script>hacked()</script>", ["U+202E", "RIGHT-TO-LEFT OVERRIDE"], ["U+0000", "control"]]
    assert entry["user"] == runs
    assert [each["text"] for each in shown["said"]] == [runs, runs]
    assert shown["said"][0]["files"][0]["name"] == ["<b>", ["U+202E", "RIGHT-TO-LEFT OVERRIDE"], ".txt"]
    # A name in a filter is the value to filter by and the text to show.
    assert state(caller)["values"]["user"] == [[hostile, "<script>hacked()</script>U+202EU+0000"]]


@pytest.mark.slow
def test_a_list_of_long_texts_takes_little_memory(store: Store) -> None:
    for _ in range(2):
        store.create("ann", "echo", Prompt("long " * 300_000))
    wanted = view.Wanted({}, 100)
    with store.database.reading() as db:
        Sessions().listing(db, wanted)  # what is kept for the next ones
        tracemalloc.start()
        try:
            listing = Sessions().listing(db, wanted)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert [plain(entry.preview) for entry in listing.entries] == [f"{'long ' * 32}…"] * 2
    assert peak < 1_000_000


# ── Candela ──


@pytest.fixture(scope="module")
def candela() -> Iterator[Candela]:
    """A caller of a sandbox with something in each store of Candela."""

    def bad(conversation: object, files: object) -> str:
        raise ValueError("no prices")

    with (
        portal_sandbox.running(
            agents={"bad": bad}, tokens={"one": "ann", "two": "bob"}, now=lambda: NOW, admins=["ann"]
        ) as box,
        Candela(box, "one") as ann,
    ):
        reply = {"type": "response", "node_id": "reply", "child_id": None, "as_block": False}
        reply |= {"template": None, "context": "Price", "inserts": None}
        _add(ann, "circuits", "flow", {"first": "reply", "nodes": {"reply": reply}})
        _add(ann, "directives", "analyst", {"identity": ["You are terse."]})
        app = {"type": "agent", "circuit": named("flow"), "directive": named("analyst")}
        _add(ann, "apps", "echo", app, description="Repeats")
        _add(ann, "apps", "echo", app)
        _add(
            ann, "tool_modules", "prices", {"content": "class Price(BaseTool):\n    pass\n" + "# x\n" * 2_000}
        )
        model = {"hf_url": "hub/small", "scope": "default", "identifier": "small", "quantisation": "q6k"}
        assert ann.put("/models/", {**model, "description": "Quick"}).data.endswith(b"}\n")
        name = ann.start("echo")
        ann.pipeline(name, "one")
        ann.pipeline(name, "two")
        with ann.with_token("two") as bob:
            bob.pipeline(bob.start("bad"), "price")
        yield ann


def _add(caller: Candela, path: str, identifier: str, data: object, **more: str) -> None:
    body = {"scope": "default", "identifier": identifier, "data": data, **more}
    response = caller.call("PUT", f"/{path}/", json=body)
    assert response.status == 200, response.data


@pytest.fixture
def page(candela: Candela) -> Iterator[Caller]:
    """A caller of the page of that sandbox."""
    with Caller(candela.box.host, "one") as caller:
        yield caller


def test_candelas_sessions_have_their_messages_and_what_they_were_started_with(page: Caller) -> None:
    failed, ready = entries(page, "candela")
    shown = [detail(page, "candela", each["id"]) for each in (failed, ready)]

    assert [_line(each) for each in (failed, ready)] == [
        "Bad | Failed | price | bob | 2 messages",
        "Echo | In a slot | one | ann | 4 messages",
    ]
    assert said(shown[0])[-1] == ("Bad", "The agent failed: ValueError: no prices")
    assert [each["failed"] for each in shown[0]["said"]] == [False, True]
    assert said(shown[1]) == [("ann", "one"), ("Echo", "one"), ("ann", "two"), ("Echo", "two")]
    assert fields(shown[1])["App"] == "default/echo:0.0.2"
    assert fields(shown[1])["Created"] == ISO
    assert [each["label"] for each in shown[1]["blocks"]] == ["Started with"]
    assert '"identifier": "echo"' in plain(shown[1]["blocks"][0]["text"])


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"user": "ann"}, ["Echo"]),
        ({"status": "Failed"}, ["Bad"]),
        ({"status": "Stopped"}, []),
        ({"agent": "echo", "status": "In a slot"}, ["Echo"]),
    ],
)
def test_candelas_sessions_are_filtered(page: Caller, query: dict[str, str], shown: list[str]) -> None:
    assert [plain(each["title"]) for each in entries(page, "candela", **query)] == shown


def test_slots_have_their_states_and_their_sessions(page: Caller) -> None:
    ann, bob = entries(page, "slots")
    sessions = [fields(detail(page, "candela", each["id"])) for each in entries(page, "candela", user="ann")]

    assert (ann["badge"], ann["tone"], plain(ann["user"])) == ("HOST_READY", "good", "ann")
    assert ann["group"] == "sandbox · at most 8, 0 kept free"
    shown = fields(detail(page, "slots", ann["id"]))
    assert (shown["Type"], shown["User"], shown["Session"]) == ("sandbox", "ann", sessions[0]["Session"])
    assert (shown["Created"], shown["Assigned"], shown["Ready"]) == (ISO, ISO, ISO)
    assert "Disposed of" not in shown
    assert [plain(each["user"]) for each in entries(page, "slots", user="bob")] == [plain(bob["user"])]
    assert entries(page, "slots", status="STOPPING") == []
    assert state(page, "slots", agent="x", kind="y")["total"] == 2


def test_objects_of_all_stores_have_their_versions_and_contents(page: Caller) -> None:
    model, *shown = entries(page, "objects")

    assert _line(model) == "default/small | model | Quick | ann | version 0.0.1"
    assert [(plain(each["title"]), each["badge"], *each["facts"]) for each in shown] == [
        ("default/prices", "tool module", "version 0.0.1"),
        ("default/echo", "app", "version 0.0.2"),
        ("default/echo", "app", "version 0.0.1"),
        ("default/analyst", "directive", "version 0.0.1"),
        ("default/flow", "circuit", "version 0.0.1"),
    ]
    source = detail(page, "objects", shown[0]["id"])["blocks"][0]
    assert plain(source["text"]).startswith("class Price(BaseTool):\n    pass\n")
    assert source["more"] == 32 + 8_000 - texts.MAX_TEXT
    app = detail(page, "objects", shown[2]["id"])
    assert next((each["label"], plain(each["text"])) for each in app["blocks"]) == ("Description", "Repeats")
    assert '"type": "agent"' in plain(app["blocks"][1]["text"])
    assert fields(app)["Domain"] == "sandbox"
    assert app["said"] is None
    assert len(entries(page, "objects", kind="app")) == 2
    assert state(page, "objects")["values"]["kind"] == [
        ["app", "app"],
        ["circuit", "circuit"],
        ["directive", "directive"],
        ["model", "model"],
        ["tool_module", "tool module"],
    ]


def test_traces_have_their_items(page: Caller) -> None:
    bob, ann = entries(page, "traces")

    assert (plain(ann["title"]), plain(ann["user"])) == ("one", "ann")
    shown = detail(page, "traces", ann["id"])
    assert [who for who, _ in said(shown)][:2] == ["user", "chat_resp"]
    assert next(text for _, text in said(shown)) == "one"
    last = detail(page, "traces", bob["id"])["said"][-1]
    assert (plain(last["author"]), last["failed"]) == ("sys", True)
    assert len(entries(page, "traces", user="ann")) == 1


def test_the_demo_data_are_shown() -> None:
    with portal_sandbox.running(demo_data=True) as box, Caller(box.host, box.token) as caller:
        shown = {
            name: entries(caller, name) for name in ("sessions", "candela", "slots", "objects", "traces")
        }
        details = {
            name: [detail(caller, name, each["id"]) for each in found] for name, found in shown.items()
        }

    assert {name: len(found) for name, found in shown.items()} == {
        "sessions": 1,
        "candela": 2,
        "slots": 1,
        "objects": 5,
        "traces": 1,
    }
    assert len(details["sessions"][0]["said"]) == 60
    assert {each["badge"] for each in shown["candela"]} == {"Open to all"}


@pytest.mark.parametrize("name", ["sessions", "candela", "slots", "objects", "traces"])
@pytest.mark.parametrize("entry_id", ["0", "x", "-1", "9" * 30, "²", "1%00"])
def test_what_is_not_there_is_404(caller: Caller, name: str, entry_id: str) -> None:
    assert caller.call("GET", link(caller, f"entries/{name}/{entry_id}")).status == 404
