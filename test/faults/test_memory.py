"""What is held and what is left behind, measured in a process of its own."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.scripted import Connection, Received, playing, reply

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")

MB = 1_000_000

MEASURE = """
import gc, json, os, sys, threading
from portal_client import ApiClient, ApiException, Configuration, SessionsApi

client = ApiClient(Configuration(sys.argv[1], access_token="t", retries=False))
api = SessionsApi(client)

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))

def call(name, **options):
    try:
        return api.get_session(name, **options).id
    except ApiException as error:
        return type(error).__name__

def answer(**measured):
    print(json.dumps(measured))
"""


def measured(host: str, code: str) -> Any:
    """What a program finds out about itself; all warnings are errors there too."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", MEASURE + code, host],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return json.loads(ran.stdout)


@cache
def bomb(size: int = 2**30) -> bytes:
    """A gibibyte of zeros as gzip, in a megabyte: the same compressed block again and again."""
    zeros = bytes(2**20)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    first, block = (deflate.compress(zeros) + deflate.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    times = size // len(zeros)
    check = 0
    for _ in range(times):
        check = zlib.crc32(zeros, check)
    end = deflate.flush() + struct.pack("<II", check, size % 2**32)
    return b"\x1f\x8b\x08" + bytes(7) + first + block * (times - 1) + end


@pytest.mark.fault("The wire", "A gzip bomb of a gibibyte costs less than 300 MB, in a 200 and in a 500")
@pytest.mark.parametrize(("status", "kind"), [(200, "ApiResponseError"), (500, "ServiceException")])
def test_a_bomb_costs_little_memory(status: int, kind: str) -> None:
    with playing(reply(), reply(bomb(), status=status, Content_Encoding="gzip")) as server:
        found = measured(
            server.host,
            """
call("first")
before = memory("VmRSS")
kind = call("second")
answer(kind=kind, grown=memory("VmHWM") - before)
""",
        )

    assert found["kind"] == kind
    assert found["grown"] < 300 * MB
    assert len(server.requests) == 2


def by_name(connection: Connection, request: Received) -> bool:
    """Fail in the way that the id of the session names."""
    name = request.target.rpartition("/")[2]
    if name == "cut":
        connection.send(reply()[:-20])
    elif name == "missing":
        connection.send(reply({"detail": "none"}, status=404))
    elif name == "odd":
        connection.send(reply(b"<html>"))
    elif name == "gzip":
        connection.send(reply(b"no gzip", Content_Encoding="gzip"))
    elif name != "closed":
        connection.send(reply())
    return name not in ("cut", "closed")


@pytest.mark.fault("Life cycle", "2,000 good and 200 failing calls leak no descriptor and less than 20 MB")
def test_calls_leave_nothing_behind() -> None:
    with playing(by_name) as server:
        found = measured(
            server.host,
            """
FAULTS = ["cut", "closed", "missing", "odd", "gzip"]
def calls(good, failing):
    outcomes = [call("good") for _ in range(good)]
    outcomes += [call(FAULTS[n % 5]) for n in range(failing)]
    return outcomes

calls(100, 20)
gc.collect()
before, open_before = memory("VmRSS"), len(os.listdir("/proc/self/fd"))
outcomes = calls(2000, 200)
gc.collect()
answer(
    outcomes={outcome: outcomes.count(outcome) for outcome in set(outcomes)},
    grown=memory("VmRSS") - before,
    opened=len(os.listdir("/proc/self/fd")) - open_before,
    threads=threading.active_count(),
)
""",
        )

    assert found["outcomes"] == {
        "s1": 2000,
        "ApiConnectionError": 80,
        "NotFoundException": 40,
        "ApiResponseError": 80,
    }
    assert len(server.requests) == 2320
    assert found["grown"] < 20 * MB
    assert found["opened"] <= 1  # the one connection that is kept may be open or not
    assert found["threads"] == 1
