"""What can be wrong between this machine and a service: each check with its result, and what helps."""

from __future__ import annotations

import base64
import json
import platform
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, cast

import urllib3
from pydantic import TypeAdapter, ValidationError
from urllib3.exceptions import HTTPError, NameResolutionError, ProxyError, SSLError
from urllib3.util import parse_url

from portal_client import __version__
from portal_client.cli.exits import Exit, exit_code
from portal_client.credential import TokenSource, bearer_token
from portal_client.exceptions import ApiException, ApiValueError, AuthenticationError
from portal_client.explanation import NOT_READ
from portal_client.parsing import parse_body
from portal_client.request import Origin
from portal_client.text import printable
from portal_client.transport.lookup import addresses
from portal_client.transport.proxies import proxy_for

if TYPE_CHECKING:
    from portal_client.configuration import Configuration

_DISTRIBUTION = "portal-client"

#: Bytes of the response that are read; it lists what the caller may see.
_MAX_BODY = 256 * 1024 * 1024

#: Seconds that the clocks of two machines may differ: a token is valid for minutes, at the least.
_MAX_SKEW = 60


class Check(NamedTuple):
    """A check: what it is about, what it found, what helps, and where it failed the exit code."""

    name: str
    found: str
    remedy: str = ""
    code: Exit = Exit.DONE


_OF_CERTIFICATE = (
    "Trust the authority that your network uses: ssl_ca_cert of a profile, or REQUESTS_CA_BUNDLE, is a file "
    "with it; truststore = true takes those of the system."
)
_OF_NAME = "Is the name right, and this machine in its network (VPN)? With a proxy: set HTTPS_PROXY."
_OF_CONNECTION = (
    "Is it the right host and port, https or http, and is the service running? A firewall may be in between."
)
_OF_PROXY = "Is it the right proxy, and is it running? NO_PROXY names hosts that are reached without one."
_OF_TLS = "Does this port speak TLS? A host with http:// is reached without it."
_OF_TIME = "A firewall may be in between, or the service is slow: --timeout allows it more time."
_OF_SETTING = "Correct the setting or the variable."
_OF_VARIABLE = "Leave it, where another program reads it."
_OF_CLOCK = "Set the clock of this machine: a token may count as expired, or as not yet valid."
#: Those above come first. A token that cannot be had and a name have checks of their own.
_OF_CAUSE: dict[type[BaseException], str] = {
    AuthenticationError: "",
    ProxyError: _OF_PROXY,
    NameResolutionError: "",
    SSLError: _OF_TLS,
    TimeoutError: _OF_TIME,
}
_OF_STATUS = {
    401: "The token is missing, wrong or expired: renew it.",
    403: "The token is valid, but does not permit this: ask for the right.",
    404: "Something else is there: is the path of the host right?",
    407: "The proxy wants a user and a password: HTTPS_PROXY=http://user:password@host:port.",
    429: "There are too many requests: wait a little.",
}


def of_installation(packages: Sequence[str]) -> Iterator[Check]:
    """Check the versions, and whether another distribution has brought one of our packages."""
    others = ", ".join(f"{name} {metadata.version(name)}" for name in ("urllib3", "pydantic"))
    yield Check("versions", f"portal-client {__version__}, Python {platform.python_version()}, {others}")
    owners = metadata.packages_distributions()
    if names := sorted({each for name in packages for each in owners.get(name, ())} - {_DISTRIBUTION}):
        found = f"{', '.join(names)} has files of {', '.join(packages)}, too"
        remedy = f"pip uninstall {' '.join(names)}, and install portal-client again: files were overwritten."
        yield Check("packages", found, remedy, Exit.USAGE)
    else:
        yield Check("packages", "no other distribution has files of ours")


def of_host(configuration: Configuration) -> Check:
    """Tell where the service is, and what says so."""
    source = next(row.source for row in configuration.explain() if row.setting == "host")
    if source == "default":
        source = "the default: PORTAL_HOST or a profile sets another one"
    return Check("settings", f"host {configuration.host}, {source.replace('the argument ', '--')}")


def of_variables(configuration: Configuration) -> Iterator[Check]:
    """Tell which variables of the environment are named like a setting and are not read."""
    unread = [f"{row.setting}: {row.warning}" for row in configuration.explain() if row.source == NOT_READ]
    if unread:
        yield Check("variables", "\n".join(unread), _OF_VARIABLE)


def of_way(configuration: Configuration) -> Iterator[Check]:
    """Check the proxy and the name of the host."""
    origin = Origin.of(parse_url(configuration.host))
    host, port = origin.host, origin.port
    try:
        proxy = proxy_for(origin, configuration)
    except (ApiException, ApiValueError) as error:
        why = " ".join(str(error).split())
        yield Check("proxy", why, _OF_SETTING, Exit.USAGE)
        return
    yield Check("proxy", "none" if proxy is None else f"{proxy}, {proxy.url}")
    if proxy is not None:
        host, port = str(proxy.url.host), proxy.url.port or 80
    try:
        yield Check("name", f"{host} is {', '.join(addresses(host, port))}")
    except OSError as error:
        yield Check("name", f"{host} cannot be resolved: {error.strerror}", _OF_NAME, Exit.UNREACHABLE)


