"""Authorization: a token of the sandbox or an issued one, and 401 for all else."""

import pytest

from ..openapi import contract
from .conftest import Candela, Start, named

PROMPT = {"prompt": "", "session_id": "s"}
OPERATIONS = [
    ("DELETE", "/sessions/?scope=s&identifier=i", None),
    ("GET", "/sessions/?scope=s&identifier=i", None),
    ("GET", "/sessions/metadata?scope=s&identifier=i", None),
    ("GET", "/sessions/list", None),
    ("GET", "/sessions/exists?scope=s&identifier=i", None),
    (
        "POST",
        "/session/dev",
        {"model_id": named("m"), "circuit": {"first": "", "nodes": None}, "directive": {}},
    ),
    ("POST", "/session", {"app": named("a"), "model_cfg": named("m")}),
    ("GET", "/session/stop", None),
    ("POST", "/session/pipeline_submit", PROMPT),
    ("POST", "/session/agent_submit", PROMPT),
]
MISSING = ("Not authenticated", "Bearer")
INVALID = ("Invalid authentication credentials", 'Bearer error="invalid_token"')


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS)
@pytest.mark.parametrize(
    ("authorization", "answer"),
    [
        (None, MISSING),
        ("Basic dTpw", MISSING),
        ("Bearer", MISSING),
        ("Bearer wrong", INVALID),
        ("Bearer \xe9", INVALID),
    ],
)
def test_a_token_is_required(
    candela: Candela, method: str, path: str, body: object, authorization: str | None, answer: tuple[str, str]
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    options = {} if body is None else {"json": body}

    response = candela.call(method, path, headers=headers, **options)

    assert response.status == 401
    assert (response.json(), response.headers["WWW-Authenticate"]) == ({"detail": answer[0]}, answer[1])


def test_no_operation_is_for_those_without_a_token(candela: Candela) -> None:
    paths = contract("candela.openapi.json")["paths"]
    with candela.with_token(None) as nobody:
        statuses = {(m, path): nobody.call(m.upper(), path).status for path in paths for m in paths[path]}

    assert len(statuses) == 54
    assert statuses == dict.fromkeys(statuses, 401)


def test_with_demo_data_too_a_token_must_be_known(start: Start) -> None:
    candela = start(demo_data=True)

    assert candela.call("GET", "/sessions/list").status == 200
    assert candela.with_token("whatever").call("GET", "/sessions/list").status == 401
    assert candela.with_token(None).call("GET", "/sessions/list").status == 401


def test_a_user_is_the_same_in_both_services(start: Start) -> None:
    candela = start(tokens={"one": "ann"})

    assert candela.get("/sessions/metadata", **candela.start())["created_by"] == "ann"
