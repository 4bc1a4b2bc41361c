"""Files: every kind arrives byte for byte, wrong ones are refused before anything is sent."""

from __future__ import annotations

import array
import bz2
import ctypes
import gc
import gzip
import io
import mmap
import os
import re
import socket
import tempfile
import threading
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from pathlib import Path
from typing import Any

import pydantic
import pytest

from portal_client import ApiClient, ApiException, ApiValueError, Configuration, Hooks, SessionsApi
from portal_client.files import BLOCK, file_parts
from portal_client.multipart import Multipart
from support.clients import outcome
from support.scripted import Received, Script, content, playing, reply

BYTES = bytes(range(256)) * 3 + b"\r\n--\r\n\n\r"


# ── what a server makes of it ──


def name(part: Message) -> Any:
    return part.get_param("name", header="content-disposition")


def sent_files(request: Received) -> list[tuple[str | None, str, bytes]]:
    """The files in a request: name, content type, bytes; the frame around them must be right."""
    if request.headers["Transfer-Encoding"] is None:
        assert int(request.headers["Content-Length"]) == len(request.body)
    sent = request.parts
    texts, files = sent[:2], sent[2:]
    assert [(name(part), content(part)) for part in texts] == [("agent_id", b"a1"), ("text_prompt", b"hi")]
    assert all(part["Content-Type"] is None and part.get_filename() is None for part in texts)
    assert all(name(part) == "files" for part in files)
    return [(part.get_filename(), part.get_content_type(), content(part)) for part in files]


def api_for(server: Script, **settings: Any) -> SessionsApi:
    # The timeout is for a body of a wrong length, for the rest of which the server would wait.
    return SessionsApi(ApiClient(Configuration(server.host, timeout=20, **settings)))


def arrived(files: Any) -> list[tuple[str | None, str, bytes]]:
    """What a server receives for these files."""
    with playing(reply()) as server:
        api = api_for(server)
        with api.api_client:
            api.create_session("a1", "hi", files)
    (request,) = server.requests
    return sent_files(request)


# ── every kind ──


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "notes.txt"
    made.write_bytes(BYTES)
    return made


KINDS: dict[str, Callable[[], Any]] = {
    "bytes": lambda: BYTES,
    "bytearray": lambda: bytearray(BYTES),
    "memoryview": lambda: memoryview(BYTES),
    "memoryview, not contiguous": lambda: memoryview(bytes(b for byte in BYTES for b in (byte, 0)))[::2],
    "memoryview, backwards": lambda: memoryview(BYTES[::-1])[::-1],
    "BytesIO": lambda: io.BytesIO(BYTES),
}


@pytest.mark.fault("Files", "Each kind of file arrives with its bytes, empty ones too")
@pytest.mark.parametrize("kind", KINDS)
def test_content_without_a_name(kind: str) -> None:
    assert arrived(KINDS[kind]()) == [("file1", "application/octet-stream", BYTES)]


@pytest.mark.parametrize("kind", KINDS)
def test_content_with_a_name(kind: str) -> None:
    assert arrived(("notes.csv", KINDS[kind]())) == [("notes.csv", "text/csv", BYTES)]
    assert arrived(("notes.csv", KINDS[kind](), "a/b")) == [("notes.csv", "a/b", BYTES)]


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path(path: Path, kind: Callable[[Path], Any]) -> None:
    assert arrived(kind(path)) == [("notes.txt", "text/plain", BYTES)]


def test_a_path_in_a_tuple(path: Path) -> None:
    assert arrived(("other.pdf", path)) == [("other.pdf", "application/pdf", BYTES)]
    assert arrived(("other.pdf", path, "a/b")) == [("other.pdf", "a/b", BYTES)]


def test_a_path_like_object(path: Path) -> None:
    class Place:
        def __fspath__(self) -> str:
            return str(path)

    assert arrived(Place()) == [("notes.txt", "text/plain", BYTES)]


@pytest.mark.parametrize("buffering", [-1, 0])
def test_an_open_file(path: Path, buffering: int) -> None:
    with open(path, "rb", buffering=buffering) as file:
        assert arrived(file) == [("notes.txt", "text/plain", BYTES)]
        assert not file.closed


@pytest.mark.fault("Files", "Each kind of file arrives with its bytes, empty ones too")
def test_an_open_file_at_an_offset(path: Path) -> None:
    with open(path, "rb") as file:
        file.seek(100)
        assert arrived(file) == [("notes.txt", "text/plain", BYTES[100:])]
        file.seek(len(BYTES) + 5)  # beyond the end
        assert arrived(("n.txt", file)) == [("n.txt", "text/plain", b"")]


