"""Tokens: both grants, expiry by the clock, rotation, revocation, and errors as RFC 6749 has them."""

import sqlite3
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
import urllib3

from portal_sandbox import OAuth2

from .conftest import Candela, Clock, Json, Start, running

ANN = {"username": "ann+smith@example", "password": "&=+ü the pass word%26"}
CLIENT = {"client_id": "client:id é", "client_secret": "s3cr:et&=+ü/%20"}
SCOPE = "openid client groups offline_access"


def _oauth2(**changes: Any) -> OAuth2:
    return OAuth2(**{"users": {ANN["username"]: ANN["password"], "bob": "b"}, **CLIENT, **changes})


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def candela(clock: Clock) -> Iterator[Candela]:
    """A caller of a sandbox that these tests share, and whose clock any of them may move on."""
    with running(oauth2=_oauth2(), now=clock) as candela:
        yield candela


def _post(
    candela: Candela, form: Mapping[str, str], path: str = "token", **headers: str
) -> urllib3.BaseHTTPResponse:
    url = candela.box.token_url.removesuffix("token") + path
    return candela.http.request("POST", url, fields=dict(form), encode_multipart=False, headers=headers)


def _basic(client_id: str, client_secret: str) -> str:
    return f"Basic {b64encode(f'{client_id}:{client_secret}'.encode()).decode()}"


ENCODED = _basic(quote_plus(CLIENT["client_id"]), quote_plus(CLIENT["client_secret"]))


def _sign_in(candela: Candela, **changes: str) -> Json:
    form = {"grant_type": "password", "scope": SCOPE, **ANN, **CLIENT, **changes}
    response = _post(candela, form)
    assert response.status == 200, response.data
    answer: Json = response.json()
    return answer


def _renew(candela: Candela, answer: Json, **changes: str) -> urllib3.BaseHTTPResponse:
    form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"], **changes}
    return _post(candela, form, Authorization=ENCODED)


def _status(candela: Candela, token: str) -> int:
    return candela.with_token(token).call("GET", "/sessions/list").status


def _error(response: urllib3.BaseHTTPResponse, status: int = 400) -> tuple[str, str]:
    assert response.status == status, response.data
    assert response.headers["Cache-Control"] == "no-store"
    assert set(response.json()) == {"error", "error_description"}
    return response.json()["error"], response.json()["error_description"]


INVALID_REFRESH = ("invalid_grant", "The refresh token is invalid or expired.")


# ── the password grant ──


def test_a_password_gives_a_token_that_is_good(candela: Candela) -> None:
    response = _post(candela, {"grant_type": "password", "scope": SCOPE, **ANN, **CLIENT})
    answer = response.json()

    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert {**answer, "access_token": "", "refresh_token": ""} == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "access_token": "",
        "refresh_token": "",
        "scope": SCOPE,
    }
    assert len({answer["access_token"], answer["refresh_token"]}) == 2
    ann = candela.with_token(answer["access_token"])
    assert ann.get("/sessions/metadata", **ann.start())["created_by"] == ANN["username"]
    ann.stop()


