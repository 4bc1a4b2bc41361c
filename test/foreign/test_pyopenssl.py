"""`urllib3.contrib.pyopenssl.inject_into_urllib3()`: sockets and contexts are then not those of ssl."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foreign.alone import alone, needs
from support.clients import ca_file, closes, server_tls
from support.scripted import Script, playing, reply

pytestmark = needs("pyOpenSSL")

_INJECTED = """
import json, sys, warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # urllib3 means to drop it
    from urllib3.contrib.pyopenssl import inject_into_urllib3
    inject_into_urllib3()

from portal_client import ApiException, SessionsApi
from support.clients import client_of

with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    with client_of(sys.argv[1], ssl_ca_cert=sys.argv[2]) as client:
        api = SessionsApi(client)
        try:
            outcome = eval(sys.argv[3]).id
        except ApiException as error:
            outcome = [type(error).__name__, error.request_sent, str(error)]
print(json.dumps([outcome, [str(warning.message) for warning in told]]))
"""


def injected(server: Script, ca: str, call: str) -> Any:
    """What a call returns or raises there, and of what it warns."""
    return alone(_INJECTED, server.host, ca, call)


@pytest.mark.parametrize(
    "call", ["api.get_session('s1')", "api.create_session('a1', 'hello', files=b'bytes' * 100_000)"]
)
def test_a_call_works(tmp_path: Path, call: str) -> None:
    with playing(reply(), tls=server_tls()) as server:
        outcome, _ = injected(server, ca_file(tmp_path), call)

        assert outcome == "s1"
        assert len(server.requests) == 1


def test_a_prompt_is_sent_once(tmp_path: Path) -> None:
    with playing(closes, tls=server_tls()) as server:
        outcome, _ = injected(server, ca_file(tmp_path), "api.create_session('a1', 'hello')")

        assert outcome[:2] == ["ApiConnectionError", True]
        assert len(server.requests) == 1


def test_a_server_that_is_not_trusted_is_told_nothing(tmp_path: Path) -> None:
    import trustme

    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    with playing(reply(), tls=server_tls()) as server:
        outcome, _ = injected(server, str(other), "api.create_session('a1', 'hello')")

        assert outcome[:2] == ["ApiConnectionError", False]
        assert "certificate verify failed" in outcome[2]
        assert server.requests == []