def test_bytesio_at_an_offset() -> None:
    buffer = io.BytesIO(BYTES)
    buffer.seek(100)

    assert arrived(buffer)[0][2] == BYTES[100:]
    assert not buffer.closed


def test_items_wider_than_a_byte() -> None:
    numbers = array.array("i", [1, 2, 3])

    assert arrived(memoryview(numbers))[0][2] == numbers.tobytes()
    assert arrived(memoryview((ctypes.c_int * 3)(1, 2, 3)))[0][2] == numbers.tobytes()
    assert arrived(memoryview(bytes(6)).cast("B", (2, 3)))[0][2] == bytes(6)


@pytest.mark.parametrize("make", [tempfile.TemporaryFile, tempfile.SpooledTemporaryFile])
def test_temporary_files(make: Any) -> None:
    with make() as file:
        file.write(BYTES)
        file.seek(0)
        assert arrived(file)[0][1:] == ("application/octet-stream", BYTES)
        assert not file.closed


def test_compressed_files(tmp_path: Path) -> None:
    for module in (gzip, bz2):
        with module.open(tmp_path / "x", "wb") as file:  # type: ignore[attr-defined]
            file.write(BYTES)
        with module.open(tmp_path / "x", "rb") as file:  # type: ignore[attr-defined]
            assert arrived(("x", file))[0][2] == BYTES


