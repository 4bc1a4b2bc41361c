"""The names of commands: distinct, short, and by one rule."""

from __future__ import annotations

from collections import Counter

import pytest

from cli.commands import COMMANDS
from portal_client.cli.naming import command_names, group_name


def test_every_operation_has_a_command_of_its_own() -> None:
    assert len(COMMANDS) == 79
    assert [words for words, count in Counter(each.words for each in COMMANDS).items() if count > 1] == []


@pytest.mark.parametrize(
    ("words", "operation"),
    [
        ("agents list", "get_agents"),
        ("agents get", "get_agent"),
        ("business get", "get_business"),
        ("default root-get", "root_get"),
        ("playground update-agents", "update_playground_agents"),
        ("routines run-async", "run_async_routine"),
        ("sessions create-async", "create_async_session"),
        ("sessions create-from-replay", "create_session_from_replay"),
        ("sessions list", "get_sessions"),
        ("sessions list-grouped", "get_grouped_sessions"),
        ("sessions subscribe", "subscribe_to_session"),
        ("candela apps exists", "app_exists"),
        ("candela sessions submit-prompt-to-agent", "submit_prompt_to_agent"),
        ("candela tool-modules get-metadata", "get_tool_module_metadata"),
        ("candela tool-modules get-tool-metadata", "get_tool_metadata"),
        ("candela tool-modules list-tools", "list_tools"),
        ("candela user-slots user-has-slot", "user_has_slot"),
    ],
)
def test_a_command_does_not_repeat_what_its_group_is_about(words: str, operation: str) -> None:
    assert {" ".join(each.words): each.operation.name for each in COMMANDS}[words] == operation


def test_a_short_name_that_would_stand_for_two_is_not_used() -> None:
    names = command_names("notes", ["get_note", "get", "list_notes", "get_notes", "note", "pin_note"])

    assert names == {
        "get_note": "get-note",
        "get": "get",
        "list_notes": "list-notes",
        "get_notes": "get-notes",
        "note": "note",
        "pin_note": "pin",
    }


@pytest.mark.parametrize(
    ("group", "operation", "command"),
    [
        ("categories", "get_category", "get"),
        ("categories", "get_categories", "list"),
        ("news", "get_news", "list"),
        ("access", "get_access", "get"),
        ("notes", "get_notebook", "get-notebook"),
        ("notes", "getaway_notes", "getaway"),
    ],
)
def test_nouns(group: str, operation: str, command: str) -> None:
    assert command_names(group, [operation]) == {operation: command}


def test_a_group_is_named_after_its_module() -> None:
    assert group_name("tool_modules_api") == "tool-modules"
