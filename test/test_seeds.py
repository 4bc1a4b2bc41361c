"""The Python examples of the documents that users hold run as they are printed.

The documents are not part of this repository; where they are not beside it, these tests are skipped.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"
SEED = SEEDS / "portal_client.SessionsApi.md"
CANDELA = SEEDS / "finbourne_candela.SessionsApi.md"

#: What an example prints when a response has come, by its operation.
ANSWERS = {
    "create_async_session": r"AsyncSessionResponse\(session_id='\w+'",
    "create_session": r"Session\(id='\w+', agent_id='agent_id_example'",
    "create_session_from_replay": r"Session\(id='\w+', agent_id='agent_id_example'",
    "get_grouped_sessions": r"GroupedSessionsResponse\(time_to_sessions=\{'Today': \[Session\(",
    "get_session": r"Session\(id='session_id_example'",
    "get_sessions": r"GetSessionsResponse\(sessions=\[Session\(id=",
    "subscribe_to_session": r"Session\(id='session_id_example'",
    "update_async_session": r"AsyncSessionResponse\(session_id='session_id_example'\)",
    "update_session": r"Session\(id='session_id_example'.*text_prompt_example",
}


def _examples(seed: Path) -> dict[str, str]:
    if not seed.exists():
        return {}
    sections = re.split(r"^# \*\*(\w+)\*\*$", seed.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {
        name: code
        for name, section in zip(sections[::2], sections[1::2], strict=True)
        for code in re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    }


EXAMPLES = _examples(SEED)


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


# ── Candela ──

#: What an example of Candela prints when a response has come, by its operation.
CANDELA_ANSWERS = {
    "delete_session": r"^\[ObjectMetadata\(obj_id=ObjectId\(scope='scope_example', ",
    "get_session": r"^Session\(app=ObjectId\(",
    "get_session_metadata": r"^ObjectMetadata\(obj_id=ObjectId\(scope='scope_example'",
    "list_sessions": r"^\[ObjectMetadata\(obj_id=ObjectId\(",
    "session_exists": r"^True$",
    "start_dev_session": r"^ObjectMetadata\(obj_id=ObjectId\(scope='default', identifier='\w+'",
    "start_session": r"^ObjectMetadata\(obj_id=ObjectId\(scope='default', identifier='\w+'",
    "stop_session": r"^$",
    "submit_pipeline_prompt": r"^'prompt_example'$",
    "submit_prompt_to_agent": r"^Event\(event_type='result', content='prompt_example'\)$",
}
CANDELA_EXAMPLES = _examples(CANDELA)

#: The arguments for the constructors that the documents print empty.
ARGUMENTS = {
    "SubmitPrompt()": 'SubmitPrompt(prompt="prompt_example", session_id="session_id_example")',
    "= SessionStartRequest()": """= SessionStartRequest(
        app=ObjectId(scope="scope_example", identifier="identifier_example"),
        model_cfg=ObjectId(scope="scope_example", identifier="identifier_example"),
    )""",
    "DevSessionStartRequest()": """DevSessionStartRequest(
        model_id=ObjectId(scope="scope_example", identifier="identifier_example"),
        circuit=CircuitDTO(first="a", nodes={"a": NoOpDTO(node_id="a", child_id=None, label="A")}),
        directive=Directive(),
    )""",
}


@pytest.mark.skipif(
    not CANDELA_EXAMPLES, reason="the documents that users hold are not beside this repository"
)
def test_every_operation_of_candela_has_its_example() -> None:
    assert set(CANDELA_EXAMPLES) == set(CANDELA_ANSWERS)
    printed_empty = [name for name, code in CANDELA_EXAMPLES.items() if any(a in code for a in ARGUMENTS)]
    assert len(printed_empty) == 4


@pytest.mark.skipif(
    not CANDELA_EXAMPLES, reason="the documents that users hold are not beside this repository"
)
@pytest.mark.parametrize("operation", CANDELA_ANSWERS)
def test_example_of_candela_prints_an_answer(
    operation: str,
    demo_box: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = CANDELA_EXAMPLES[operation]
    for printed, filled in ARGUMENTS.items():
        code = code.replace(printed, filled)
    code = code.replace("<your-token-url>", demo_box.token_url)
    code = code.replace("https://<your-domain>.lusid.com", demo_box.candela_url)
    monkeypatch.chdir(tmp_path)  # it writes a secrets.json

    exec(compile(code, f"<{operation}>", "exec"), {"__name__": "__main__"})

    shown = capsys.readouterr().out
    assert "Exception" not in shown
    assert re.search(CANDELA_ANSWERS[operation], shown, re.DOTALL)