def test_a_member_of_an_archive() -> None:
    # Its mode is "r", though what it reads is bytes.
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("notes.txt", BYTES)
    with zipfile.ZipFile(archive) as opened, opened.open("notes.txt") as member:
        assert arrived(member) == [("notes.txt", "text/plain", BYTES)]


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_sizes_around_a_block(tmp_path: Path, size: int) -> None:
    data = (BYTES * (size // len(BYTES) + 1))[:size]
    path = tmp_path / "x.bin"
    path.write_bytes(data)

    assert [file[2] for file in arrived([path, data, io.BytesIO(data)])] == [data] * 3


@pytest.mark.fault("Files", "Each kind of file arrives with its bytes, empty ones too")
@pytest.mark.parametrize("kind", ["bytes", "file", "path", "BytesIO", "memoryview", "array"])
def test_empty_files(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "empty.txt"
    path.touch()
    with open(path, "rb") as file:
        empty = {
            "bytes": b"",
            "file": file,
            "path": path,
            "BytesIO": io.BytesIO(),
            "memoryview": memoryview(b"")[::2],
            "array": memoryview(array.array("i")),
        }
        assert [part[2] for part in arrived(empty[kind])] == [b""]


def test_many_keep_their_order(path: Path) -> None:
    with open(path, "rb") as file:
        got = arrived([str(path), b"one", ("two.csv", b"two"), file, ("three", b"three", "a/b"), path])

    assert got == [
        ("notes.txt", "text/plain", BYTES),
        ("file2", "application/octet-stream", b"one"),
        ("two.csv", "text/csv", b"two"),
        ("notes.txt", "text/plain", BYTES),
        ("three", "a/b", b"three"),
        ("notes.txt", "text/plain", BYTES),
    ]


def test_one_file_object_twice(path: Path) -> None:
    with open(path, "rb") as file:
        assert [got[2] for got in arrived([file, file])] == [BYTES, BYTES]


@pytest.mark.parametrize("files", [None, []])
def test_no_files(files: Any) -> None:
    assert arrived(files) == []


def test_a_stream_without_an_end_is_chunked() -> None:
    reading, writing = os.pipe()
    os.write(writing, BYTES)
    os.close(writing)
    with playing(reply()) as server, os.fdopen(reading, "rb") as file:
        api = api_for(server)
        with api.api_client:
            api.create_session("a1", "hi", [file, b"after"])

    (request,) = server.requests
    assert request.headers["Content-Length"] is None
    assert request.headers["Transfer-Encoding"] == "chunked"
    assert [part[2] for part in sent_files(request)] == [BYTES, b"after"]


# ── wrong ones ──


def refused(files: Any) -> Exception:
    """The error of a call; nothing of it may reach the server."""
    with playing(reply()) as server:
        api = api_for(server)
        with api.api_client, pytest.raises((pydantic.ValidationError, ApiValueError, OSError)) as info:
            api.create_session("a1", "hi", files)
    assert server.connections == 0
    assert not isinstance(info.value, ApiException)
    return info.value


@pytest.mark.parametrize("kind", [str, Path, lambda path: [b"fine", path], lambda path: ("x", path)])
def test_a_missing_file(tmp_path: Path, kind: Callable[[Path], Any]) -> None:
    error = refused(kind(tmp_path / "none.txt"))

    assert isinstance(error, FileNotFoundError)
    assert "none.txt" in str(error)


def test_a_directory(tmp_path: Path) -> None:
    assert isinstance(refused(tmp_path), (IsADirectoryError, PermissionError))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is open to root")
def test_a_file_that_may_not_be_read(path: Path) -> None:
    path.chmod(0)

    assert isinstance(refused(path), PermissionError)


def test_what_is_not_a_regular_file() -> None:
    assert "not a regular file" in str(refused(os.devnull))


@pytest.mark.fault("Files", "A file that is missing, a folder or unreadable is told before anything is sent")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            file_parts(path)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(5)
    if hung := thread.is_alive():
        os.close(os.open(path, os.O_WRONLY))  # lets it go
        thread.join()
    assert not hung
    assert "not a regular file" in str(errors[0])


@pytest.mark.fault("Files", "What is no file is refused by a clear error, and nothing sent")
@pytest.mark.parametrize(
    "bad",
    [
        5,
        1.5,
        True,
        object(),
        {"a.txt": b"x"},
        {b"x"},
        [5],
        [None],
        [[b"x"]],
        (b"x" for _ in range(1)),
        (),
        ("a.txt",),
        ("a.txt", b"x", "a/b", "more"),
        (5, b"x"),
        (None, b"x"),
        ("", b"x"),
        (b"a.txt", b"x"),
        ("a.txt", 5),
        ("a.txt", None),
        ("a.txt", "text"),
        ("a.txt", "b.txt", "c.txt"),
        ("a.txt", b"x", 5),
        ("a.txt", b"x", b"a/b"),
        ("a.txt", b"x", "a/b\r\nX: y"),
        ("a.txt", b"x", "a/b\n"),
        ("a.txt", b"x", "a/b\x00"),
        ("a.txt", b"x", "é/b"),
        io.StringIO("text"),
        ("a.txt", io.StringIO("text")),
        "a\x00b",
    ],
    ids=lambda file: type(file).__name__,  # a printed object would have an address of its own
)
def test_bad_files(bad: Any) -> None:
    assert "files" in str(refused(bad))


def test_several_paths_in_a_tuple(path: Path) -> None:
    # A tuple is one file with its name: taken for two paths it would send the second's name as content.
    assert "several paths are given as a list" in str(refused((str(path), str(path))))


def test_a_text_file(path: Path) -> None:
    with open(path, encoding="latin-1") as file:
        assert "binary mode" in str(refused(file))
        assert "binary mode" in str(refused(("a.txt", file)))


def test_a_closed_file(path: Path) -> None:
    with open(path, "rb") as file:
        pass
    assert "closed" in str(refused(file))


def test_a_file_opened_for_writing(tmp_path: Path) -> None:
    with open(tmp_path / "x", "wb") as file:
        file.write(b"some")
        assert "files" in str(refused(file))


def test_one_bad_file_among_good_ones(path: Path) -> None:
    assert "files" in str(refused([path, b"x", 5]))


async def soon() -> bytes:
    return BYTES


def closed_memory() -> memoryview:
    view = memoryview(BYTES)
    view.release()
    return view


class Upload:
    """A file as asynchronous frameworks hand it over."""

    filename = "notes.txt"

    def __init__(self) -> None:
        self.file = io.BytesIO(BYTES)

    async def read(self, size: int = -1) -> bytes:
        return self.file.read(size)


class Gives:
    """An object whose read() returns what it likes."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def read(self, size: int = -1) -> Any:
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


@pytest.mark.fault("Files", "What read() returns is judged before anything is sent")
@pytest.mark.parametrize("wrap", [lambda file: file, lambda file: ("a.txt", file), lambda file: [b"x", file]])
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (Upload, r"asynchronous read\(\): .*`await file\.read\(\)`"),
        (lambda: Gives(None), "gave None where bytes were expected"),
        (lambda: Gives("text"), "gave text .*binary mode"),
        (lambda: Gives(5), "gave int where"),
        (lambda: Gives([1]), "gave list where"),
        (lambda: Gives(b"all of it"), r"gave bytes to read\(0\)"),
        (lambda: Gives(EOFError("no more")), r"cannot be read: EOFError\('no more'\)"),
        (lambda: Gives(zlib.error("broken")), r"cannot be read: error\('broken'\)"),
        (closed_memory, "released memoryview"),
        (soon, "cannot be made from coroutine, which is to be awaited"),
        (lambda: array.array("i", [1]), "cannot be made from array"),
    ],
)
def test_what_a_file_object_gives(bad: Callable[[], Any], said: str, wrap: Callable[[Any], Any]) -> None:
    error = str(refused(wrap(bad())))

    assert re.search(said, error)
    assert "files" in error


def test_the_upload_of_starlette() -> None:
    datastructures = pytest.importorskip("starlette.datastructures")
    upload = datastructures.UploadFile(io.BytesIO(BYTES), filename="notes.txt")

    assert "(UploadFile.file)" in str(refused(upload))
    assert arrived((upload.filename, upload.file)) == [("notes.txt", "text/plain", BYTES)]


def test_a_file_that_cannot_be_put_back() -> None:
    class Forward(io.BytesIO):
        def seek(self, at: int, whence: int = 0) -> int:
            if whence == 0:
                raise OSError("forward only")
            return super().seek(at, whence)

    assert "files: a file object cannot be put back" in str(refused(Forward(BYTES)))


def test_a_stream_given_twice() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert "files: a stream is given twice" in str(refused([file, ("b.txt", file)]))


# ── what else gives bytes ──


def mapped() -> mmap.mmap:
    made = mmap.mmap(-1, len(BYTES))
    made.write(BYTES)
    made.seek(100)
    return made


def test_mapped_memory() -> None:
    with mapped() as file:
        assert arrived(file)[0][2] == BYTES[100:]
        assert file.tell() == 100


@pytest.mark.fault("Files", "Whatever buffer read() returns, its bytes arrive and no more than declared")
@pytest.mark.parametrize(
    "kind",
    [
        bytes,
        bytearray,
        memoryview,
        lambda data: array.array("h", data),
        lambda data: memoryview(array.array("h", data)),
    ],
    ids=["bytes", "bytearray", "memoryview", "array", "memoryview of an array"],
)
def test_buffers_of_each_kind(kind: Callable[[bytes], Any]) -> None:
    data = bytes(range(256)) * 2000

    class Buffers(io.BytesIO):
        def read(self, size: int | None = -1) -> Any:
            return kind(super().read(size))

    class Pipe(Buffers):
        def tell(self) -> int:
            raise OSError

    assert arrived([Buffers(data), Buffers(data[:100]), Pipe(data)]) == [
        (f"file{n}", "application/octet-stream", sent) for n, sent in enumerate((data, data[:100], data), 1)
    ]


@pytest.mark.fault("Files", "Whatever buffer read() returns, its bytes arrive and no more than declared")
def test_memory_that_is_used_again() -> None:
    class Again(io.BytesIO):
        memory = bytearray(100)

        def read(self, size: int | None = -1) -> Any:
            return memoryview(self.memory)[: self.readinto(memoryview(self.memory)[:size])]

    assert arrived(Again(BYTES))[0][2] == BYTES


# ── a second call with the same objects ──


@pytest.mark.fault("Files", "A file object is put back to where it stood: a second call sends the same bytes")
@pytest.mark.parametrize("size", [5, 3 * BLOCK])
@pytest.mark.parametrize("status", [200, 500])
def test_a_second_call_sends_the_same_bytes(tmp_path: Path, size: int, status: int) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"ab" + b"x" * size)
    with (
        playing(reply(status=status)) as server,
        open(path, "rb") as on_disk,
        tempfile.SpooledTemporaryFile() as spooled,
        (api := api_for(server)).api_client,
    ):
        spooled.write(path.read_bytes())
        files: list[Any] = [on_disk, io.BytesIO(path.read_bytes()), spooled]
        for file in files:
            file.seek(2)
        for _ in range(2):
            outcome(lambda: api.create_session("a1", "hi", files))
            assert [file.tell() for file in files] == [2, 2, 2]

    assert [[part[2] for part in sent_files(r)] for r in server.requests] == [[b"x" * size] * 3] * 2


@pytest.mark.fault("Files", "A file object is put back to where it stood: a second call sends the same bytes")
def test_after_a_call_that_ends_in_the_middle() -> None:
    file = io.BytesIO(b"x" * 64 * BLOCK)
    file.seek(7)
    with hanging_up() as host, ApiClient(Configuration(host, retries=False)) as client:
        assert outcome(lambda: SessionsApi(client).create_session("a1", "hi", file)) == 0

    assert file.tell() == 7


def test_a_file_that_is_closed_meanwhile_takes_no_response_away() -> None:
    class Closing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            given = super().read(size)
            if size:
                self.close()
            return given

    assert arrived(Closing(BYTES))[0][2] == BYTES


# ── files that change while they are sent ──


class Meanwhile(Hooks):
    """Does something when the body is known and not yet sent."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act

    def on_request(self, attempt: Any) -> None:
        self.act()


def test_a_file_that_grows_is_cut(path: Path) -> None:
    def grow() -> None:
        with open(path, "ab") as file:
            file.write(b"GET / HTTP/1.1\r\n\r\n" * BLOCK)

    with playing(reply()) as server:
        api = api_for(server, hooks=[Meanwhile(grow)])
        with api.api_client:
            api.create_session("a1", "hi", path)
            api.api_client.configuration.hooks.clear()
            api.create_session("a1", "hi", b"next")

    first, second = server.requests
    assert sent_files(first) == [("notes.txt", "text/plain", BYTES)]
    assert sent_files(second)[0][2] == b"next"
    assert server.connections == 1


@pytest.mark.parametrize("left", [0, 10])
def test_a_file_that_shrinks(path: Path, left: int) -> None:
    with playing(reply()) as server:
        api = api_for(server, hooks=[Meanwhile(lambda: os.truncate(path, left))])
        with api.api_client:
            with pytest.raises(ApiException, match=r"notes\.txt.*shorter") as info:
                api.create_session("a1", "hi", path)
            api.api_client.configuration.hooks.clear()
            assert api.create_session("a1", "hi", b"next").id == "s1"

    assert info.value.status == 0
    assert info.value.request_sent is True
    assert not isinstance(info.value, OSError)
    assert server.connections == 2  # the first was closed: what followed would have been read as the file
    whole = [r for r in server.requests if int(r.headers["Content-Length"]) == len(r.body)]
    assert [sent_files(r)[0][2] for r in whole] == [b"next"]


def test_a_file_that_is_gone(path: Path) -> None:
    with playing(reply()) as server:
        api = api_for(server, hooks=[Meanwhile(path.unlink)])
        with api.api_client, pytest.raises(ApiException, match=r"notes\.txt.*could not be read"):
            api.create_session("a1", "hi", path)

    assert all(b"hi" not in r.body or len(r.body) < int(r.headers["Content-Length"]) for r in server.requests)


@pytest.mark.fault("Files", "Of a file that grows no more is sent than was declared; the next call is whole")
def test_a_file_object_that_gives_too_much() -> None:
    class Generous(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(size) + b"more"

    assert arrived(Generous(BYTES))[0][2] == BYTES


def test_a_file_object_that_gives_little_at_a_time() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(size and 7)

    assert arrived(Slow(BYTES))[0][2] == BYTES


class Later(Gives):
    """A source that shows what it gives only when it is asked for content."""

    def read(self, size: int = -1) -> Any:
        return super().read(size) if size else b""


@pytest.mark.fault("Files", "What is no bytes in the middle of a file is an error, not its end")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda: "text", "gave text"),
        (lambda: None, "gave None .*non-blocking"),
        (soon, "asynchronous"),
        (lambda: 5, "gave int"),
        (lambda: [1, 2], "gave list"),
    ],
)
def test_a_file_object_that_gives_no_bytes(given: Callable[[], Any], said: str) -> None:
    with playing(reply()) as server:
        api = api_for(server)
        with api.api_client, pytest.raises(ApiException, match=f"files: 'file1' .*{said}"):
            api.create_session("a1", "hi", Later(given()))

    assert not server.requests or not server.requests[0].body.endswith(b"--\r\n")


@pytest.mark.fault("Files", "What is no bytes in the middle of a file is an error, not its end")
def test_a_pipe_in_non_blocking_mode_is_not_taken_for_empty() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with playing(reply()) as server, os.fdopen(reading, "rb", buffering=0) as file:
        api = api_for(server)
        with api.api_client, pytest.raises(ApiException, match=r"gave None .*non-blocking"):
            api.create_session("a1", "hi", file)
    os.close(writing)


# ── names and texts on the way ──


def test_a_name_reaches_the_server() -> None:
    ((filename, _, _),) = arrived(('gr "x"\r\n.txt', b"x"))

    assert filename == "gr %22x%22%0D%0A.txt"


def test_a_name_that_is_not_utf_8_on_disk(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    try:
        with open(path, "wb") as file:
            file.write(BYTES)
    except OSError:
        pytest.skip("this file system knows UTF-8 names only")
    with playing(reply()) as server:
        api = api_for(server)
        with api.api_client:
            api.create_session("a1", "hi", os.fsdecode(path))

    (request,) = server.requests
    assert 'filename="caf\ufffd.txt"'.encode() in request.body
    assert sent_files(request)[0][1:] == ("text/plain", BYTES)


@pytest.mark.parametrize("field", ["agent_id", "text_prompt"])
def test_a_lone_surrogate_in_a_text_names_its_field(field: str) -> None:
    given = {"agent_id": "a1", "text_prompt": "hi", field: "secret\ud800"}
    with playing(reply()) as server:
        api = api_for(server)
        with api.api_client, pytest.raises((ApiValueError, pydantic.ValidationError), match=field) as info:
            api.create_session(**given)

    assert server.connections == 0
    assert "secret" not in str(info.value)


# ── memory and descriptors ──


@pytest.mark.fault("Files", "A large file costs little memory")
def test_a_large_file_costs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, 64 * 1024 * 1024)
    form = Multipart([("text_prompt", "hi")], [("files", part) for part in file_parts(path)])
    tracemalloc.start()
    try:
        size = sum(len(block) for block in form)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert size == form.length
    assert peak < 2 * 1024 * 1024


def test_bytes_are_not_copied() -> None:
    data = bytes(8 * 1024 * 1024)
    form = Multipart([], [("files", part) for part in file_parts([data, bytearray(data), memoryview(data)])])
    tracemalloc.start()
    try:
        assert sum(len(block) for block in form) == form.length
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 1024 * 1024


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")


def open_on(path: Path) -> int:
    """How many descriptors of this process stand on a file."""
    count = 0
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # closed meanwhile by another thread
            count += os.path.samefile(f"/proc/self/fd/{number}", path)
    return count


@needs_proc
def test_checking_leaves_nothing_open(path: Path) -> None:
    file_parts([path, path])

    assert open_on(path) == 0


@needs_proc
def test_descriptors_are_closed_after_a_call(path: Path) -> None:
    with playing(reply()) as server:
        api = api_for(server)
        with api.api_client:
            api.create_session("a1", "hi", [path, path])
            assert open_on(path) == 0


@needs_proc
def test_descriptors_are_closed_after_an_error(path: Path) -> None:
    with playing(reply()) as server:
        api = api_for(server, hooks=[Meanwhile(lambda: os.truncate(path, 5))])
        with api.api_client:
            try:
                api.create_session("a1", "hi", path)
            except ApiException:
                pass
            else:
                raise AssertionError
            assert open_on(path) == 0


@contextmanager
def hanging_up() -> Iterator[str]:
    """A server that takes the first bytes of a request and resets the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            connection.recv(1024)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


@pytest.mark.fault("Files", "Files are closed on every way out of a call, though its error is kept")
@needs_proc
def test_descriptors_are_closed_while_a_lost_connection_is_looked_at(path: Path) -> None:
    os.truncate(path, 64 * 1024 * 1024)
    with hanging_up() as host, ApiClient(Configuration(host)) as client:
        with pytest.raises(ApiException) as info:
            SessionsApi(client).create_session("a1", "hi", path)
        # A batch keeps its errors, and with each of them all of its frames.
        assert info.value.__traceback__ is not None
        assert open_on(path) == 0


@needs_proc
def test_descriptors_are_closed_after_an_abandoned_iteration(path: Path) -> None:
    os.truncate(path, 2 * BLOCK)
    pieces = iter(Multipart([], [("files", part) for part in file_parts(path)]))
    next(pieces)
    next(pieces)
    assert open_on(path) == 1
    del pieces
    gc.collect()

    assert open_on(path) == 0


@pytest.mark.fault("Files", "A file that the caller has opened stays open")
def test_the_callers_files_stay_open(path: Path) -> None:
    with open(path, "rb") as file, playing(reply({}, status=500)) as server:
        api = api_for(server)
        with api.api_client, pytest.raises(ApiException):
            api.create_session("a1", "hi", file)
        assert not file.closed
        pieces = iter(Multipart([], [("files", part) for part in file_parts(file)]))
        next(pieces)
        del pieces
        gc.collect()
        assert not file.closed

    assert len(server.requests) == 1
