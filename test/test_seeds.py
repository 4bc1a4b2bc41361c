"""The Python examples of the documents that users hold run as they are printed.

The documents are not part of this repository; where they are not beside it, these tests are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3.util.connection

portal_sandbox = pytest.importorskip("portal_sandbox.server")

from portal_client import ApiClient, Configuration  # noqa: E402

SEED = Path(__file__).parents[2] / "shared" / "seeds" / "portal_client.SessionsApi.md"

#: What an example prints when it is answered, by its operation.
ANSWERS = {
    "create_async_session": r"AsyncSessionResponse\(session_id='\w+'",
    "create_session": r"Session\(id='\w+', agent_id='agent_id_example'",
    "create_session_from_replay": r"Session\(id='\w+', agent_id='agent_id_example'",
    "get_grouped_sessions": r"GroupedSessionsResponse\(time_to_sessions=\{'Today': \[\{",
    "get_session": r"Session\(id='session_id_example'",
    "get_sessions": r"GetSessionsResponse\(sessions=\[Session\(id=",
    "subscribe_to_session": r"Session\(id='session_id_example'",
    "update_async_session": r"AsyncSessionResponse\(session_id='session_id_example'\)",
    "update_session": r"Session\(id='session_id_example'.*text_prompt_example",
}


def _examples() -> dict[str, str]:
    if not SEED.exists():
        return {}
    sections = re.split(r"^# \*\*(\w+)\*\*$", SEED.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {
        name: code
        for name, section in zip(sections[::2], sections[1::2], strict=True)
        for code in re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    }


EXAMPLES = _examples()


@pytest.fixture(scope="module")
def box() -> Iterator[portal_sandbox.Sandbox]:
    with portal_sandbox.running(demo_data=True) as box:
        yield box


@pytest.fixture
def localhost(box: portal_sandbox.Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """http://localhost is the sandbox; its real port needs root."""
    connect = urllib3.util.connection.create_connection

    def to_sandbox(address: tuple[str, int], *args: object, **options: object) -> object:
        if address == ("localhost", 80):
            address = ("127.0.0.1", int(box.host.rpartition(":")[2]))
        return connect(address, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(urllib3.util.connection, "create_connection", to_sandbox)
    monkeypatch.setenv("BEARER_TOKEN", box.token)
    yield
    # An example without a configuration of its own takes the default one; the next starts afresh.
    ApiClient.set_default(None)
    Configuration.set_default(None)


@pytest.mark.skipif(not EXAMPLES, reason=f"{SEED.name} is not beside this repository")
def test_every_operation_has_its_example() -> None:
    assert set(EXAMPLES) == set(ANSWERS)


@pytest.mark.skipif(not EXAMPLES, reason=f"{SEED.name} is not beside this repository")
@pytest.mark.parametrize("operation", ANSWERS)
@pytest.mark.usefixtures("localhost")
def test_example_prints_an_answer(operation: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(EXAMPLES[operation], f"<{operation}>", "exec"), {"__name__": "__main__"})

    printed = capsys.readouterr().out
    assert printed.startswith(f"The response of SessionsApi->{operation}:\n\n")
    assert "Exception" not in printed
    assert re.search(ANSWERS[operation], printed, re.DOTALL)
