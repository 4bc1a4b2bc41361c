"""The contestants: the client, the floor of its libraries, and its peers, all doing the same work.

Each is made for a host and imports its libraries when it is made, so that a process holds no others.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from bench import generated, server

if TYPE_CHECKING:
    from portal_client import GetSessionsResponse, Session

AGENT, TOKEN, PROMPT = "a1", "token", "Hi"
BLOCK = 256 * 1024


class Contestant:
    """The work that is measured; not every contestant does all of it."""

    #: The distributions that it consists of.
    libraries: ClassVar[Sequence[str]] = ("pydantic",)

    def __init__(self, host: str) -> None: ...

    @staticmethod
    def prepare() -> None:
        """Prepare once, in another process. Raises Absent where the contestant cannot take part."""

    def session(self) -> Any:
        """Read one session."""
        raise NotImplementedError

    def slow_session(self) -> Any:
        """Read one session from a slow server."""
        raise NotImplementedError

    def sessions(self, count: int) -> Any:
        """Read the sessions with an agent; the server knows by its name how many there are."""
        raise NotImplementedError

    def create(self, prompt: str, files: Sequence[str] = ()) -> Any:
        """Start a session with a prompt and files, given by their paths."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections."""


class PortalClient(Contestant):
    """The client of this repository, with a deadline for each call and an observer."""

    libraries: ClassVar[Sequence[str]] = ("portal-client", "urllib3", "pydantic")

    def __init__(self, host: str) -> None:
        from portal_client import ApiClient, Configuration, Hooks, SessionsApi

        self.client = ApiClient(Configuration(host, access_token=TOKEN, timeout=60, hooks=[Hooks()]))
        self.api = SessionsApi(self.client)

    def session(self) -> Session:
        return self.api.get_session("s1")

    def session_with_http_info(self) -> Any:
        """Read one session, with status and headers."""
        return self.api.get_session_with_http_info("s1")

    def slow_session(self) -> Session:
        return self.api.get_session("slow")

    def sessions(self, count: int) -> GetSessionsResponse:
        return self.api.get_sessions(str(count))

    def create(self, prompt: str, files: Sequence[str] = ()) -> Session:
        return self.api.create_session(AGENT, prompt, files=list(files))

    def close(self) -> None:
        self.client.close()


class Validation(Contestant):
    """Validation alone, by pydantic-core on the client's own models, of bytes in memory."""

    def __init__(self, host: str) -> None:
        from pydantic import TypeAdapter

        from portal_client.models.get_sessions_response import GetSessionsResponse
        from portal_client.models.session import Session

        self.one: Callable[[bytes], Session] = TypeAdapter(Session).validator.validate_json
        self.many: Callable[[bytes], GetSessionsResponse] = TypeAdapter(
            GetSessionsResponse
        ).validator.validate_json

    def many_paused(self, body: bytes) -> GetSessionsResponse:
        """Validate many sessions with the cyclic collector paused."""
        gc.disable()
        try:
            return self.many(body)
        finally:
            gc.enable()

    def many_kept(self, body: bytes) -> GetSessionsResponse:
        """The same, and the program goes on: the collector, at work again, looks at all that is new."""
        answer = self.many_paused(body)
        self.later: list[object] = [[]]
        return answer


class Paused(Validation):
    """Many sessions validated, of bytes in memory and with the cyclic collector paused."""

    def sessions(self, count: int) -> GetSessionsResponse:
        return self.many_paused(server.sessions(count))


class Floor(Validation):
    """The same with nothing above the libraries: a bare urllib3 pool, and pydantic-core."""

    libraries = ("urllib3", "pydantic")

    def __init__(self, host: str) -> None:
        import urllib3

        super().__init__(host)
        self.pool = urllib3.connection_from_url(host, maxsize=100, block=True)
        self.headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "X-Request-ID": "0123456789abcdef0123456789abcdef",
            "User-Agent": "bench",
            "Authorization": f"Bearer {TOKEN}",
        }

    def _get(self, target: str) -> bytes:
        answer = self.pool.urlopen("GET", target, headers=self.headers, retries=False, redirect=False)
        return answer.data

    def session(self) -> Session:
        return self.one(self._get("/sessions/s1"))

    def slow_session(self) -> Session:
        return self.one(self._get("/sessions/slow"))

    def sessions(self, count: int) -> GetSessionsResponse:
        return self.many(self._get(f"/sessions?agent_id={count}"))

    def create(self, prompt: str, files: Sequence[str] = ()) -> Session:
        from urllib3.filepost import encode_multipart_formdata

        fields: list[Any] = [("agent_id", AGENT), ("text_prompt", prompt)]
        fields += [("files", (os.path.basename(path), Path(path).read_bytes())) for path in files]
        body, content_type = encode_multipart_formdata(fields)
        headers = {**self.headers, "Content-Type": content_type}
        answer = self.pool.urlopen("POST", "/sessions", body, headers, retries=False, redirect=False)
        return self.one(answer.data)

    def close(self) -> None:
        self.pool.close()


