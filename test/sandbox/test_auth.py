"""Authorization: tokens, and sessions of two users."""

import pytest

from portal_sandbox.tokens import Tokens

from .conftest import Caller, Start

OPERATIONS = [
    ("POST", "/sessions"),
    ("POST", "/sessions/async"),
    ("POST", "/sessions/replay?session_id=x&last_message_index=0"),
    ("GET", "/sessions?agent_id=echo"),
    ("GET", "/sessions/grouped"),
    ("GET", "/sessions/x"),
    ("PUT", "/sessions/x"),
    ("PUT", "/sessions/x/async"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        (None, "Not authenticated"),
        ("Basic dTpw", "Not authenticated"),
        ("Bearer", "Not authenticated"),
        ("Bearer wrong", "Invalid authentication credentials"),
        ("Bearer \xe9", "Invalid authentication credentials"),
    ],
)
def test_a_known_token_is_required(
    caller: Caller, method: str, path: str, authorization: str | None, detail: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    response = caller.call(method, path, headers=headers)

    assert (response.status, response.json()) == (401, {"detail": detail})
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_two_users_are_apart(start: Start) -> None:
    with start(tokens={"one": "ann", "two": "bob"}) as ann, Caller(ann.host, "two") as bob:
        session = ann.create()
        path = f"/sessions/{session['id']}"
        refused = [
            bob.call("GET", path),
            bob.update(session["id"]),
            bob.send("PUT", f"{path}/async", "more"),
            bob.replay(session["id"], 0),
        ]

        for response in refused:
            assert response.status == 403
            assert response.json() == {"detail": "This session belongs to another user"}
        assert bob.get("/sessions", agent_id="echo") == {"sessions": []}
        assert bob.get("/sessions/grouped") == {"time_to_sessions": {}}
        assert bob.create()["user_id"] == "bob"
        assert ann.get("/sessions", agent_id="echo") == {"sessions": [session]}


def test_subscribing_needs_no_token(caller: Caller) -> None:
    session = caller.create()

    with Caller(caller.host, None) as anyone:
        assert anyone.get(f"/sessions/{session['id']}/subscribe") == session


@pytest.mark.parametrize("token", ["", "two words", "new\nline", "é"])
def test_a_token_must_fit_into_a_header(token: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        Tokens({token: "ann"})


def test_at_least_one_token() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        Tokens({})