def of_token(configuration: Configuration) -> Iterator[Check]:
    """Check whether there is a token, and by its own date whether it is valid; none of it is shown."""
    source: Any = configuration.access_token
    if not source:
        yield Check("token", "none", "Set PORTAL_TOKEN, or the token of a profile.", Exit.USAGE)
        return
    where = repr(source) if callable(source) else configuration.called("access_token")
    text: Any = source
    if isinstance(source, TokenSource):  # it fetches a token with the call
        text = ""
    elif callable(source):
        try:
            text = bearer_token(cast("Callable[[], str]", source))
        except ApiException as error:
            yield Check("token", str(error.reason), f"Put a token where {where} looks.", Exit.USAGE)
            return
    left = _seconds_left(text)
    if left is None:
        yield Check("token", where)
    elif left > 0:
        yield Check("token", f"{where}, valid for {_span(left)}")
    else:
        yield Check("token", f"{where}, expired {_span(-left)} ago", "Renew it.", Exit.REFUSED)


def of_call(
    configuration: Configuration, call: Callable[[], urllib3.BaseHTTPResponse], returns: TypeAdapter[Any]
) -> Iterator[Check]:
    """Check one real call: the certificates on its way, the clock, the status, and what it returns."""
    began = time.time()
    try:
        response = call()
    except ApiValueError as error:  # of a certificate, for example
        yield Check("call", " ".join(str(error).split()), _OF_SETTING, Exit.USAGE)
        return
    except ApiException as error:
        code, causes = exit_code(error, lambda _: False), list(_causes(error))
        refused = next((each for each in causes if isinstance(each, ssl.SSLCertVerificationError)), None)
        if refused is not None:
            yield Check("TLS", refused.verify_message, _OF_CERTIFICATE, code)
        yield Check("call", str(error.reason), "" if refused else _remedy(causes), code)
        return
    with response:
        if configuration.host.startswith("https:"):
            yield Check("TLS", _certificate(response))
        yield _clock(response, (began + time.time()) / 2)
        yield _outcome(response, returns)


def _seconds_left(token: str) -> Optional[float]:
    """Return for how long a JWT is valid; None for a token of another kind."""
    with suppress(ValueError, TypeError, KeyError, IndexError):
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return float(claims["exp"]) - time.time()
    return None


def _span(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it comes from."""
    left: list[object] = [error]
    while left:
        each = left.pop()
        if isinstance(each, BaseException):
            yield each
            left += [each.__cause__, *each.args]


def _remedy(causes: Sequence[BaseException]) -> str:
    """Return what helps against an error with these causes; nothing for what another check has found."""
    for kind, remedy in _OF_CAUSE.items():
        if any(isinstance(each, kind) for each in causes):
            return remedy
    return _OF_CONNECTION if any(isinstance(each, HTTPError) for each in causes) else _OF_SETTING


def _certificate(response: urllib3.BaseHTTPResponse) -> str:
    """Return who has issued the certificate of a response, and until when it is valid."""
    socket: Any = getattr(response.connection, "sock", None)
    found = socket.getpeercert() if hasattr(socket, "getpeercert") else None
    if not found:
        return "not verified"
    issuer = dict(pair for part in found["issuer"] for pair in part)
    name = issuer.get("organizationName") or issuer.get("commonName") or "an unnamed authority"
    left = ssl.cert_time_to_seconds(found["notAfter"]) - time.time()
    return printable(f"issued by {name}, valid for {_span(left)}")


def _clock(response: urllib3.BaseHTTPResponse, now: float) -> Check:
    try:
        ahead = now - parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return Check("clock", "the service tells no time")
    if abs(ahead) <= _MAX_SKEW:
        return Check("clock", f"within {_MAX_SKEW} seconds of the service")
    found = f"{_span(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the service"
    return Check("clock", found, _OF_CLOCK, Exit.USAGE)


def _outcome(response: urllib3.BaseHTTPResponse, returns: TypeAdapter[Any]) -> Check:
    found = printable(f"{response.status} {response.reason or ''}").strip()
    if response.status >= 300:
        remedy = _OF_STATUS.get(response.status, "See the service's own log.")
        code = Exit.REFUSED if 400 <= response.status <= 499 else Exit.UNREACHABLE
        return Check("call", found, remedy, code)
    try:
        body = response.read(_MAX_BODY, decode_content=True)
        parse_body(returns.validator.validate_json, body, response.headers.get("content-type", ""), False)
    except (HTTPError, OSError, ValidationError):
        found += ", with a body that is not that of the service"
        return Check("call", found, _OF_STATUS[404], Exit.UNREACHABLE)
    return Check("call", found)