def test_the_user_of_a_token_is_the_one_who_signed_in(candela: Candela) -> None:
    ann, bob = _sign_in(candela), _sign_in(candela, username="bob", password="b")
    name = candela.with_token(ann["access_token"]).start()
    candela.with_token(ann["access_token"]).stop()
    again = _sign_in(candela)

    assert candela.with_token(again["access_token"]).get("/sessions/exists", **name) is True
    assert candela.with_token(bob["access_token"]).get("/sessions/exists", **name) is False


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({}, CLIENT),
        ({"Authorization": ENCODED}, {}),
        ({"Authorization": ENCODED.replace("Basic", "basic ")}, {"client_id": CLIENT["client_id"]}),
        ({"Authorization": "Bearer of something else"}, CLIENT),
    ],
)
def test_the_client_is_in_the_form_or_in_the_header(
    candela: Candela, headers: dict[str, str], form: dict[str, str]
) -> None:
    answer = _post(candela, {"grant_type": "password", **ANN, **form}, **headers)

    assert answer.status == 200
    form = {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"], **form}
    assert _post(candela, form, **headers).status == 200


def test_a_basic_header_need_not_be_percent_encoded(start: Start) -> None:
    candela = start(oauth2=_oauth2(client_id="a+b%20c"))
    header = _basic("a+b%20c", CLIENT["client_secret"])

    assert _post(candela, {"grant_type": "password", **ANN}, Authorization=header).status == 200


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({}, {}),
        ({}, {"client_id": CLIENT["client_id"]}),
        ({}, {**CLIENT, "client_secret": "wrong"}),
        ({}, {**CLIENT, "client_id": "wrong"}),
        ({}, {**CLIENT, "client_secret": ""}),
        ({"Authorization": _basic("client:id é", "wrong")}, {}),
        ({"Authorization": "Basic !"}, {}),
        ({"Authorization": "Basic bm8gY29sb24="}, {}),
        ({"Authorization": "Basic /w=="}, {}),
    ],
)
@pytest.mark.parametrize("grant", ["password", "refresh_token"])
def test_another_client_is_refused(
    candela: Candela, grant: str, headers: dict[str, str], form: dict[str, str]
) -> None:
    good = {**ANN, "refresh_token": _sign_in(candela)["refresh_token"]}
    response = _post(candela, {"grant_type": grant, **good, **form}, **headers)

    assert _error(response, 401)[0] == "invalid_client"
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Candela"'


def test_a_client_shows_who_it_is_in_one_way_only(candela: Candela) -> None:
    response = _post(candela, {"grant_type": "password", **ANN, **CLIENT}, Authorization=ENCODED)

    assert _error(response)[0] == "invalid_request"


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody"}, {"username": "bob"}])
def test_a_wrong_password_is_refused(candela: Candela, wrong: dict[str, str]) -> None:
    response = _post(candela, {"grant_type": "password", **ANN, **CLIENT, **wrong})

    assert _error(response) == ("invalid_grant", "The user name or the password is wrong.")


# ── expiry and the refresh grant ──


def test_a_token_is_good_until_its_lifetime_is_over(start: Start, clock: Clock) -> None:
    candela = start(oauth2=_oauth2(lifetime=90), now=clock)
    answer = _sign_in(candela)
    token = answer["access_token"]

    assert answer["expires_in"] == 90
    clock.move(seconds=89)
    assert _status(candela, token) == 200
    clock.move(seconds=1)
    response = candela.with_token(token).call("GET", "/sessions/list")
    assert (response.status, response.json()) == (401, {"detail": "Invalid authentication credentials"})
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_refresh_token_gives_new_tokens_once(candela: Candela) -> None:
    first = _sign_in(candela)
    second = _renew(candela, first, scope=SCOPE).json()
    third = _renew(candela, second).json()

    assert {**second, "access_token": 0, "refresh_token": 0} == {
        **first,
        "access_token": 0,
        "refresh_token": 0,
    }
    assert third["scope"] == SCOPE
    tokens = [each[name] for each in (first, second, third) for name in ("access_token", "refresh_token")]
    assert len(set(tokens)) == 6
    assert [_status(candela, each["access_token"]) for each in (first, second, third)] == [200, 200, 200]
    for used in (first, second):
        assert _error(_renew(candela, used)) == INVALID_REFRESH
    assert _renew(candela, third).status == 200


def test_a_refresh_token_outlives_the_access_token_but_not_for_ever(candela: Candela, clock: Clock) -> None:
    first = _sign_in(candela)
    clock.move(days=6, hours=23)
    assert _status(candela, first["access_token"]) == 401
    second = _renew(candela, first).json()
    assert _status(candela, second["access_token"]) == 200
    clock.move(days=7)

    assert _error(_renew(candela, second)) == INVALID_REFRESH


@pytest.mark.parametrize("which", ["access_token", "unknown"])
def test_what_is_no_refresh_token_is_refused(candela: Candela, which: str) -> None:
    answer = _sign_in(candela)

    assert _error(_renew(candela, answer, refresh_token=answer.get(which, which))) == INVALID_REFRESH


def test_a_refresh_token_opens_nothing(candela: Candela) -> None:
    assert _status(candela, _sign_in(candela)["refresh_token"]) == 401


