"""The token endpoint: the password and the refresh grant of OAuth2 (RFC 6749), and revocation (RFC 7009).

The client authenticates in the form or in a basic Authorization header, there percent-encoded or not.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from portal_sandbox.candela.auth import ThisCandela
from portal_sandbox.candela.grants import InvalidGrant, InvalidScope, Issued
from portal_sandbox.candela.service import Candela

#: The path of the endpoint, within Candela.
PATH = "/oauth2/v1/token"

Form: TypeAlias = Mapping[str, str]

router = APIRouter(include_in_schema=False)


class OAuth2Error(Exception):
    """A refused request: the code of RFC 6749 (5.2), and the reason for people to read."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description


@router.post(PATH)
async def fetch_token(request: Request, candela: ThisCandela) -> JSONResponse:
    """Return an access token for a user's password or for a refresh token."""
    form = await _form(request)
    issued = await run_in_threadpool(_issued, candela, form, request.headers.get("authorization"))
    body = {
        "token_type": "Bearer",
        "expires_in": issued.lifetime,
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "scope": issued.scope,
    }
    return JSONResponse({name: value for name, value in body.items() if value}, headers=_PRIVATE)


@router.post("/oauth2/v1/revoke")
async def revoke_token(request: Request, candela: ThisCandela) -> Response:
    """Revoke a token; with a refresh token, all of the same sign-in."""
    form = await _form(request)
    await run_in_threadpool(_revoke, candela, form, request.headers.get("authorization"))
    return Response(headers=_PRIVATE)


async def refusal(_: Request, error: Exception) -> JSONResponse:
    """Return the response to a refused request."""
    assert isinstance(error, OAuth2Error)
    headers, status = _PRIVATE, 400
    if error.error == "invalid_client":
        headers, status = {**_PRIVATE, "WWW-Authenticate": 'Basic realm="Candela"'}, 401
    return JSONResponse({"error": error.error, "error_description": error.description}, status, headers)


_PRIVATE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def _issued(candela: Candela, form: Form, authorization: str | None) -> Issued:
    grant = _required(form, "grant_type")
    if grant == "password":
        client_id = _client(candela, form, authorization)
        user = candela.sign_in(_required(form, "username"), _required(form, "password"))
        if user is None:
            raise OAuth2Error("invalid_grant", "The user name or the password is wrong.")
        return candela.grants.sign_in(user, client_id, form.get("scope", ""))
    if grant == "refresh_token":
        client_id = _client(candela, form, authorization)
        try:
            return candela.grants.renew(_required(form, "refresh_token"), client_id, form.get("scope"))
        except InvalidGrant:
            raise OAuth2Error("invalid_grant", "The refresh token is invalid or expired.") from None
        except InvalidScope:
            raise OAuth2Error("invalid_scope", "The scope is more than was granted.") from None
    raise OAuth2Error("unsupported_grant_type", "The grant type is neither password nor refresh_token.")


def _revoke(candela: Candela, form: Form, authorization: str | None) -> None:
    client_id = _client(candela, form, authorization)
    try:
        candela.grants.revoke(_required(form, "token"), client_id)
    except InvalidGrant:
        raise OAuth2Error("invalid_grant", "The token was issued to another client.") from None


# ── forms ──


async def _form(request: Request) -> Form:
    """Return the fields of a form; one without a value counts as missing (RFC 6749, 3.2)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise OAuth2Error("invalid_request", "The body is not of type application/x-www-form-urlencoded.")
    try:
        text = (await request.body()).decode()
        fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise OAuth2Error("invalid_request", "The body is not a form that can be read.") from None
    form = dict(fields)
    if len(form) < len(fields):
        raise OAuth2Error("invalid_request", "A parameter is given twice.")
    return {name: value for name, value in form.items() if value}


def _required(form: Form, name: str) -> str:
    if name not in form:
        raise OAuth2Error("invalid_request", f"The parameter {name} is missing.")
    return form[name]


# ── clients ──


def _client(candela: Candela, form: Form, authorization: str | None) -> str:
    """Return the id of the client. Raises OAuth2Error without valid credentials."""
    scheme, _, encoded = (authorization or "").partition(" ")
    credentials = [(form.get("client_id", ""), form.get("client_secret", ""))]
    if scheme.lower() == "basic":
        if "client_secret" in form:
            raise OAuth2Error("invalid_request", "The client authenticates in two ways.")
        credentials = _basic(encoded)
    for client_id, client_secret in credentials:
        if client_id and client_secret and candela.knows_client(client_id, client_secret):
            return client_id
    raise OAuth2Error("invalid_client", "The client id or the client secret is missing or wrong.")


def _basic(encoded: str) -> list[tuple[str, str]]:
    """Return the readings of basic credentials: RFC 6749 (2.3.1) encodes both parts, many clients do not."""
    try:
        client_id, colon, client_secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return []
    if not colon:
        return []
    return [(unquote_plus(client_id), unquote_plus(client_secret)), (client_id, client_secret)]
