"""OAuth2: invalid settings are refused, and no repr holds a secret."""

from typing import Any

import pytest

import portal_sandbox
from portal_sandbox import OAuth2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"users": {}}, "at least one user"),
        ({"users": {"": "p"}}, "must not be empty"),
        ({"users": {"ann": ""}}, "must not be empty"),
        ({"users": ["ann"]}, 'users must be a mapping such as {"ann": "password"}, not a value of type list'),
        ({"users": {"ann": 1}}, "each key and value of users must be a string"),
        ({"client_id": 1}, 'client_id must be a string such as "sandbox", not a value of type int'),
        ({"client_secret": None}, "client_secret must be a string"),
        ({"client_id": ""}, "must not be empty"),
        ({"client_secret": ""}, "must not be empty"),
        ({"lifetime": 0}, "lifetime must be"),
        ({"lifetime": 1.5}, "lifetime must be"),
        ({"lifetime": True}, "lifetime must be"),
        ({"lifetime": 10**12}, "lifetime must be a whole number of seconds from 1 to 1000000000"),
    ],
)
def test_settings_make_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OAuth2(**settings)


def test_secrets_are_random_and_do_not_show() -> None:
    one, other = OAuth2(), OAuth2()
    secrets = [*one.users.values(), one.client_secret, *other.users.values(), other.client_secret]

    assert len(set(secrets)) == 4
    assert not any(secret in repr(one) for secret in secrets)
    assert "sandbox-client" in repr(one)


def test_a_sandbox_says_how_to_sign_in() -> None:
    oauth2 = OAuth2(users={"ann": "pass word", "bob": "b"}, client_id="id", client_secret="a secret")
    with portal_sandbox.running(oauth2=oauth2) as box:
        assert box.candela_url == f"{box.host}/candela"
        assert box.token_url == f"{box.host}/candela/oauth2/v1/token"
        assert box.secrets == {
            "api": {
                "tokenUrl": box.token_url,
                "candelaUrl": box.candela_url,
                "username": "ann",
                "password": "pass word",
                "clientId": "id",
                "clientSecret": "a secret",
            }
        }
        assert not any(secret in repr(box) for secret in ("pass word", "a secret", box.token))


@pytest.mark.parametrize("pace", [-1.0, float("nan"), float("inf")])
def test_pace_is_a_number_of_seconds(pace: float) -> None:
    with pytest.raises(ValueError, match="pace"):
        portal_sandbox.create_app(tokens={"secret": "ann"}, pace=pace)