def test_a_scope_may_become_less_but_not_more(candela: Candela) -> None:
    first = _sign_in(candela, scope="one two")

    assert _error(_renew(candela, first, scope="one three"))[0] == "invalid_scope"
    second = _renew(candela, first, scope="one").json()
    assert second["scope"] == "one"
    assert _renew(candela, second, scope="two").json()["scope"] == "two"


def test_without_a_scope_none_is_answered(candela: Candela) -> None:
    answer = _sign_in(candela, scope="")

    assert "scope" not in answer
    assert "scope" not in _renew(candela, answer).json()


def test_there_may_be_no_refresh_token(start: Start) -> None:
    candela = start(oauth2=_oauth2(refresh_tokens=False))
    answer = _sign_in(candela)

    assert "refresh_token" not in answer
    assert _status(candela, answer["access_token"]) == 200


# ── requests that are not right ──


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "invalid_request"),
        ({"grant_type": "password", "username": "bob"}, "invalid_request"),
        ({"grant_type": "password", "username": "bob", "password": ""}, "invalid_request"),
        ({"grant_type": "password", "password": "b"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
def test_what_is_missing_or_unknown_is_named(candela: Candela, form: dict[str, str], error: str) -> None:
    found, description = _error(_post(candela, {**form, **CLIENT}))

    assert found == error
    if error == "invalid_request":
        missing = [
            n for n in ("grant_type", "username", "password", "refresh_token") if n in description.split()
        ]
        assert len(missing) == 1
        assert not form.get(missing[0])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"grant_type=password&grant_type=password", "application/x-www-form-urlencoded"),
        (b"grant_type=%ff", "application/x-www-form-urlencoded"),
        (b"grant_type=\xff", "application/x-www-form-urlencoded"),
        (b"&".join([b"a=1"] * 1000), "application/x-www-form-urlencoded"),
        (b'{"grant_type": "password"}', "application/json"),
        (b"grant_type=password", ""),
    ],
)
def test_what_is_no_form_is_refused(candela: Candela, body: bytes, kind: str) -> None:
    response = candela.http.request("POST", candela.box.token_url, body=body, headers={"Content-Type": kind})

    assert _error(response)[0] == "invalid_request"


def test_the_type_of_a_form_may_name_its_charset(candela: Candela) -> None:
    body = urlencode({"grant_type": "password", "username": "bob", "password": "b", **CLIENT})
    headers = {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}

    assert candela.http.request("POST", candela.box.token_url, body=body, headers=headers).status == 200


def test_a_token_is_not_to_be_had_by_get(candela: Candela) -> None:
    assert candela.http.request("GET", candela.box.token_url).status == 405


# ── revocation ──


def _revoke(candela: Candela, token: str, **form: str) -> urllib3.BaseHTTPResponse:
    return _post(candela, {"token": token, **(form or CLIENT)}, "revoke")


def test_a_revoked_access_token_is_over_and_the_others_are_not(candela: Candela) -> None:
    first = _sign_in(candela)
    second = _renew(candela, first).json()
    response = _revoke(candela, first["access_token"], token_type_hint="access_token", **CLIENT)

    assert (response.status, response.data, response.headers["Cache-Control"]) == (200, b"", "no-store")
    assert _status(candela, first["access_token"]) == 401
    assert _status(candela, second["access_token"]) == 200
    assert _renew(candela, second).status == 200


def test_a_revoked_refresh_token_ends_all_of_its_sign_in(candela: Candela) -> None:
    first, other = _sign_in(candela), _sign_in(candela)
    second = _renew(candela, first).json()
    assert _revoke(candela, second["refresh_token"]).status == 200

    assert [_status(candela, each["access_token"]) for each in (first, second, other)] == [401, 401, 200]
    assert _error(_renew(candela, second)) == INVALID_REFRESH
    assert _renew(candela, other).status == 200


def test_revoking_what_is_not_there_is_harmless(candela: Candela) -> None:
    assert _revoke(candela, "unknown").status == 200
    assert _revoke(candela, candela.box.token).status == 200
    assert candela.call("GET", "/sessions/list").status == 200


