"""pook, which puts a function of its own in the place of `HTTPConnectionPool.urlopen`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal_client.exceptions import NotFoundException
from support.clients import TOKEN, Calling, calling, failing
from support.scripted import SESSION, reply

pook: Any = pytest.importorskip("pook", reason="pook is not installed")


@pytest.fixture
def mocked() -> Iterator[Calling]:
    """A client of a server that should hear of nothing, while pook is active."""
    with calling(reply()) as c, pook.use():
        yield c


def test_a_mocked_call_reaches_no_server(mocked: Calling) -> None:
    url = f"{mocked.server.host}/sessions/s1"
    mock = pook.get(url).header("Authorization", f"Bearer {TOKEN}").reply(200).json(SESSION).mock

    assert mocked.api.get_session("s1").id == "s1"
    assert mock.total_matches == 1
    assert mocked.server.connections == 0


def test_a_mocked_form_reaches_no_server(mocked: Calling) -> None:
    pook.post(f"{mocked.server.host}/sessions").reply(200).json(SESSION)

    assert mocked.api.create_session("a1", "hello", files=b"bytes").id == "s1"
    assert mocked.server.connections == 0


def test_a_mocked_error_is_an_error(mocked: Calling) -> None:
    pook.get(f"{mocked.server.host}/sessions/s1").reply(404).json({"detail": "no session"})

    error = failing(lambda: mocked.api.get_session("s1"))

    assert isinstance(error, NotFoundException)
    assert error.data == {"detail": "no session"}
    assert mocked.server.connections == 0


def test_an_unmatched_call_goes_nowhere(mocked: Calling) -> None:
    for call in (lambda: mocked.api.get_session("s2"), lambda: mocked.api.create_session("a1", "hello")):
        error = failing(call)
        assert "PookNoMatches" in str(error)
        assert TOKEN not in str(error)

    assert mocked.server.connections == 0
    assert mocked.clock.slept == []


def test_pook_comes_and_goes_within_a_client() -> None:
    with calling(reply()) as c:
        assert c.api.get_session("before").id == "s1"
        with pook.use():
            pook.get(f"{c.server.host}/sessions/within").reply(200).json({**SESSION, "id": "mocked"})
            assert c.api.get_session("within").id == "mocked"
        assert c.api.get_session("after").id == "s1"

        assert [r.target for r in c.server.requests] == ["/sessions/before", "/sessions/after"]
        assert not any("bypass" in name for r in c.server.requests for name in r.headers)
