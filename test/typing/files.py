"""What may be given as `files`: one file or many, of every kind."""

from __future__ import annotations

import io
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import IO, BinaryIO

from portal_client import SessionsApi
from portal_client.files import File, Files

CONTENT = b"a,b\n"


def paths(api: SessionsApi, path: PathLike[str]) -> None:
    api.create_session("a", "Hi", "report.csv")
    api.create_session("a", "Hi", Path("report.csv"))
    api.create_session("a", "Hi", path)
    api.create_session("a", "Hi", files=["report.csv", "notes.txt"])
    api.create_session("a", "Hi", files=[Path("report.csv"), "notes.txt"])
    api.create_session("a", "Hi", files=sorted(Path().glob("*.csv")))


def contents(api: SessionsApi) -> None:
    api.create_session("a", "Hi", CONTENT)
    api.create_session("a", "Hi", bytearray(CONTENT))
    api.create_session("a", "Hi", memoryview(CONTENT))
    api.create_session("a", "Hi", [CONTENT, bytearray(CONTENT), memoryview(CONTENT)])


def open_files(api: SessionsApi, binary: BinaryIO, stream: IO[bytes]) -> None:
    with open("report.csv", "rb") as file:
        api.create_session("a", "Hi", file)
        api.create_session("a", "Hi", [file])
    with Path("report.csv").open("rb") as file, open("notes.txt", "rb", buffering=0) as unbuffered:
        api.create_session("a", "Hi", [file, unbuffered])
    with tempfile.NamedTemporaryFile() as temporary, tempfile.TemporaryFile() as unnamed:
        api.create_session("a", "Hi", [temporary, unnamed])
    with zipfile.ZipFile("reports.zip") as archive, archive.open("report.csv") as member:
        api.create_session("a", "Hi", member)
    api.create_session("a", "Hi", io.BytesIO(CONTENT))
    api.create_session("a", "Hi", sys.stdin.buffer)
    api.create_session("a", "Hi", [binary, stream])


def named(api: SessionsApi, binary: BinaryIO) -> None:
    api.create_session("a", "Hi", ("report.csv", CONTENT))
    api.create_session("a", "Hi", ("report.csv", Path("data.tmp")))
    api.create_session("a", "Hi", ("report.csv", io.BytesIO(CONTENT)))
    api.create_session("a", "Hi", ("report.csv", CONTENT, "text/csv"))
    api.create_session("a", "Hi", ("report.csv", binary, "text/csv"))
    api.create_session("a", "Hi", [("report.csv", CONTENT), ("notes.txt", CONTENT, "text/plain")])


def mixed(api: SessionsApi, one: File, several: Sequence[File], any_of_these: Files) -> None:
    api.create_session("a", "Hi", None)
    api.create_session("a", "Hi", [])
    api.create_session("a", "Hi", [*several, "report.csv", CONTENT, ("notes.txt", CONTENT), Path("x.csv")])
    for files in (one, several, any_of_these):
        api.create_async_session("a", "Hi", files)
        api.create_session_with_http_info("a", "Hi", files=files)
        api.update_session("s", "Hi", files)
        api.update_async_session_without_preload_content("s", "Hi", files)
