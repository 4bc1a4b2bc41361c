"""A form as bytes: other parsers read it back, no name breaks its frame, small parts are one write."""

from __future__ import annotations

import io
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_client import ApiValueError
from portal_client.files import BLOCK, file_parts
from portal_client.multipart import Multipart
from support.scripted import content, parts


def name(part: Message) -> Any:
    return part.get_param("name", header="content-disposition")


# ── hostile names ──

NAMES = [
    'say "hi".txt',
    "a\r\nX-Evil: 1\r\n\r\nb.txt",
    "a\nb",
    "a\rb",
    "../../etc/passwd",
    "C:\\temp\\x.txt",
    "/",
    "grüße \U0001f600.txt",
    "x" * 300 + ".csv",
    "a;b=c; filename=d.txt",
    "%22%0D%0A.txt",
    " ",
    "a\x00b",
    "a\u2028b",
    # What mimetypes takes for a URL.
    "data:a/b\r\nX-Evil: 1,x",
    "data:a/\u00e9,x",
    "data:,",
    "//[x].csv",
    "http://[",
]


def named(filename: str) -> tuple[bytes, Message]:
    """The raw form with one file of this name, and that file as it is read back."""
    form = Multipart([], [("files", file_parts((filename, b"content"))[0])])
    body = b"".join(form)
    assert form.length == len(body)
    (part,) = parts(form.content_type, body)
    return body, part


@pytest.mark.parametrize("filename", NAMES, ids=ascii)
def test_hostile_names_stay_names(filename: str) -> None:
    body, part = named(filename)
    head = body.partition(b"\r\n\r\n")[0].split(b"\r\n")

    assert [line.partition(b":")[0] for line in head[1:]] == [b"Content-Disposition", b"Content-Type"]
    assert b"\n" not in b"".join(head)
    assert b"\r" not in b"".join(head)
    quoted = filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    assert head[1].endswith(f'; filename="{quoted}"'.encode())
    assert content(part) == b"content"
    assert head[2].decode("ascii").isprintable()
    assert part.get_content_type() == head[2].partition(b": ")[2].decode().lower()


def body_or_refusal(filename: str) -> str:
    try:
        return named(filename)[0].decode()
    except ApiValueError as error:
        return str(error)


def test_a_name_with_a_lone_surrogate() -> None:
    # Not from a disk: such a name stands for no bytes.
    answer = body_or_refusal("a\ud800.txt")

    assert "a\ufffd.txt" in answer or answer.startswith("files")


def test_a_text_with_half_a_character_is_refused_under_its_name() -> None:
    with pytest.raises(ApiValueError, match="text_prompt"):
        Multipart([("agent_id", "a"), ("text_prompt", "\ud800")], [])


# ── the form itself ──


@pytest.mark.fault("Property tests", "A form reads back to its parts with a parser of another make")
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["agent_id", "text_prompt"]), st.text(st.characters(exclude_categories=["Cs"]))
        )
    ),
    st.lists(st.binary()),
)
def test_a_form_reads_back(texts: list[tuple[str, str]], contents: list[bytes]) -> None:
    files = [(f"{number}.bin", data) for number, data in enumerate(contents)]
    form = Multipart(texts, [("files", part) for part in file_parts(files)])
    body = b"".join(form)

    assert form.length == len(body)
    assert body == b"".join(form)  # as often as it is asked
    if not texts and not files:
        return
    read = parts(form.content_type, body)
    assert [(name(p), content(p)) for p in read[: len(texts)]] == [(n, t.encode()) for n, t in texts]
    assert [(name(p), p.get_filename(), content(p)) for p in read[len(texts) :]] == [
        ("files", *each) for each in files
    ]


@pytest.mark.fault("Property tests", "A form reads back to its parts with a parser of another make")
@given(st.text(min_size=1))
def test_no_name_breaks_the_frame(filename: str) -> None:
    try:
        body, part = named(filename)
    except ApiValueError:
        return
    assert part.keys() == ["Content-Disposition", "Content-Type"]
    assert content(part) == b"content"
    assert body.count(b"\r\n") == 6


def test_a_prompt_without_files_is_one_write() -> None:
    assert len(list(Multipart([("agent_id", "a"), ("text_prompt", "hi")], []))) == 1


def test_a_large_prompt_is_not_copied() -> None:
    sizes = [len(piece) for piece in Multipart([("agent_id", "a"), ("text_prompt", "x" * (BLOCK + 1))], [])]

    assert sizes[1:2] == [BLOCK + 1]
    assert len(sizes) == 3


def test_many_small_files_are_few_writes(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"x" * 100)
    files = file_parts([path, b"y" * 100] * 1000)
    form = Multipart([], [("files", part) for part in files])
    sizes = [len(piece) for piece in form]

    assert sum(sizes) == form.length
    assert max(sizes) <= 1.01 * BLOCK
    assert len(sizes) <= sum(sizes) // BLOCK + 1


def test_a_stream_is_sent_as_it_comes() -> None:
    class Slow:
        reads = 0

        def read(self, size: int = -1) -> bytes:
            self.reads += size != 0
            return b"x" if size and self.reads < 3 else b""

    slow = Slow()
    pieces = iter(Multipart([], [("files", part) for part in file_parts([b"y", ("s", slow)])]))

    assert b"y" in bytes(next(pieces))
    assert slow.reads == 0
    assert [bytes(next(pieces)), bytes(next(pieces))] == [b"x", b"x"]
    assert bytes(next(pieces)).endswith(b"--\r\n")


def test_two_forms_have_two_boundaries() -> None:
    assert Multipart([], []).boundary != Multipart([], []).boundary


def test_a_stream_has_no_length() -> None:
    class Endless:
        def read(self, size: int = -1) -> bytes:
            return b""

    form = Multipart([], [("files", part) for part in file_parts([b"x", ("s", Endless())])])

    assert (form.length, form.repeatable) == (None, False)
    for apart, which in ((form, "one of them"), (form.parts[1], "'s'")):
        with pytest.raises(ApiValueError, match=f"^files: {which} is a stream, which is read as it is sent$"):
            apart.blocks()


def test_an_observer_is_told_of_each_piece_once_it_was_written() -> None:
    form = Multipart([("text_prompt", "Hello")], [("files", file_parts(bytes(BLOCK * 2 + 1))[0])])
    for _ in range(2):
        told: list[int] = []
        taken = 0
        form.observer = told.append
        for piece in form:
            assert told[-1] == taken  # this piece is not written yet
            taken += len(piece)
        assert told == sorted({*told})
        assert (told[0], told[-1]) == (0, form.length)


def test_a_file_is_closed_where_an_observed_form_is_left_in_the_middle() -> None:
    file = io.BytesIO(bytes(BLOCK * 3))
    form = Multipart([], [("files", file_parts(file)[0])])
    form.observer = lambda written: None
    pieces = iter(form)
    next(pieces)
    next(pieces)
    assert file.tell() == BLOCK

    form.close()

    assert file.tell() == 0


def test_a_file_is_closed_where_an_observer_is_interrupted() -> None:
    file = io.BytesIO(bytes(BLOCK * 3))
    form = Multipart([], [("files", file_parts(file)[0])])

    def press(written: int) -> None:
        if file.tell():
            raise KeyboardInterrupt

    form.observer = press
    with pytest.raises(KeyboardInterrupt) as caught:
        list(form)

    assert caught.tb  # whose frames hold the iteration
    assert file.tell() == 0
