"""Properties: what goes through a server of another make comes back, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal_client import ApiClient, Configuration, NotFoundException, Session, SessionsApi

portal_sandbox: Any = pytest.importorskip("portal_sandbox", reason="the sandbox is not installed")

#: Every character that there is, but for the halves of surrogate pairs.
CHARACTERS = st.characters(exclude_categories=["Cs"])
#: A slash within a segment reaches no ASGI application as such.
IDS = st.text(CHARACTERS.filter(lambda character: character != "/"), min_size=1, max_size=30).filter(
    lambda text: text not in (".", "..")
)

patient = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def lists_files(conversation: Sequence[Any], files: Sequence[Any]) -> str:
    """An agent that answers with the names and bytes of what it got."""
    return "\n".join(f"{file.name} {file.read().hex()}" for file in files)


@pytest.fixture(scope="module")
def api() -> Iterator[SessionsApi]:
    with (
        portal_sandbox.running(agents={"files": lists_files}) as box,
        ApiClient(Configuration(box.host, access_token=box.token)) as client,
    ):
        yield SessionsApi(client)


@pytest.mark.fault("Property tests", "Any id goes through a real server's path and query and comes back")
@given(name=IDS)
@example(name="%2e%2e")
@example(name="a?b#c&d=e+f;g")
@example(name="\r\n\x00\x7f\u2028")
@patient
def test_any_id_comes_back(name: str, api: SessionsApi, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("portal_sandbox.store.uuid4", lambda: SimpleNamespace(hex=name))
        try:  # an example may come twice
            api.get_session(name)
        except NotFoundException:
            assert api.create_session("echo", "hello").id == name

    assert api.get_session(name).id == name
    assert api.update_session(name, "more").id == name
    assert [session.id for session in api.get_sessions("echo").sessions].count(name) == 1
    assert api.create_session_from_replay(name, 0).messages[0].text == "hello"


@pytest.mark.fault(
    "Property tests", "Any text and any files come back from a server with a parser of its own"
)
@given(
    prompt=st.text(CHARACTERS, min_size=1),
    files=st.lists(
        st.tuples(st.from_regex(r"\w{1,20}", fullmatch=True), st.binary(max_size=300)), max_size=3
    ),
)
@example(prompt="\r\n--boundary--\r\n", files=[("a", b"\r\n--\r\n"), ("b", b"")])
@patient
def test_any_form_comes_back(prompt: str, files: list[tuple[str, bytes]], api: SessionsApi) -> None:
    session = api.create_session("files", prompt, files)

    assert session.messages[0].text == prompt
    assert session.messages[1].text == "\n".join(f"{name} {content.hex()}" for name, content in files)
    assert Session.from_json(session.to_json()) == session
