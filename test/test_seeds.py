"""The Python examples of the documents that users hold run as they are printed.

The documents are not part of this repository; where they are not beside it, these tests are skipped.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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


@pytest.mark.skipif(not EXAMPLES, reason="the documents that users hold are not beside this repository")
def test_every_operation_has_its_example() -> None:
    assert set(EXAMPLES) == set(ANSWERS)


@pytest.mark.skipif(not EXAMPLES, reason="the documents that users hold are not beside this repository")
@pytest.mark.parametrize("operation", ANSWERS)
@pytest.mark.usefixtures("localhost")
def test_example_prints_an_answer(operation: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(EXAMPLES[operation], f"<{operation}>", "exec"), {"__name__": "__main__"})

    printed = capsys.readouterr().out
    assert printed.startswith(f"The response of SessionsApi->{operation}:\n\n")
    assert "Exception" not in printed
    assert re.search(ANSWERS[operation], printed, re.DOTALL)
