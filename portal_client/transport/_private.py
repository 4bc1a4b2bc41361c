"""The names of urllib3 and http.client that the transport uses and their documentation does not promise.

Where a release lacks a guard or plumbing name, calls are made in plain mode (see plain.py).
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from types import FunctionType
from typing import Literal, NamedTuple, Optional

Kind = Literal["guard", "plumbing"]


class Name(NamedTuple):
    """A name and the class or module that has it.

    Without a guard a promise falls, without plumbing no call works.
    """

    owner: str
    name: str
    kind: Kind

    @property
    def exists(self) -> bool:
        """Whether the installed release has it: as an attribute, or set by a method of the class."""
        module, _, last = self.owner.rpartition(".")
        try:
            owner = getattr(import_module(module), last)
        except (ImportError, AttributeError):
            return False
        if hasattr(owner, self.name):
            return True
        kinds: tuple[type, ...] = getattr(owner, "__mro__", ())
        methods = (value for kind in kinds for value in vars(kind).values())
        return any(self._is_set_by(method) for method in methods if isinstance(method, FunctionType))

    def _is_set_by(self, method: FunctionType) -> bool:
        if self.name not in method.__code__.co_names:
            return False
        if self.name not in method.__globals__:
            return True
        import dis  # a global variable of the same name may be all that the method uses

        steps = dis.get_instructions(method)
        return any(step.opname == "STORE_ATTR" and step.argval == self.name for step in steps)

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}"


def _names(owner: str, kind: Kind, *names: str) -> list[Name]:
    return [Name(owner, name, kind) for name in names]


NAMES: tuple[Name, ...] = (
    # The deadline over all addresses of a name, and its one resolution.
    *_names("urllib3.connection.HTTPConnection", "guard", "_new_conn"),
    *_names("urllib3.util.connection", "guard", "allowed_gai_family", "create_connection"),
    # Nothing that a proxy sends after its response to CONNECT is taken for the server's.
    *_names("http.client.HTTPConnection", "guard", "_tunnel"),
    # A response that is framed as strictly as what follows on the connection needs.
    *_names("http.client.HTTPConnection", "guard", "response_class"),
    *_names("http.client.HTTPResponse", "guard", "begin", "_close_conn", "_get_chunk_left", "_read_status"),
    *_names(
        "http.client.HTTPResponse",
        "plumbing",
        *("_check_close", "_method", "_read_and_discard_trailer", "_safe_read"),
        *("chunk_left", "chunked", "code", "fp", "length", "will_close"),
    ),
    # A body that was cut is no body, and one that decompresses to nothing ends.
    *_names("urllib3.HTTPResponse", "guard", "_handle_chunk", "_raw_read", "_update_chunk_length"),
    # A response that is closed wakes who reads it, and gives its place in the pool back.
    *_names("urllib3.HTTPResponse", "guard", "_sock_shutdown"),
    *_names("urllib3.HTTPResponse", "plumbing", "_connection", "_fp", "_pool", "auto_close", "chunk_left"),
    *_names("urllib3.HTTPConnectionPool", "plumbing", "_put_conn"),
    # Connections, pools and queues of our own.
    *_names("urllib3.HTTPConnectionPool", "plumbing", "ConnectionCls", "QueueCls", "pool"),
    *_names("urllib3.PoolManager", "plumbing", "connection_pool_kw", "pool_classes_by_scheme"),
    # TLS within TLS.
    *_names("urllib3.util.ssltransport.SSLTransport", "guard", "incoming", "socket", "sslobj"),
)


def missing() -> Optional[Name]:
    """Return the first name that the installed urllib3 and http.client do not have, None if they have all."""
    return _first_missing(NAMES)


@lru_cache(maxsize=1)  # they do not change, and each new client asks
def _first_missing(names: tuple[Name, ...]) -> Optional[Name]:
    return next((name for name in names if not name.exists), None)
