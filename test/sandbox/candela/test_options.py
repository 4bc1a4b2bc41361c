"""Candela's options of the command, and the variables it exports."""

import argparse
import shlex
import subprocess
import sys

import pytest
import urllib3

import portal_sandbox
from portal_sandbox.__main__ import main
from portal_sandbox.candela import options
from portal_sandbox.candela.oauth2 import OAuth2

from ..conftest import LIMIT


def _parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.add_options(parser)
    return parser.parse_args(arguments)


def _oauth2(*arguments: str) -> OAuth2:
    return options.oauth2(_parsed(*arguments))


def test_by_default_one_user_has_a_random_password() -> None:
    one, other = _oauth2(), _oauth2()

    assert list(one.users) == ["sandbox-user"]
    assert one.users != other.users
    assert (one.lifetime, one.refresh_tokens) == (3600, True)


def test_each_option_is_heeded() -> None:
    given = _oauth2(
        *("--user", "ann=a=b", "--user", "bob= &ü", "--client", "id=secret="),
        *("--token-lifetime", "61", "--no-refresh-tokens"),
    )

    assert given == OAuth2({"ann": "a=b", "bob": " &ü"}, "id", "secret=", 61, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--user", "ann"], "--user: it is not in the form NAME=PASSWORD, such as ann=secret"),
        (["--user", "ann="], "--user: it is not in the form NAME=PASSWORD, such as ann=secret"),
        (["--client", "=s3cret"], "--client: it is not in the form ID=SECRET, such as script=secret"),
        (["--token-lifetime", "1.5"], "--token-lifetime: '1.5' is not a whole number of seconds from 1 up"),
        (["--token-lifetime", "0"], "--token-lifetime: '0' is not a whole number of seconds from 1 up"),
        (["--token-lifetime", "500ms"], "--token-lifetime: '500ms' is not a whole number of seconds from 1"),
        (["--slot-start", "long"], "--slot-start: 'long' is not a time such as 2s, 200ms, 5m or 1h"),
        (["--slot-stop", "-1s"], "--slot-stop: '-1s' is not a time such as 2s, 200ms, 5m or 1h"),
        (["--slots", "gpu"], "--slots: 'gpu' is not in the form TYPE=MAX[:FREE], such as gpu=2:1"),
        (["--slots", "gpu=1:2"], "--slots: free must not be more than max, which is 1, not 2"),
        (["--token-lifetime", "long"], "--token-lifetime: 'long' is not a time such as 2s, 200ms, 5m or 1h"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)

    errors = capsys.readouterr().err
    assert message in errors
    assert "s3cret" not in errors


@pytest.mark.parametrize(("text", "lifetime"), [("90", 90), ("90s", 90), ("2000ms", 2), ("1h", 3600)])
def test_a_lifetime_takes_the_units_of_each_time(text: str, lifetime: int) -> None:
    assert _oauth2("--token-lifetime", text).lifetime == lifetime


def test_a_user_is_not_given_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--user", "ann=s3cret", "--user", "ann=other"]) == 1
    assert capsys.readouterr().err == "portal_sandbox: --user: one name is given twice\n"


def test_a_type_of_slots_is_not_given_twice() -> None:
    given = _parsed("--slots", "gpu=1", "--slots", "gpu=2")
    with pytest.raises(ValueError, match="--slots: one type is given twice"):
        options.slots(given)


def test_what_is_exported_is_what_the_box_says() -> None:
    with portal_sandbox.running(oauth2=OAuth2({"ann": "it's a $ecret"})) as box:
        variables = dict(each.split("=", 1) for each in shlex.split(options.exports(box.secrets)))

    assert variables["FBN_CANDELA_URL"] == box.candela_url
    assert variables["FBN_TOKEN_URL"] == box.token_url
    assert variables["FBN_USERNAME"] == "ann"
    assert variables["FBN_PASSWORD"] == "it's a $ecret"
    assert variables["FBN_CLIENT_ID"] == "sandbox-client"
    assert variables["FBN_CLIENT_SECRET"] == box.oauth2.client_secret


def test_one_can_sign_in_with_what_is_printed() -> None:
    """And finds the service strict, its slots few and slow, and others its administrators, as asked for."""
    command = [sys.executable, "-W", "error", "-m", "portal_sandbox", "--port", "0", "--quiet"]
    command += ["--token-lifetime", "61", "--strict", "--slot-start", "1h", "--slot-stop", "1h"]
    command += ["--slots", "gpu=1", "--slots", "cpu=2:1", "--token", "its-token=ann", "--admin", "ann"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            exported = next(line for line in lines if "FBN_" in line)
            found = dict(each.split("=", 1) for each in shlex.split(exported)[1:])
            form = {
                "grant_type": "password",
                "username": found["FBN_USERNAME"],
                "password": found["FBN_PASSWORD"],
                "client_id": found["FBN_CLIENT_ID"],
                "client_secret": found["FBN_CLIENT_SECRET"],
            }
            with urllib3.PoolManager(timeout=LIMIT) as http:
                response = http.request("POST", found["FBN_TOKEN_URL"], fields=form, encode_multipart=False)
                assert response.json()["expires_in"] == 61
                headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
                url = found["FBN_CANDELA_URL"]
                assert http.request("GET", f"{url}/sessions/list", headers=headers).json() == []
                echo = {"scope": "default", "identifier": "echo"}
                body = {"app": echo, "model_cfg": echo}
                started = http.request("POST", f"{url}/session", json=body, headers=headers)
                assert (started.status, started.json()["detail"]) == (404, "Model not found: default/echo")
                assigned = http.request("PUT", f"{url}/slot?slot_type=gpu", headers=headers)
                assert assigned.status == 204
                assert http.request("GET", f"{url}/slot/state", headers=headers).json() == 0
                assert http.request("DELETE", f"{url}/slot", headers=headers).status == 204
                assert http.request("GET", f"{url}/slot/state", headers=headers).json() == 4
                assert http.request("PUT", f"{url}/slot?slot_type=tpu", headers=headers).status == 422
                assert http.request("GET", f"{url}/system/status", headers=headers).status == 403
                headers = {"Authorization": "Bearer its-token"}
                types = http.request("GET", f"{url}/system/status", headers=headers).json()
                assert {name: each["max_slots"] for name, each in types.items()} == {"cpu": 2, "gpu": 1}
        finally:
            process.terminate()
