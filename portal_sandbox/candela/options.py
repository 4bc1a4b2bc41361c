"""Candela's options of the command, and the variables that a user exports to sign in."""

import argparse
import os
import shlex
from collections.abc import Mapping
from typing import Any

from portal_sandbox.arguments import option, parse_seconds
from portal_sandbox.candela import slot_limits
from portal_sandbox.candela.oauth2 import OAuth2, derived

#: The key in a secrets.json of each variable.
_VARIABLES = {
    "FBN_CANDELA_URL": "candelaUrl",
    "FBN_TOKEN_URL": "tokenUrl",
    "FBN_USERNAME": "username",
    "FBN_PASSWORD": "password",
    "FBN_CLIENT_ID": "clientId",
    "FBN_CLIENT_SECRET": "clientSecret",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, in a group of their own."""
    group = parser.add_argument_group("Candela")
    group.add_argument(
        "--user",
        action="append",
        type=option(_user),
        metavar="NAME=PASSWORD",
        help="a user who may sign in (default: sandbox-user with a random password); may be repeated",
    )
    group.add_argument(
        "--client",
        type=option(_client),
        metavar="ID=SECRET",
        help="the client that may request tokens (default: sandbox-client with a random secret)",
    )
    group.add_argument(
        "--token-lifetime",
        type=option(_lifetime),
        metavar="TIME",
        help="the lifetime of a token, such as 30s or 5m (default: 1h)",
    )
    group.add_argument("--no-refresh-tokens", action="store_true", help="issue no refresh tokens")
    group.add_argument(
        "--strict",
        action="store_true",
        help="start sessions only for users who have a slot, with an app and a model that are stored",
    )
    group.add_argument(
        "--slot-start",
        type=option(parse_seconds),
        default=0.0,
        metavar="TIME",
        help="the time that a slot takes to start, such as 5s (default: 0)",
    )
    group.add_argument(
        "--slot-stop",
        type=option(parse_seconds),
        default=0.0,
        metavar="TIME",
        help="the time that a slot takes to stop (default: 0)",
    )
    group.add_argument(
        "--slots",
        action="append",
        type=option(slot_limits.parse),
        metavar="TYPE=MAX[:FREE]",
        help="a type of slots, how many there may be, and how many free ones are kept; may be repeated "
        "(default: any type, 8 of it)",
    )
    group.add_argument(
        "--admin",
        action="append",
        metavar="USER",
        help="a user who may do what is for administrators; may be repeated (default: every user)",
    )


def oauth2(
    options: argparse.Namespace,
    tokens: Mapping[str, str] | None = None,
    db: str | os.PathLike[str] | None = None,
) -> OAuth2:
    """Return the OAuth2 of the options; what they omit is derived from the tokens or the database.

    Raises SandboxError where the database cannot be used, and ValueError for a user who is given twice.
    """
    given: dict[str, Any] = {"refresh_tokens": not options.no_refresh_tokens}
    if options.user is not None:
        given["users"] = users = dict(options.user)
        if len(users) < len(options.user):
            raise ValueError("--user: one name is given twice")
    if options.client is not None:
        given["client_id"], given["client_secret"] = options.client
    if options.token_lifetime is not None:
        given["lifetime"] = options.token_lifetime
    from portal_sandbox.candela.seed import (
        seed,
    )  # needs a library; the command says first which one is missing

    return derived(seed(tokens, db), **given)


def slots(options: argparse.Namespace) -> dict[str, slot_limits.Slots] | None:
    """Return the types of slots of the options, by default None. Raises ValueError for one given twice."""
    if options.slots is None:
        return None
    given = dict(options.slots)
    if len(given) < len(options.slots):
        raise ValueError("--slots: one type is given twice")
    return given


def exports(secrets: Mapping[str, Mapping[str, str]]) -> str:
    """Return the settings of a secrets.json as shell variables."""
    return " ".join(f"{name}={shlex.quote(secrets['api'][key])}" for name, key in _VARIABLES.items())


def _user(text: str) -> tuple[str, str]:
    return _pair(text, "NAME=PASSWORD, such as ann=secret")


def _client(text: str) -> tuple[str, str]:
    return _pair(text, "ID=SECRET, such as script=secret")


def _pair(text: str, form: str) -> tuple[str, str]:
    """Return a pair; its second part may hold equals signs. Its errors omit the text, maybe a secret."""
    name, _, secret = text.partition("=")
    if not (name and secret):
        raise ValueError(f"it is not in the form {form}")
    return name, secret


def _lifetime(text: str) -> int:
    lifetime = parse_seconds(text)
    if lifetime < 1 or lifetime % 1:
        raise ValueError(f"{text!r} is not a whole number of seconds from 1 up")
    return int(lifetime)