def test_revoking_needs_a_client_and_a_token(candela: Candela) -> None:
    token = _sign_in(candela)["access_token"]

    assert _error(_revoke(candela, token, client_id="x", client_secret="y"), 401)[0] == "invalid_client"
    assert _error(_post(candela, CLIENT, "revoke")) == ("invalid_request", "The parameter token is missing.")
    assert _status(candela, token) == 200


def test_a_client_cannot_use_or_end_the_tokens_of_another(start: Start) -> None:
    candela = start(demo_data=True, oauth2=_oauth2())  # takes any client
    answer = _sign_in(candela)
    other = {"client_id": "other", "client_secret": "s"}

    assert _error(_revoke(candela, answer["refresh_token"], **other))[0] == "invalid_grant"
    form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"], **other}
    assert _error(_post(candela, form)) == INVALID_REFRESH
    assert _renew(candela, answer).status == 200


# ── storage ──


def test_tokens_survive_a_restart_and_are_kept_as_digests(tmp_path: Path, clock: Clock) -> None:
    db = tmp_path / "box.sqlite"
    with running(db=db, oauth2=_oauth2(), now=clock) as before:
        answer = _sign_in(before)

    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"ann+smith@example" in content
    for secret in (answer["access_token"], answer["refresh_token"], ANN["password"], CLIENT["client_secret"]):
        assert secret.encode() not in content
    with running(db=db, oauth2=_oauth2(), now=clock) as after:
        assert _status(after, answer["access_token"]) == 200
        assert _renew(after, answer).status == 200


OTHERS: dict[str, dict[str, Any]] = {
    "without the user": {"users": {"bob": "b"}},
    "another password": {"users": {ANN["username"]: "other", "bob": "b"}},
    "another client": {"client_id": "other"},
    "another secret": {"client_secret": "other"},
}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
def test_tokens_die_with_what_they_hang_on(tmp_path: Path, changes: dict[str, Any]) -> None:
    db, oauth2 = tmp_path / "box.sqlite", _oauth2()
    with running(db=db, oauth2=oauth2) as before:
        answer = _sign_in(before)
        name = before.with_token(answer["access_token"]).start()

    with running(db=db, oauth2=replace(oauth2, **changes)) as after:
        client = {"client_id": after.box.oauth2.client_id, "client_secret": after.box.oauth2.client_secret}
        form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"], **client}
        assert _status(after, answer["access_token"]) == 401
        assert _error(_post(after, form)) == INVALID_REFRESH
        assert _revoke(after, answer["refresh_token"], **client).status == 200
    with running(db=db, oauth2=oauth2) as again:  # what the user has is still there, whoever asks for it
        assert again.with_token(_sign_in(again)["access_token"]).state(name) == "running"


def test_the_tokens_of_guests_die_where_there_are_none_any_more(tmp_path: Path) -> None:
    db, oauth2 = tmp_path / "box.sqlite", _oauth2()
    with running(db=db, oauth2=oauth2, demo_data=True) as before:
        guest, ann = _sign_in(before, username="anybody", password="x"), _sign_in(before)
        assert _status(before, guest["access_token"]) == 200

    with running(db=db, oauth2=oauth2) as after:
        assert _status(after, guest["access_token"]) == 401
        assert _status(after, ann["access_token"]) == 200


def test_tokens_of_one_server_are_not_those_of_another_with_other_users(tmp_path: Path) -> None:
    """Two servers on one file: neither takes the tokens of the other, or takes them away from it."""
    db = tmp_path / "box.sqlite"
    with running(db=db, oauth2=_oauth2()) as one, running(db=db, oauth2=OAuth2({"carl": "c"})) as two:
        answer = _sign_in(one)

        assert _status(two, answer["access_token"]) == 401
        assert _status(one, answer["access_token"]) == 200


def test_tokens_that_are_over_are_not_kept(tmp_path: Path, clock: Clock) -> None:
    db = tmp_path / "box.sqlite"
    with running(db=db, oauth2=_oauth2(), now=clock) as candela:
        for _ in range(3):
            _sign_in(candela)
            clock.move(days=8)
    with sqlite3.connect(db) as connection:
        count = connection.execute("SELECT count(*) FROM candela_tokens").fetchone()
    connection.close()

    assert count == (2,)