class RawSocket(Validation):
    """A file sent in blocks over a bare socket."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        name, _, port = host.rpartition("/")[2].partition(":")
        self.socket = socket.create_connection((name, int(port)))

    def create(self, prompt: str, files: Sequence[str] = ()) -> Session:
        (path,) = files
        before = (
            f'--b\r\nContent-Disposition: form-data; name="agent_id"\r\n\r\n{AGENT}\r\n'
            f'--b\r\nContent-Disposition: form-data; name="text_prompt"\r\n\r\n{prompt}\r\n'
            '--b\r\nContent-Disposition: form-data; name="files"; filename="f"\r\n\r\n'
        ).encode()
        after = b"\r\n--b--\r\n"
        length = len(before) + os.path.getsize(path) + len(after)
        head = f"POST /sessions HTTP/1.1\r\nHost: bench\r\nContent-Length: {length}\r\n\r\n".encode()
        self.socket.sendall(head + before)
        with open(path, "rb", buffering=0) as file:
            while block := file.read(BLOCK):
                self.socket.sendall(block)
        self.socket.sendall(after)
        return self.one(self.socket.recv(BLOCK).partition(b"\r\n\r\n")[2])

    def close(self) -> None:
        self.socket.close()


@contextmanager
def _form(prompt: str, files: Sequence[str]) -> Generator[list[Any], None, None]:
    """Return the parts of a form as both httpx and requests take them, with the files open."""
    with ExitStack() as stack:
        opened = [stack.enter_context(open(path, "rb")) for path in files]
        attached = [("files", (os.path.basename(file.name), file)) for file in opened]
        yield [("agent_id", (None, AGENT)), ("text_prompt", (None, prompt)), *attached]


class Httpx(Validation):
    """httpx and pydantic, as their documentation has it."""

    libraries = ("httpx", "pydantic")

    def __init__(self, host: str) -> None:
        httpx: Any = import_module("httpx")
        super().__init__(host)
        self.http = httpx.Client(
            base_url=host, headers={"Accept": "application/json", "Authorization": f"Bearer {TOKEN}"}
        )

    def session(self) -> Session:
        return self.one(self.http.get("/sessions/s1").content)

    def sessions(self, count: int) -> GetSessionsResponse:
        return self.many(self.http.get("/sessions", params={"agent_id": str(count)}).content)

    def create(self, prompt: str, files: Sequence[str] = ()) -> Session:
        with _form(prompt, files) as parts:
            return self.one(self.http.post("/sessions", files=parts).content)

    def close(self) -> None:
        self.http.close()


class Requests(Validation):
    """requests and pydantic, as their documentation has it."""

    libraries = ("requests", "urllib3", "pydantic")

    def __init__(self, host: str) -> None:
        requests: Any = import_module("requests")
        super().__init__(host)
        self.host = host
        self.http = requests.Session()
        self.http.headers.update({"Accept": "application/json", "Authorization": f"Bearer {TOKEN}"})

    def session(self) -> Session:
        return self.one(self.http.get(f"{self.host}/sessions/s1").content)

    def sessions(self, count: int) -> GetSessionsResponse:
        answer = self.http.get(f"{self.host}/sessions", params={"agent_id": str(count)})
        return self.many(answer.content)

    def create(self, prompt: str, files: Sequence[str] = ()) -> Session:
        with _form(prompt, files) as parts:
            return self.one(self.http.post(f"{self.host}/sessions", files=parts).content)

    def close(self) -> None:
        self.http.close()


class Generated(Contestant):
    """The client that openapi-generator makes from the contract."""

    libraries = ("openapi-generator-cli", "urllib3", "pydantic")

    @staticmethod
    def prepare() -> None:
        generated.kept()

    def __init__(self, host: str) -> None:
        sys.path.insert(0, str(generated.FOLDER))
        module: Any = import_module(generated.PACKAGE)
        self.client = module.ApiClient(module.Configuration(host=host, access_token=TOKEN))
        self.api = module.SessionsApi(self.client)

    def session(self) -> Any:
        return self.api.get_session("s1")

    def sessions(self, count: int) -> Any:
        return self.api.get_sessions(str(count))

    def create(self, prompt: str, files: Sequence[str] = ()) -> Any:
        return self.api.create_session(AGENT, prompt, files=list(files))

    def close(self) -> None:
        self.client.rest_client.pool_manager.clear()


#: The contestants that do all of the work, by their names in the tables.
ALL: dict[str, type[Contestant]] = {
    "portal_client": PortalClient,
    "floor": Floor,
    "generated": Generated,
    "httpx": Httpx,
    "requests": Requests,
}
