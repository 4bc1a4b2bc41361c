"""Candela's options on the command line, and what a user exports to sign in."""

import argparse
import shlex
from collections.abc import Mapping
from typing import Any

from portal_sandbox.candela.oauth2 import OAuth2

#: What in a secrets.json each variable stands for.
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
        type=_pair,
        metavar="NAME=PASSWORD",
        help="who may sign in (default: sandbox-user with a random password); may be repeated",
    )
    group.add_argument(
        "--client",
        type=_pair,
        metavar="ID=SECRET",
        help="the client that may ask for tokens (default: sandbox-client with a random secret)",
    )
    group.add_argument(
        "--token-lifetime", type=int, metavar="SECONDS", help="how long a token is good (default: 3600)"
    )
    group.add_argument("--no-refresh-tokens", action="store_true", help="give no refresh tokens")


def oauth2(options: argparse.Namespace) -> OAuth2:
    """Who may sign in, by the options. Raises ValueError for a lifetime that is not positive."""
    given: dict[str, Any] = {"refresh_tokens": not options.no_refresh_tokens}
    if options.user is not None:
        given["users"] = dict(options.user)
    if options.client is not None:
        given["client_id"], given["client_secret"] = options.client
    if options.token_lifetime is not None:
        given["lifetime"] = options.token_lifetime
    return OAuth2(**given)


def exports(secrets: Mapping[str, Mapping[str, str]]) -> str:
    """The variables that say what a secrets.json would, as a shell takes them."""
    return " ".join(f"{name}={shlex.quote(secrets['api'][key])}" for name, key in _VARIABLES.items())


def _pair(text: str) -> tuple[str, str]:
    """Two texts; the second one may hold equals signs."""
    name, _, secret = text.partition("=")
    if not (name and secret):
        raise argparse.ArgumentTypeError("not two texts with = between them")
    return name, secret
