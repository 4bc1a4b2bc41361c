"""The sandbox as a server in the background: its start and its stop."""

import atexit
import os
import secrets
import socket
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address

from portal_sandbox.agents import Agent
from portal_sandbox.app import create_app
from portal_sandbox.candela import service as candela
from portal_sandbox.candela import token_endpoint
from portal_sandbox.candela.oauth2 import OAuth2, derived
from portal_sandbox.candela.seed import seed
from portal_sandbox.candela.slot_limits import Slots
from portal_sandbox.chaos import Chaos
from portal_sandbox.hosts import Address, check_hosts
from portal_sandbox.log import log
from portal_sandbox.service import Service
from portal_sandbox.serving import listening, serving
from portal_sandbox.store import utc_now


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: `host` is the URL of Portal, and `token` one that it accepts.

    `chaos` counts its faults, if it makes some. As a context manager it is stopped at the end of the block.
    """

    host: str
    token: str = field(repr=False)
    oauth2: OAuth2
    chaos: Chaos | None
    _stop: Callable[[], None] = field(repr=False, compare=False)

    @property
    def candela_url(self) -> str:
        """The URL of Candela."""
        return self.host + candela.PATH

    @property
    def token_url(self) -> str:
        """The URL of Candela's token endpoint."""
        return self.candela_url + token_endpoint.PATH

    @property
    def secrets(self) -> dict[str, dict[str, str]]:
        """The content of a secrets.json for Candela: its URLs, and the credentials of its first user."""
        username, password = next(iter(self.oauth2.users.items()))
        return {
            "api": {
                "tokenUrl": self.token_url,
                "candelaUrl": self.candela_url,
                "username": username,
                "password": password,
                "clientId": self.oauth2.client_id,
                "clientSecret": self.oauth2.client_secret,
            }
        }

    def stop(self) -> None:
        """Abandon the running agents and close everything; harmless when stopped already."""
        self._stop()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    *,
    db: str | os.PathLike[str] | None = None,
    demo_data: bool = False,
    port: int = 0,
    host: str = "127.0.0.1",
    allowed_hosts: Collection[str] | None = None,
    tokens: Mapping[str, str] | None = None,
    agents: Mapping[str, Agent] | None = None,
    latency: float = 0.0,
    pace: float = 0.0,
    oauth2: OAuth2 | None = None,
    strict: bool = False,
    slots: Mapping[str, Slots] | None = None,
    slot_start: float = 0.0,
    slot_stop: float = 0.0,
    admins: Collection[str] | None = None,
    now: Callable[[], datetime] = utc_now,
    chaos: str | None = None,
    chaos_seed: int | None = None,
) -> Sandbox:
    """Start a sandbox in the background; it runs until its `stop()`, or until the program ends.

    `running` is the same function under another name, for a with block:
    `with portal_sandbox.running() as box:` stops it at the end of the block.

    Port 0 takes a free one. The host of a request may be "localhost", an IP address, or one of
    `allowed_hosts`; any name where the sandbox listens on an address other than loopback and `allowed_hosts`
    is None. `tokens` maps each bearer token to its user; by default there is one random token, of
    "sandbox-user". `chaos`, such as "503:5%,reset:1%", makes faults of the operations, and the same ones
    again with the same `chaos_seed`; portal_sandbox.chaos has the kinds. The other arguments are those of
    `create_app`.

    Raises SandboxError when the port is taken or the database cannot be used, and ValueError for invalid
    arguments.
    """
    users = {secrets.token_urlsafe(16): "sandbox-user"} if tokens is None else tokens
    oauth2 = derived(seed(tokens, db)) if oauth2 is None else oauth2
    if chaos is None and chaos_seed is not None:
        raise ValueError("chaos_seed is given without chaos")
    faults = None if chaos is None else Chaos(chaos, chaos_seed)
    check_hosts(allowed_hosts)
    app = create_app(
        tokens=users,
        db=db,
        demo_data=demo_data,
        agents=agents,
        latency=latency,
        pace=pace,
        oauth2=oauth2,
        strict=strict,
        slots=slots,
        slot_start=slot_start,
        slot_stop=slot_stop,
        admins=admins,
        now=now,
    )
    service: Service = app.state.service
    with ExitStack() as stack:
        listener = stack.enter_context(listening(host, port))
        at = ip_address(listener.getsockname()[0].partition("%")[0])
        if not at.is_loopback:
            log.warning(_REACHABLE, host)
        if allowed_hosts is None and at.is_loopback:
            allowed_hosts = ()
        # Here, so that a database that cannot be used raises in the caller and is not a line in a log.
        stack.callback(service.stop)
        service.start()
        stack.enter_context(serving(app, listener, faults, allowed_hosts))
        url = _url(at, listener)
        return Sandbox(url, next(iter(users)), oauth2, faults, _once(stack.pop_all()))


running = start


_REACHABLE = (
    "The sandbox listens on %s: other machines in the network can use it with a token, and follow a session "
    "without one"
)


def _once(resources: ExitStack) -> Callable[[], None]:
    """Return a function that closes these once, at the latest when the interpreter exits."""
    lock, process = threading.RLock(), os.getpid()

    def stop() -> None:
        if os.getpid() != process:  # a fork has neither the server's thread nor its database
            return
        with lock:
            resources.close()
        atexit.unregister(stop)

    atexit.register(stop)
    return stop


def _url(at: Address, listener: socket.socket) -> str:
    """Return the URL of a listener for clients on this machine."""
    host, port = listener.getsockname()[:2]
    if at.is_unspecified:
        host = "127.0.0.1" if at.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
