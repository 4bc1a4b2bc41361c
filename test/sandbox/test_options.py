"""The options of the command: the errors of invalid ones, and their help."""

import re
from importlib.metadata import version

import pytest

from portal_sandbox.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "abc"], "--port: 'abc' is not a port, which is a number from 0 to 65535"),
        (["--port", "99999"], "--port: '99999' is not a port, which is a number from 0 to 65535"),
        (["--port", "-1"], "--port: '-1' is not a port, which is a number from 0 to 65535"),
        (["--port", "8_0"], "--port: '8_0' is not a port, which is a number from 0 to 65535"),
        (["--port", "9" * 5000], "is not a port, which is a number from 0 to 65535"),
        (["--latency", "2x"], "--latency: '2x' is not a time such as 2s, 200ms, 5m or 1h"),
        (["--latency", "inf"], "--latency: 'inf' is not a time such as 2s, 200ms, 5m or 1h"),
        (["--pace", "-1"], "--pace: '-1' is not a time such as 2s, 200ms, 5m or 1h"),
        (["--latency", "-1s"], "--latency: '-1s' is not a time such as 2s, 200ms, 5m or 1h"),
        (["--pace", "-200ms"], "--pace: '-200ms' is not a time such as 2s, 200ms, 5m or 1h"),
        (["--pace", "--1"], "--pace: '--1' is not a time such as 2s, 200ms, 5m or 1h"),
        (["--port", "-80a"], "--port: '-80a' is not a port, which is a number from 0 to 65535"),
        (["--token-lifetime", "-5m"], "--token-lifetime: '-5m' is not a time such as 2s, 200ms, 5m or 1h"),
        (["--chaos-seed", "-7x"], "--chaos-seed: '-7x' is not a whole number such as 7"),
        (["--user", "-secret"], "--user: it is not in the form NAME=PASSWORD, such as ann=secret"),
        (["--allow-host", "-:80"], "--allow-host: '-:80' is not the name of a host"),
        (["--host", " ::1"], "--host: ' ::1' has white space around it"),
        (["--pace", "x"], "a number alone is in seconds"),
        (["--chaos-seed", "x", "--chaos", "reset:1%"], "--chaos-seed: 'x' is not a whole number such as 7"),
        (["--chaos-seed", "7"], "--chaos-seed: it repeats the faults of --chaos, which is not given"),
        (["--token", "secret="], "--token: it is not in the form TOKEN[=USER], such as dev-token=ann"),
        (["--db", ""], "--db: it is empty"),
        (["--host", ""], "--host: it is empty"),
        (
            ["--allow-host", "http://sandbox:80"],
            "--allow-host: 'http://sandbox:80' is not the name of a host",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert message in line
    assert "invalid" not in line
    assert "secret" not in line.replace("http://sandbox", "").replace("ann=secret", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "70000"],
        ["--port", "x"],
        ["--latency", "-1"],
        ["--latency", "nan"],
        ["--token", ""],
        ["--token", "secret="],
        ["--token", "=ann"],
        ["--token", "secret= "],
        ["--token", "secret=a\nb"],
        ["--agent"],
        ["--db", ""],
        ["--what"],
    ],
)
def test_arguments_that_make_no_sense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 2
    errors = capsys.readouterr().err
    assert "python -m portal_sandbox: error: " in errors
    assert "secret" not in errors


def test_help_is_readable(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")

    with pytest.raises(SystemExit) as stopped:
        main(["--help"])

    text = capsys.readouterr().out
    assert stopped.value.code == 0
    options = (
        "agent",
        "token",
        "latency",
        "db",
        "demo-data",
        "host",
        "port",
        "allow-host",
        "quiet",
        "version",
    )
    for option in options:
        assert re.search(rf"^  --{option}\b", text, re.MULTILINE), option
    assert "\nexamples:\n" in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])

    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"portal_sandbox {version('portal-client')}\n"
