"""The servers of tests: fresh sandboxes that do as they are told, and note what they receive."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property
from threading import Event
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from portal_client.api_client import ApiClient
from portal_client.auth import OAuth2Password
from portal_client.configuration import Configuration
from portal_client.endpoint import Api
from portal_client.spelling import hint
from portal_sandbox import create_app  # first, for it says which extra is missing
from portal_sandbox.agents import Agent, agent_error
from portal_sandbox.candela.oauth2 import USER, OAuth2
from portal_sandbox.candela.service import PATH as CANDELA_PATH
from portal_sandbox.candela.token_endpoint import PATH as TOKEN_PATH
from portal_sandbox.service import Service, new_service
from portal_testing import operations
from portal_testing.calls import Call, decoded
from portal_testing.clock import Clock
from portal_testing.handling import handle
from portal_testing.host import host
from portal_testing.script import UnusedScript, unused
from portal_testing.verbs import Operation, ScriptedAgent

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from finbourne_candela import SyncApiClient

Client = TypeVar("Client", bound=ApiClient)
A = TypeVar("A", bound=Api)

#: The token of the server's user.
TOKEN = "test-token"


class Server(ABC, Generic[Client]):
    """A fresh sandbox, for one test.

    `host` is its URL, `token` one that it accepts, and `user` whose that is. `calls` are the requests so far,
    in their order. Where it is `strict`, all that was scripted must have been used in the end.
    """

    _candela: ClassVar[bool]
    _path: ClassVar[str] = ""

    def __init__(self, strict: bool = True) -> None:
        self.host: str = ""
        self.token: str = TOKEN
        self.user: str = USER
        self.strict: bool = strict
        self.calls: list[Call] = []
        self.clock: Clock = Clock()
        self._closing = Event()
        self._agents: dict[str, Agent] = {}
        self._scripts: dict[str, ScriptedAgent] = {}
        self._operations: dict[str, Operation] = {}
        self._oauth2 = OAuth2()
        self._service: Service = new_service(
            tokens={self.token: self.user}, agents=self._agents, oauth2=self._oauth2, now=self.clock.now
        )

    # ── what is scripted ──

    def agent(self, agent_id: str) -> ScriptedAgent:
        """Return an agent, to tell it what to do; one that is not there yet is added, and echoes.

        Raises ValueError for an id that no agent can have.
        """
        if agent_id not in self._scripts:
            agent = ScriptedAgent(agent_id, self.clock, self._closing, only_text=not self._candela)
            if reason := agent_error(agent_id, agent):
                raise ValueError(f"an agent {reason}")
            self._scripts[agent_id] = self._agents[agent_id] = agent
        return self._scripts[agent_id]

    def operation(self, name: str) -> Operation:
        """Return an operation, to let its calls fail; its name is that of the method of the client.

        Raises ValueError for a name that no operation has.
        """
        known = operations.names(self._candela)
        if name not in known:
            raise ValueError(f"there is no operation {name!r}{hint(str(name), known)}")
        return self._operations.setdefault(name, Operation(name))

    def check(self) -> None:
        """Raise UnusedScript, which names each step, where something was scripted and not used."""
        scripted: list[ScriptedAgent | Operation] = [*self._scripts.values(), *self._operations.values()]
        if text := unused([each.script for each in scripted]):
            raise UnusedScript(text)

    # ── clients ──

    @cached_property
    def client(self) -> Client:
        """A client that is connected to this server and has its clock; it is closed with the server."""
        return self.clock.install(self._new_client())

    @abstractmethod
    def _new_client(self) -> Client: ...

    def api(self, kind: type[A]) -> A:
        """Return an API class, such as AgentsApi, on that client."""
        return kind(self.client)

    # ── serving ──

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request by an app; the path of the server is the root path."""
        scope["state"]["service"] = self._service
        path = scope["path"].removeprefix(scope["root_path"]).removeprefix(self._path)
        named = operations.find(scope["method"], path, self._candela)
        call = Call(named.name, scope["method"], path, dict(named.arguments), headers=_headers(scope))
        call.query = decoded(scope["query_string"].decode("latin-1"))
        last = self.calls[-1] if self.calls else call
        self.clock.note((call.method, call.path, last.method, last.path) == ("GET", path, "GET", path))
        self.calls.append(call)
        operation = self._operations.get(named.name or "")
        step = None if operation is None else operation.script.take()
        await handle(app, scope, receive, send, call, step)

    @contextmanager
    def running(self) -> Generator[None]:
        """Serve for as long as the block lasts, and raise UnusedScript after it where that is strict."""
        with ExitStack() as stack:
            stack.callback(self._service.stop)
            stack.callback(self._closing.set)
            self._service.start()
            self.host = stack.enter_context(host().serving(self)) + self._path
            stack.callback(self._close_client)
            yield
        if self.strict:
            self.check()

    def _close_client(self) -> None:
        if "client" in vars(self):
            self.client.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.host}, {len(self.calls)} calls>"


class PortalServer(Server[ApiClient]):
    """A fresh server of Portal, for one test."""

    _candela = False

    def _new_client(self) -> ApiClient:
        return ApiClient(Configuration(self.host, access_token=self.token))

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a program finds this server, for `monkeypatch.setenv`."""
        return {"PORTAL_HOST": self.host, "BEARER_TOKEN": self.token}


class CandelaServer(Server["SyncApiClient"]):
    """A fresh server of Candela, for one test. Its client signs in, and renews its token by the clock."""

    _candela = True
    _path = CANDELA_PATH

    def __init__(self, strict: bool = True) -> None:
        super().__init__(strict)
        self._app = _with_candela()

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request by an app that has Candela, too."""
        await super().serve(self._app, scope, receive, send)

    def _new_client(self) -> SyncApiClient:
        from finbourne_candela import Configuration, SyncApiClient  # Portal's tests need not load these

        token = OAuth2Password(*self._credentials.values(), now=self.clock.monotonic)
        return SyncApiClient(Configuration(self.host, access_token=token))

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a program finds this server and signs in, for `monkeypatch.setenv`."""
        named = {f"FBN_{name.upper()}": value for name, value in self._credentials.items()}
        return {"FBN_CANDELA_URL": self.host, **named}

    @property
    def _credentials(self) -> dict[str, str]:
        username, password = next(iter(self._oauth2.users.items()))
        return {
            "token_url": self.host + TOKEN_PATH,
            "username": username,
            "password": password,
            "client_id": self._oauth2.client_id,
            "client_secret": self._oauth2.client_secret,
        }


@cache
def _with_candela() -> ASGIApp:
    return create_app(tokens={TOKEN: USER})


def _headers(scope: Scope) -> dict[str, str]:
    read = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return {name: value for name, value in read.items() if name not in ("authorization", "cookie")}


@contextmanager
def serve_portal(*, strict: bool = True) -> Generator[PortalServer]:
    """Serve Portal for a block, on loopback, with data of its own.

    Raises UnusedScript at the end of the block where it is `strict` and something was scripted and not used.
    """
    server = PortalServer(strict)
    with server.running():
        yield server


@contextmanager
def serve_candela(*, strict: bool = True) -> Generator[CandelaServer]:
    """Serve Candela for a block, as `serve_portal` does Portal."""
    server = CandelaServer(strict)
    with server.running():
        yield server
