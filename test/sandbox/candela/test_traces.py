"""Traces: what sessions write, who reads it, and what a deletion takes."""

from collections.abc import Iterator
from pathlib import Path

from portal_sandbox import File, Message
from portal_sandbox.candela.traces import Item, items_of
from portal_sandbox.candela.wire import Event

from .conftest import Candela, Clock, Json, Start, running


def traces(candela: Candela) -> list[Json]:
    listed: list[Json] = candela.get("/traces/list")
    return listed


def read(candela: Candela, metadata: Json) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the sessions and the items of a trace."""
    name = metadata["obj_id"]
    trace = candela.get("/traces/", trace_id=name["identifier"], scope=name["scope"])
    return trace["session_ids"], [(each["item_type"], each["content"]) for each in trace["trace_items"]]


def test_a_session_writes_a_trace_from_its_first_prompt_on(start: Start, clock: Clock) -> None:
    candela = start(now=clock)
    name = candela.start()
    assert traces(candela) == []
    candela.pipeline(name, "hello")
    candela.events(name, "again")

    (metadata,) = traces(candela)
    assert metadata == {
        "obj_id": {"scope": "default", "identifier": metadata["obj_id"]["identifier"], "version": None},
        "domain": "sandbox",
        "created_by": "sandbox-user",
        "created_at": "2026-11-25T12:00:00Z",
        "description": "hello",
    }
    assert read(candela, metadata) == (
        [name["identifier"]],
        [
            ("user", "hello"),
            ("chat_resp", "hello"),
            ("result", "hello"),
            ("user", "again"),
            ("chat_resp", "again"),
            ("result", "again"),
        ],
    )


def test_pieces_of_one_kind_make_one_item() -> None:
    kinds = ("chat", "chat", "intent", "intent", "chat", "info", "wait", "sys", "result")
    assert items_of(Event(event_type=kind, content=kind[0]) for kind in kinds) == [
        Item("chat_resp", "cc"),
        Item("struct_resp", "ii"),
        Item("chat_resp", "c"),
        Item("info", "i"),
        Item("wait", "w"),
        Item("sys", "s"),
        Item("result", "r"),
    ]


def fails(conversation: list[Message], files: list[File]) -> Iterator[str]:
    yield "half"
    raise ValueError("no more")


def test_a_failure_is_in_the_trace(start: Start) -> None:
    candela = start(agents={"fails": fails})
    candela.pipeline(candela.start("fails"), "hello")

    assert read(candela, traces(candela)[0])[1] == [
        ("user", "hello"),
        ("chat_resp", "half"),
        ("sys", "The agent failed: ValueError: no more"),
    ]


def test_sessions_that_continue_one_another_share_a_trace(candela: Candela) -> None:
    first = candela.start()
    candela.pipeline(first, "one")
    candela.stop()
    second = candela.start(parent_session=first, scope="other")
    candela.pipeline(second, "two")

    (metadata,) = traces(candela)
    sessions, items = read(candela, metadata)
    assert sessions == [first["identifier"], second["identifier"]]
    assert [content for kind, content in items if kind == "user"] == ["one", "two"]
    assert metadata["obj_id"]["scope"] == "default"

    candela.stop()
    candela.delete(first)
    sessions, items = read(candela, metadata)
    assert sessions == [second["identifier"]]
    assert [content for kind, content in items if kind == "user"] == ["two"]
    assert [each["description"] for each in traces(candela)] == ["two"]
    candela.delete(second)
    assert traces(candela) == []


def test_a_trace_in_which_nothing_is_left_is_gone(candela: Candela) -> None:
    first = candela.start()
    candela.pipeline(first, "one")
    candela.stop()
    second = candela.start(parent_session=first, scope="other")
    candela.delete(first)
    assert traces(candela) == []

    candela.pipeline(second, "two")
    (metadata,) = traces(candela)
    assert metadata["obj_id"]["scope"] == "other"
    assert read(candela, metadata)[0] == [second["identifier"]]


def test_each_user_reads_their_own(start: Start) -> None:
    ann = start(tokens={"one": "ann", "two": "bob"})
    bob = ann.with_token("two")
    ann.pipeline(ann.start())
    name = traces(ann)[0]["obj_id"]

    assert traces(bob) == []
    refused = bob.call("GET", "/traces/", fields={"trace_id": name["identifier"], "scope": name["scope"]})
    detail = f"Trace not found: default/{name['identifier']}"
    assert (refused.status, refused.json()) == (404, {"detail": detail})


def test_a_trace_survives_a_restart(tmp_path: Path) -> None:
    box = {"db": tmp_path / "box.sqlite", "tokens": {"one": "ann"}}
    with running(**box) as candela:
        candela.pipeline(candela.start(), "hello")
        before = traces(candela)
        items = read(candela, before[0])
    with running(**box) as candela:
        assert traces(candela) == before
        assert read(candela, before[0]) == items


def test_the_sessions_of_the_demo_data_leave_no_trace(start: Start) -> None:
    candela = start(demo_data=True, tokens={"one": "user_id_example"})  # whose they are on paper
    before = traces(candela)
    candela.pipeline({"scope": "scope_example", "identifier": "identifier_example"})

    assert [each["obj_id"]["identifier"] for each in before] == ["trace_id_example"]
    assert traces(candela) == before
