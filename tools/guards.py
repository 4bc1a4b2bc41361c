"""Break the core on purpose, one guard at a time, and see which cases of the fault matrix notice it.

``python tools/guards.py [NAME ...]`` applies each change to a copy of the repository, runs the cases there
that should notice it, and prints which fell; with ``--first`` only the first one. A change that no case
notices is a missing case: the exit code is 1 then. It takes minutes, so it is part of no other command.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
_LONGEST = 600  # seconds, for the cases of one change


class Mutation(NamedTuple):
    """One guard taken out: `old`, which stands once in `file`, becomes `new`; `tests` should notice it."""

    name: str
    file: str
    old: str
    new: str
    tests: str


M = Mutation
MUTATIONS = [
    # ── the deadline ──
    M(
        "the deadline under each read and write",
        "portal_client/transport/exchange.py",
        "limit = self.deadline.within(self.silence)",
        "limit = self.silence",
        "test/transport/test_connection.py::test_a_drip_does_not_outlast_the_deadline",
    ),
    M(
        "the deadline over the attempts",
        "portal_client/timeouts.py",
        "return max(0.0, self._end - self.now())",
        "return self.limits.total",
        "test/test_rest.py::test_waits_count_against_the_deadline",
    ),
    M(
        "the end of a wait for a connection",
        "portal_client/transport/connection_queue.py",
        "self._places.get(timeout=deadline.within(deadline.limits.read))",
        "self._places.get(timeout=9)",
        "test/transport/test_pools.py::test_a_place_that_is_free_too_late_is_not_waited_for",
    ),
    M(
        "the time that addresses share",
        "portal_client/transport/connection.py",
        "max(shared.left() / left, 0.001)",
        "limit",
        "test/transport/test_connection.py::test_connecting_does_not_outlast_the_deadline",
    ),
    # ── sent once ──
    M(
        "the replay guard",
        "portal_client/transport/retry.py",
        "if sent and (final or not request.repeatable or not self._may_repeat(request)):",
        "if sent and (final or not request.repeatable):",
        "test/faults/test_once.py::test_what_may_not_be_repeated_is_counted_once "
        "test/test_rest.py::test_what_may_not_be_repeated_is_received_once",
    ),
    M(
        "the count of what was written",
        "portal_client/transport/errors.py",
        "attempt in last.attempts if attempt.written]",
        "attempt in last.attempts if attempt.received]",
        "test/faults/test_once.py::test_what_may_not_be_repeated_is_counted_once",
    ),
    M(
        "no repetition after a timeout",
        "portal_client/transport/retry.py",
        "if sent and (final or not",
        "if sent and (not",
        "test/test_rest.py::test_a_get_is_not_repeated_after_a_timeout "
        "test/faults/test_wire.py::test_a_request_that_is_never_answered",
    ),
    M(
        "PUT is a prompt",
        "portal_client/transport/retry.py",
        "return request.idempotent",
        "return request.idempotent or request.method == 'PUT'",
        "test/faults/test_once.py::test_what_may_not_be_repeated_is_counted_once",
    ),
    M(
        "503 does not repeat a prompt",
        "portal_client/transport/retry.py",
        "if self._may_repeat(request) and self._policy.new",
        "if self._policy.new",
        "test/test_rest.py::test_a_failure_that_passes_does_not_repeat_a_prompt",
    ),
    M(
        "no answer repeats an upload that cannot be read again",
        "portal_client/transport/retry.py",
        "self._policy is None or not request.repeatable:",
        "self._policy is None:",
        "test/test_rest.py::test_a_stream_that_was_sent_is_not_sent_again",
    ),
    M(
        "no 401 repeats an upload that cannot be read again",
        "portal_client/rest.py",
        "request.credential is None or not request.repeatable or",
        "request.credential is None or",
        "test/test_rest.py::test_a_stream_is_not_sent_again_with_another_token",
    ),
    M(
        "another token once",
        "portal_client/rest.py",
        "renewed, shown = True, fresh",
        "renewed, shown = False, fresh",
        "test/test_rest.py::test_a_token_is_asked_for_anew_only_once",
    ),
    M(
        "a refusal is repeated so often",
        "portal_client/transport/retry.py",
        "self._limited -= 1",
        "self._limited -= 0.1",
        "test/faults/test_once.py::test_a_refusal_with_a_time_is_repeated "
        "test/test_rest.py::test_a_refusal_is_repeated_so_many_times",
    ),
    M(
        "the longest wait",
        "portal_client/transport/retry.py",
        "LONGEST_WAIT = 60.0",
        "LONGEST_WAIT = 1e9",
        "test/faults/test_once.py::test_a_get_waits_as_it_is_told",
    ),
    M(
        "garbage in Retry-After",
        "portal_client/transport/retry.py",
        "except (InvalidHeader, ValueError, OverflowError):",
        "except OverflowError:",
        "test/faults/test_once.py::test_garbage_in_retry_after",
    ),
    M(
        "where a file object stood",
        "portal_client/multipart.py",
        "    file.seek(part.start)\n    try:",
        "    file.seek(0)\n    try:",
        "test/faults/test_once.py::test_a_repeated_upload_is_the_same",
    ),
    # ── what an answer is ──
    M(
        "the head that is cut",
        "portal_client/transport/reader.py",
        "if cut and not fields.trailer:",
        "if False:",
        "test/faults/test_wire.py::test_a_head_that_is_cut_is_no_answer",
    ),
    M(
        "the Content-Length that is no number",
        "portal_client/transport/framing.py",
        "if len(set(lengths)) > 1 or not _LENGTH.fullmatch(lengths[0]):",
        "if len(set(lengths)) > 1:",
        "test/faults/test_wire.py::test_a_wrong_length_is_a_lost_connection",
    ),
    M(
        "the size of a chunk",
        "portal_client/transport/framing.py",
        "        found = _CHUNK_SIZE.fullmatch(line)",
        '        found = re.fullmatch(rb"([0-9A-Fa-fx_+ -]+)(?:;.*)?\\s+", line)',
        "test/faults/test_wire.py::test_broken_chunks_are_a_lost_connection "
        "test/faults/test_streams.py::test_a_fault_in_the_midst_of_a_stream",
    ),
    M(
        "the head that may end elsewhere",
        "portal_client/transport/framing.py",
        "        self.will_close |= bool(codings)",
        "        self.will_close |= False and bool(codings)",
        "test/faults/test_wire.py::test_after_an_ambiguous_head_no_answer_is_read",
    ),
    M(
        "the 204 that speaks of a body",
        "portal_client/transport/framing.py",
        "        self.will_close |= self.status == 204",
        "        self.will_close |= False and self.status == 204",
        "test/faults/test_wire.py::test_a_204_that_speaks_of_a_body_is_the_last_answer",
    ),
    M(
        "the length beside another coding",
        "portal_client/transport/framing.py",
        'or (lengths and set(named) - {"", "identity"})',
        "",
        "test/faults/test_wire.py::test_a_length_beside_another_coding_is_refused",
    ),
    M(
        "the line end behind the chunks",
        "portal_client/transport/head.py",
        'if line == b"\\r\\n" or (line == b"\\n" and not self.trailer):',
        'if line in (b"\\r\\n", b"\\n"):',
        "test/faults/test_wire.py::test_broken_chunks_are_a_lost_connection "
        "test/faults/test_wire.py::test_a_broken_chunk_ends_a_raw_stream",
    ),
    M(
        "bytes after the answer",
        "portal_client/transport/reader.py",
        "        if more:\n            self._connection.close()",
        "",
        "test/faults/test_wire.py::test_what_follows_an_answer_is_not_the_next_one",
    ),
    M(
        "bytes after the answer, under TLS",
        "portal_client/transport/reader.py",
        "more = buffered.peek(1) or _deciphered(self._sock)",
        "more = buffered.peek(1)",
        "test/faults/test_wire.py::test_what_follows_an_answer_that_fills_the_buffer",
    ),
    M(
        "a change of protocol",
        "portal_client/transport/framing.py",
        "if status == http.HTTPStatus.SWITCHING_PROTOCOLS:",
        "if False:",
        "test/transport/test_connection.py::test_a_change_of_protocol_is_no_answer",
    ),
    M(
        "interim answers",
        "portal_client/transport/framing.py",
        "100 if interim else status",
        "status",
        "test/transport/test_connection.py::test_an_interim_answer_is_not_the_answer",
    ),
    M(
        "max_response_size",
        "portal_client/transport/body.py",
        "        if len(body) > limit:",
        "        if False:",
        "test/faults/test_wire.py::test_an_endless_body_is_refused "
        "test/test_rest.py::test_a_body_beyond_its_limit_is_refused",
    ),
    M(
        "the end of reading at max_response_size",
        "portal_client/transport/body.py",
        "while (left := limit + 1 - taken.tell()) > 0 and (block := more(min(_BLOCK, left))):",
        "while block := more(_BLOCK):",
        "test/faults/test_memory.py::test_a_bomb_costs_little_memory",
    ),
    M(
        "the cut of an error",
        "portal_client/transport/body.py",
        "request.max_response_size if good else min(request.max_response_size, _MOST_OF_AN_ERROR)",
        "request.max_response_size",
        "test/faults/test_memory.py::test_a_bomb_costs_little_memory "
        "test/faults/test_wire.py::test_an_endless_error_is_still_that_error",
    ),
    M(
        "an error whose body is cut",
        "portal_client/transport/body.py",
        "        if good:\n            raise\n        body",
        "        raise\n        body",
        "test/faults/test_body.py::test_an_error_with_half_a_body_is_still_that_error",
    ),
    M(
        "a closed answer has no end",
        "portal_client/transport/framing.py",
        "        if self._cut:  # what has come may not be all\n            raise ProtocolError(_CUT)\n",
        "",
        "test/faults/test_life_cycle.py::test_a_closed_answer_has_no_end "
        "test/faults/test_life_cycle.py::test_close_wakes_a_reader",
    ),
    M(
        "waking who reads",
        "portal_client/transport/framing.py",
        "                    shutdown(socket.SHUT_RD)",
        "                    pass",
        "test/faults/test_life_cycle.py::test_close_wakes_a_reader",
    ),
    M(
        "one printable line",
        "portal_client/transport/errors.py",
        'shortened(printable(masked(what, known["secrets"])), _LONGEST)',
        'masked(what, known["secrets"])',
        "test/faults/test_wire.py::test_garbage_is_no_status_line",
    ),
    M(
        "what any attempt has sent was sent",
        "portal_client/transport/errors.py",
        "for attempt in last.attempts if attempt.sent]",
        "for attempt in [last] if attempt.sent]",
        "test/test_rest.py::test_an_attempt_that_was_read_counts_though_the_last_one_was_refused",
    ),
    M(
        "what a signal handler raises passes",
        "portal_client/transport/errors.py",
        "(interrupt := _of_signal_handler(error)) is not None",
        "(interrupt := None) is not None",
        "test/test_rest.py::test_what_a_signal_handler_raises_passes",
    ),
    M(
        "a repeated credential is masked in a pickle",
        "portal_client/exceptions.py",
        "        if self._secrets:\n            state",
        "        if False:\n            state",
        "test/test_exceptions.py::test_a_repeated_credential_is_masked",
    ),
    M(
        "a repeated credential is masked in the text",
        "portal_client/exceptions.py",
        "plain = masked(text, self._secrets)",
        "plain = text",
        "test/test_exceptions.py::test_a_repeated_credential_is_masked",
    ),
    M(
        "a repeated credential is found however it is written",
        "portal_client/echoes.py",
        "if read != piece",
        "if False",
        "test/test_echoes.py::test_a_secret_is_masked_in_each_writing",
    ),
    M(
        "a long text is read in pieces",
        "portal_client/echoes.py",
        "max(_PIECE, beyond)",
        "len(text) + 1",
        "test/test_echoes.py::test_memory_does_not_grow_with_the_text",
    ),
    M(
        "no JSON that could not be sent",
        "portal_client/model.py",
        "        sanitize(fields)\n",
        "",
        "test/test_models.py::test_no_json_is_written_that_could_not_be_sent",
    ),
    M(
        "half a surrogate pair in a body",
        "portal_client/serialization.py",
        '        encoded("the text", value)\n',
        "",
        "test/candela/test_sessions_api.py::test_half_a_surrogate_pair_is_refused_by_its_field",
    ),
    M(
        "the quota of repetitions",
        "portal_client/transport/retry.py",
        "            self._quota.pop()",
        "            pass",
        "test/test_rest.py::test_a_dead_server_is_not_stormed",
    ),
    # ── redirects ──
    M(
        "the method of a redirect",
        "portal_client/transport/redirect.py",
        'if status == 303 and request.method != "GET":',
        'if status in (301, 302, 303) and request.method != "GET":',
        "test/test_rest.py::test_a_prompt_is_repeated_within_its_origin",
    ),
    M(
        "the origin check for credentials",
        "portal_client/transport/redirect.py",
        "    return replace(following, headers=public, credential=None, foreign=True)",
        "    return replace(following, headers=public)",
        "test/faults/test_redirects.py::test_another_origin_sees_nothing_private",
    ),
    M(
        "the headers for another origin",
        "portal_client/transport/redirect.py",
        "for k, v in following.headers.items() if k.lower() in _FOREIGN_HEADERS}",
        "for k, v in following.headers.items()}",
        "test/faults/test_redirects.py::test_another_origin_sees_nothing_private",
    ),
    M(
        "no prompt leaves its origin",
        "portal_client/transport/redirect.py",
        "if following.body is not None or (request",
        "if (request",
        "test/faults/test_redirects.py::test_a_prompt_and_its_file_do_not_leave",
    ),
    M(
        "no way from https to http",
        "portal_client/transport/redirect.py",
        '(request.origin.scheme, origin.scheme) == ("https", "http")',
        "False",
        "test/faults/test_redirects.py::test_tls_is_not_left",
    ),
    M(
        "ten redirects",
        "portal_client/transport/redirect.py",
        "MAX_REDIRECTS = 10",
        "MAX_REDIRECTS = 20",
        "test/faults/test_redirects.py::test_a_loop_between_two_origins_ends",
    ),
    # ── secrets ──
    M(
        "the repr of a Secret",
        "portal_client/secret.py",
        """    def __repr__(self) -> str:
        return "'***'"

    def __copy__(self) -> Secret:""",
        """    def __repr__(self) -> str:
        return repr(self._value)

    def __copy__(self) -> Secret:""",
        "test/test_secret.py::test_nothing_shows_a_secret "
        "test/faults/test_secrets.py::test_however_a_call_fails_nothing_private_is_seen",
    ),
    M(
        "the pickle of a Secret",
        "portal_client/secret.py",
        "return Lost, (self._name, isinstance",
        "return Lost, (self._value, isinstance",
        "test/test_secret.py::test_pickle_carries_no_secret test/faults/test_secrets.py",
    ),
    M(
        "what headers are plain",
        "portal_client/secret.py",
        "return name.lower() in PLAIN_HEADERS",
        "return True",
        "test/test_secret.py::test_nothing_shows_a_secret "
        "test/test_secret.py::test_pickle_carries_no_secret "
        "test/faults/test_secrets.py",
    ),
    M(
        "the headers of a curl line",
        "portal_client/transport/curl.py",
        "value if name.lower() in PLAIN_HEADERS else _LEFT_OUT",
        "value",
        "test/test_call.py::test_a_call_as_a_command test/faults/test_secrets.py",
    ),
    M(
        "hidden on the way to the wire",
        "portal_client/secret.py",
        """    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class HiddenBytes""",
        """    __slots__ = ()


class HiddenBytes""",
        "test/test_secret.py "
        "test/faults/test_secrets.py "
        "test/test_token_endpoint.py::test_an_interrupted_fetch_shows_no_secret",
    ),
    M(
        "frames below an error",
        "portal_client/transport/errors.py",
        "    error.__cause__ = error.__context__ = None\n    return error.with_traceback(None)",
        "    return error",
        "test/test_secret.py::test_locals_of_a_lost_connection_hold_no_token "
        "test/test_rest.py::test_what_is_read_before_a_fault_is_not_in_the_traceback "
        "test/transport/test_connection.py::test_a_refused_connection_shows_no_frame_that_holds_the_request "
        "test/faults/test_secrets.py",
    ),
    M(
        "the silence of http.client",
        "portal_client/transport/connection.py",
        "    debuglevel = 0\n",
        "",
        "test/transport/test_connection.py::test_http_client_prints_nothing test/faults/test_secrets.py",
    ),
    M(
        "a credential in the query, later than urllib3 logs",
        "portal_client/rest.py",
        "headers, target, body = request.headers, request.target, request.body\n",
        "headers, target, body = request.headers, request.target, request.body\n"
        "    if request.credential is not None and request.credential.place == 'query':\n"
        "        target += f'?{request.credential.value}'\n",
        "test/test_hooks.py::test_no_log_holds_what_is_private "
        "test/test_secret.py::test_no_log_holds_a_token "
        "test/faults/test_secrets.py",
    ),
    # ── injection ──
    M(
        "line breaks in headers",
        "portal_client/credential.py",
        "    if isinstance(value, str):\n        bad",
        "    if isinstance(value, str):\n        return value\n        bad",
        "test/faults/test_injection.py::test_a_line_break_is_refused "
        "test/faults/test_secrets.py::test_an_odd_token_is_not_shown",
    ),
    M(
        "names of headers",
        "portal_client/credential.py",
        "if not _HEADER_NAME.fullmatch(name):",
        "if False:",
        "test/faults/test_injection.py::test_a_line_break_is_refused",
    ),
    M(
        "quoting in a path",
        "portal_client/wire.py",
        "segment(name, value, safe))",
        "str(value))",
        "test/faults/test_injection.py::test_a_hostile_id_stays_one_segment",
    ),
    M(
        "a new boundary for each form",
        "portal_client/multipart.py",
        "self.boundary: str = choose_boundary()",
        'self.boundary: str = "boundary"',
        "test/faults/test_injection.py::test_a_boundary_within_a_text_ends_no_part",
    ),
    # ── files ──
    M(
        "the counting body: a file that grows",
        "portal_client/multipart.py",
        """\
        given = read(BLOCK if left is None else min(BLOCK, left))
        if (block := _view(given)) is None:
            raise _failed(part, _wrong(given))
        if not block:
            if left is None:
                return
            raise _failed(part, "became shorter while it was being sent")
        if left is not None:
            block = block[:left]
""",
        """\
        block = read(BLOCK)
        if not block:
            return
        if left is not None:
""",
        "test/faults/test_files.py::test_a_file_that_grows",
    ),
    M(
        "a file object put back",
        "portal_client/multipart.py",
        "        with suppress(Exception):  # what became of the call counts\n"
        "            file.seek(part.start)",
        "        pass",
        "test/test_multipart.py::test_a_second_call_sends_the_same_bytes "
        "test/test_multipart.py::test_after_a_call_that_ends_in_the_middle",
    ),
    M(
        "what a file gives, before",
        "portal_client/multipart.py",
        "    if (view := _view(nothing)) is None:",
        "    if (view := _view(nothing)) is None and isinstance(nothing, str):",
        "test/test_multipart.py::test_what_a_file_object_gives",
    ),
    M(
        "what a file gives, in the middle",
        "portal_client/multipart.py",
        "        if (block := _view(given)) is None:",
        "        if (block := _view(given)) is None and given is not None:",
        "test/test_multipart.py::test_a_file_object_that_gives_no_bytes "
        "test/test_multipart.py::test_a_pipe_in_non_blocking_mode_is_not_taken_for_empty",
    ),
    M(
        "a buffer counted in bytes",
        "portal_client/multipart.py",
        'return view.cast("B") if view.c_contiguous else memoryview(view.tobytes())',
        "return view",
        "test/test_multipart.py::test_buffers_of_each_kind",
    ),
    M(
        "a small file kept until it is written",
        "portal_client/multipart.py",
        "pending += map(bytes, pieces)",
        "pending += pieces",
        "test/test_multipart.py::test_memory_that_is_used_again",
    ),
    M(
        "a coroutine closed",
        "portal_client/settings.py",
        "        value.close()\n    return True",
        "        pass\n    return True",
        "test/test_multipart.py::test_what_a_file_object_gives test/test_auth.py::test_no_token_could_be_had",
    ),
    # ── values of others ──
    M(
        "a token without what it is pasted with",
        "portal_client/credential.py",
        "text[pasted.end() :] if pasted else text",
        "text",
        "test/test_auth.py::test_a_token_as_it_is_pasted",
    ),
    M(
        "a text of an enumeration",
        "portal_client/text.py",
        "return str.__str__(text) if issubclass(type(text), str) else str(text)",
        "return str(text)",
        "test/test_auth.py::test_a_token_of_an_enumeration_is_its_value",
    ),
    M(
        "an empty token that is none",
        "portal_client/configuration.py",
        'is None or token == "":',
        "is None:",
        "test/test_auth.py::test_an_empty_token_is_none",
    ),
    M(
        "a token file that is no file",
        "portal_client/auth.py",
        "if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):",
        "if False:",
        "test/test_auth.py::test_a_token_file_that_is_no_file",
    ),
    M(
        "the encoding of a log",
        "portal_client/hooks.py",
        'encoding="utf-8", errors="backslashreplace", ',
        "",
        "test/test_configuration.py::test_a_log_file_holds_any_text",
    ),
    M(
        "the counting body: more than was asked for",
        "portal_client/multipart.py",
        "            block = block[:left]\n",
        "",
        "test/test_multipart.py::test_a_file_object_that_gives_too_much",
    ),
    M(
        "the counting body: a file that shrinks",
        "portal_client/multipart.py",
        '            raise _failed(part, "became shorter while it was being sent")',
        "            return",
        "test/faults/test_files.py::test_a_file_that_shrinks",
    ),
    M(
        "the declared length",
        "portal_client/rest.py",
        "if isinstance(body, Multipart) and body.length is not None:",
        "if False:",
        "test/faults/test_files.py test/test_multipart.py",
    ),
    M(
        "files closed on every way out",
        "portal_client/rest.py",
        "            body.close()  # where",
        "            pass  # where",
        "test/faults/test_files.py::test_files_are_closed_on_every_way_out "
        "test/test_multipart.py::test_descriptors_are_closed_while_a_lost_connection_is_looked_at",
    ),
    M(
        "files looked at before anything is sent",
        "portal_client/multipart.py",
        '    with open(path, "rb") as file:\n        return os.fstat(file.fileno()).st_size',
        "    return os.stat(path).st_size",
        "test/faults/test_files.py::test_a_file_that_cannot_be_sent",
    ),
    M(
        "the answer to half an upload under TLS",
        "portal_client/transport/connection.py",
        "except ssl.SSLEOFError as error:",
        "except ZeroDivisionError as error:",
        "test/faults/test_files.py::test_a_refusal_is_read_though_tls_has_ended",
    ),
    # ── life cycle ──
    M(
        "left-open answers are closed",
        "portal_client/rest.py",
        "        for response in self._unread():\n            response.close()\n",
        "",
        "test/faults/test_life_cycle.py::test_with_closes_what_an_exception_leaves_open "
        "test/test_streaming.py::test_a_stream_left_open_is_closed_with_the_client",
    ),
    M(
        "an answer that is forgotten",
        "portal_client/transport/framing.py",
        "    def __del__(self) -> None:\n        self.close()\n",
        "",
        "test/transport/test_pools.py::test_an_answer_that_is_forgotten_unread_frees_its_place "
        "test/transport/test_connection.py::test_a_response_in_a_cycle_gives_its_place_back",
    ),
    M(
        "what a full pool says",
        "portal_client/transport/errors.py",
        "if isinstance(error, EmptyPoolError):\n        return",
        "if False:\n        return",
        "test/transport/test_pools.py::test_waiting_for_a_connection_ends_with_the_deadline",
    ),
    M(
        "a bounded pool",
        "portal_client/transport/pools.py",
        '"block": True,',
        '"block": False,',
        "test/transport/test_pools.py::test_threads_share_the_bounded_pool "
        "test/faults/test_life_cycle.py::test_threads_get_their_own_answers",
    ),
    M(
        "the fork",
        "portal_client/transport/pools.py",
        "        if self._pid != os.getpid():\n            self._forget()",
        "        pass",
        "test/transport/test_pools.py::test_parent_and_child_both_call",
    ),
    M(
        "an interrupted wait for a connection",
        "portal_client/transport/connection_queue.py",
        "        self._never_taken.append(None)\n",
        "        pass\n",
        "test/transport/test_connection.py::test_an_interrupted_wait_leaves_the_pool_as_large_as_it_was",
    ),
    M(
        "answers closed where a call ends",
        "portal_client/transport/body.py",
        "    except BaseException:\n        response.close()\n        raise",
        "    except BaseException:\n        raise",
        "test/faults/test_life_cycle.py::test_an_interrupt_between_two_reads",
    ),
    # ── TLS ──
    M(
        "verification",
        "portal_client/transport/tls.py",
        "ssl.CERT_REQUIRED if c.verify_ssl else ssl.CERT_NONE",
        "ssl.CERT_NONE",
        "test/transport/test_pools.py::test_an_unknown_authority_is_refused",
    ),
    M(
        "no repetition after TLS has failed",
        "portal_client/transport/retry.py",
        "isinstance(error, (SSLError, EmptyPoolError))",
        "isinstance(error, EmptyPoolError)",
        "test/faults/test_tls.py::test_an_expired_certificate_is_refused",
    ),
    M(
        "the credentials of a proxy",
        "portal_client/transport/proxies.py",
        'Hidden(f"{scheme}://{address}")',
        'Hidden(f"{scheme}://{rest}")',
        "test/transport/test_pools.py::test_a_failing_proxy_does_not_tell_its_credentials "
        "test/transport/test_pools.py::test_an_own_proxy_tunnels_with_its_credentials",
    ),
    M(
        "what went to a proxy is not the request",
        "portal_client/transport/connection.py",
        "            self.exchange.sent = 0  # what",
        "            pass  # what",
        "test/transport/test_connection.py::test_nothing_is_sent_through_a_proxy_that_refuses "
        "test/faults/test_tls.py::test_a_server_behind_a_proxy_is_judged",
    ),
    M(
        "the networks of NO_PROXY",
        "portal_client/transport/proxies.py",
        "    if address is not None:\n",
        "    if False:\n",
        "test/transport/test_proxies.py::test_no_proxy_by_its_items "
        "test/transport/test_proxies.py::test_a_proxy_sees_nothing_of_who_is_excluded",
    ),
    M(
        "the ports of NO_PROXY",
        "portal_client/transport/proxies.py",
        "given == port and _covers",
        "_covers",
        "test/transport/test_proxies.py::test_no_proxy_by_its_items",
    ),
    M(
        "credentials that hold the sign of a host",
        "portal_client/transport/proxies.py",
        'rest.rpartition("@")',
        'rest.partition("@")',
        "test/transport/test_proxies.py::test_credentials_are_decoded",
    ),
    M(
        "the name of a variable that cannot be used",
        "portal_client/transport/setting.py",
        "        if self.of_environment:\n",
        "        if False:\n",
        "test/transport/test_proxies.py::test_a_wrong_proxy_is_named "
        "test/transport/test_pools.py::test_a_variable_that_cannot_be_used_is_named",
    ),
    M(
        "a file of authorities that OpenSSL passes over",
        "portal_client/transport/tls.py",
        "        _check_defaults(context)\n",
        "        pass\n",
        "test/transport/test_pools.py::test_a_variable_that_cannot_be_used_is_named",
    ),
    M(
        "the client's certificate at another origin",
        "portal_client/transport/redirect.py",
        ", foreign=True",
        "",
        "test/transport/test_tls.py::test_another_origin_is_not_shown_the_certificate",
    ),
    M(
        "the client's certificate at a proxy",
        "portal_client/transport/tls.py",
        'if peer == "service":',
        "if True:",
        "test/transport/test_pools.py::test_a_proxy_is_not_shown_the_certificate_of_the_client "
        "test/transport/test_proxies.py::test_a_tunnel_shows_the_certificate_to_its_end_only",
    ),
    M(
        "the certificate in a context of one's own",
        "portal_client/transport/tls.py",
        'return c.ssl_context if peer == "service" else without_certificate(c.ssl_context)',
        "return c.ssl_context",
        "test/transport/test_tls.py::test_another_origin_is_not_shown_the_certificate "
        "test/transport/test_proxies.py::test_a_tunnel_shows_the_certificate_to_its_end_only",
    ),
    M(
        "a context of one's own out of pickle",
        "portal_client/secret.py",
        "Secret(self._name, cast(Any, value))",
        "value",
        "test/transport/test_tls.py::test_pickle_leaves_the_context_out",
    ),
    M(
        "what helps from Python 3.13 on",
        "portal_client/transport/tls.py",
        "    if error.verify_code not in _STRICT:\n",
        "    if True:\n",
        "test/transport/test_tls.py::test_a_strict_context_tells_what_helps",
    ),
    M(
        "the deadline over what a SOCKS proxy says",
        "portal_client/transport/socks.py",
        "        sock.recv_into = bounded\n",
        "",
        "test/transport/test_proxies.py::test_socks_that_drips_does_not_outlast_the_deadline",
    ),
    M(
        "one resolution of a name",
        "portal_client/transport/connection.py",
        "found = self._addresses(*self._peer())",
        "found = self._addresses(*self._peer()) and self._addresses(*self._peer())",
        "test/transport/test_connection.py::test_a_name_is_resolved_once "
        "test/transport/test_connection.py::test_the_name_of_a_proxy_is_resolved_once",
    ),
    M(
        "TCP keep-alive",
        "portal_client/transport/pools.py",
        "keep_alive_socket_options() if c.socket_options is None else c.socket_options",
        "c.socket_options",
        "test/transport/test_keep_alive.py::test_connections_are_kept_alive",
    ),
    M(
        "the connections to origins that were many",
        "portal_client/transport/pools.py",
        "        if len(self._pools) >= _MOST_POOLS:\n            self._close_all()",
        "        if len(self._pools) >= _MOST_POOLS:\n            self._pools.clear()",
        "test/transport/test_pools.py::test_close_ends_the_connections_to_many_origins "
        "test/transport/test_pools.py::test_close_ends_the_connections_through_a_proxy "
        "test/transport/test_pools.py::test_a_call_in_flight_outlives_fifty_other_origins",
    ),
    M(
        "the connections in use when a client is closed",
        "portal_client/transport/connection_queue.py",
        "            if self._closed:\n                self._close_idle()\n",
        "",
        "test/transport/test_pools.py::test_close_ends_a_connection_that_is_in_use_when_it_is_given_back",
    ),
    # ── tokens ──
    M(
        "the lock of the token",
        "portal_client/oauth2.py",
        "leads = flight is None",
        "leads = True",
        "test/test_oauth2.py::test_many_threads_fetch_one_token "
        "test/test_oauth2.py::test_many_threads_refresh_once",
    ),
    M(
        "the deadline of who waits for a token",
        "portal_client/oauth2.py",
        "if not flight.over.wait(None if left > threading.TIMEOUT_MAX else left):",
        "if not flight.over.wait(30):",
        "test/test_oauth2.py::test_who_waits_does_so_within_the_time_of_the_call",
    ),
    M(
        "redirects of the token endpoint",
        "portal_client/token_endpoint.py",
        "follows=False,",
        "follows=True,",
        "test/test_token_endpoint.py::test_a_redirect_is_not_followed",
    ),
    M(
        "what an endpoint says, without secrets",
        "portal_client/token_endpoint.py",
        "printable(masked(text, secrets))",
        "printable(text)",
        "test/test_token_endpoint.py::test_no_error_and_no_log_holds_a_secret",
    ),
    M(
        "a password in clear",
        "portal_client/token_endpoint.py",
        'url.scheme == "http" and not allow_http and not is_loopback(self._origin.host)',
        "False",
        "test/test_token_endpoint.py::test_a_password_in_clear_stays_on_this_machine",
    ),
    M(
        "the 401 is kept where no token can be had",
        "portal_client/rest.py",
        "return None  # the 401",
        "raise  # the 401",
        "test/faults/test_tokens.py::test_a_fault_at_the_renewal",
    ),
    # ── streams ──
    M(
        "the idle timeout of a stream",
        "portal_client/transport/body.py",
        "exchange.silence = min(limits.read, limits.total) if idle is None else idle",
        "exchange.silence = min(limits.read, limits.total)",
        "test/faults/test_streams.py::test_a_fault_in_the_midst_of_a_stream",
    ),
    M(
        "an event that is not ended",
        "portal_client/events.py",
        '            raise ValueError(f"the event that begins in line {self._begun} is not ended")',
        "            pass",
        "test/faults/test_streams.py::test_a_fault_in_the_midst_of_a_stream",
    ),
    M(
        "a stream that is cut closes its connection",
        "portal_client/streaming.py",
        "        self.close()\n        if any(",
        "        if any(",
        "test/faults/test_streams.py::test_a_fault_in_the_midst_of_a_stream",
    ),
    M(
        "the count of events",
        "portal_client/streaming.py",
        "cut.events = self.events",
        "pass",
        "test/faults/test_streams.py::test_a_fault_in_the_midst_of_a_stream",
    ),
    M(
        "the call of a stream",
        "portal_client/transport/errors.py",
        "    last.end()\n    return told",
        "    return told",
        "test/faults/test_streams.py::test_the_call_of_a_stream_that_was_cut",
    ),
    # ── observability ──
    M(
        "hooks that raise",
        "portal_client/transport/observers.py",
        "            except Exception:",
        "            except ZeroDivisionError:",
        "test/test_hooks.py::test_a_hook_that_raises_does_not_break_the_call",
    ),
    M(
        "one request id for a call",
        "portal_client/transport/retry.py",
        "        # TLS fails in the same way again",
        '        request.headers["X-Request-ID"] = str(id(error))\n        # TLS fails in the same way again',
        "test/test_rest.py::test_a_call_has_one_id_and_each_call_its_own",
    ),
    M(
        "the server's request id",
        "portal_client/api_client.py",
        "            **told(sent, answer.exchange),\n",
        "",
        "test/test_call.py",
    ),
]


def misplaced(mutation: Mutation) -> str:
    """What is wrong with a mutation, whose text must stand in its file once; else ""."""
    count = (ROOT / mutation.file).read_text("utf-8").count(mutation.old)
    if count != 1:
        return f"{mutation.name}: stands {count} times in {mutation.file}"
    return ""


def fallen(mutation: Mutation, copy: Path, first: bool) -> list[str]:
    """The cases that notice a mutation in a copy of the repository, which is as it was after it."""
    file = copy / mutation.file
    before = file.read_text("utf-8")
    file.write_text(before.replace(mutation.old, mutation.new), "utf-8")
    command = [sys.executable, "-m", "pytest", *mutation.tests.split(), "-m", "fault", "-q", "--no-header"]
    try:
        ran = subprocess.run(
            [*command, "-p", "no:cacheprovider", "--tb=no", *(["-x"] if first else [])],
            cwd=copy,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(map(str, (copy, copy / "test", copy / "tools"))),
            },
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ["(the run did not end)"]
    finally:
        file.write_text(before, "utf-8")
    if ran.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"{mutation.name}: the cases could not be run\n{ran.stdout}{ran.stderr}")
    return re.findall(r"^(?:FAILED|ERROR) (?:test/)?([^\n]*?)(?: - [^\n]*)?$", ran.stdout, re.MULTILINE)


def main() -> int:
    """Try the mutations that are named, or all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="a part of the name of a mutation")
    parser.add_argument("--first", action="store_true", help="stop at the first case that falls")
    given = parser.parse_args()
    nothing = Mutation("nothing", "README.md", "", "", "")
    chosen = [m for m in MUTATIONS if not given.names or any(name in m.name for name in given.names)]
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", ".*_cache", "__pycache__"))
        if wrong := fallen(nothing._replace(tests=" ".join(m.tests for m in chosen)), copy, given.first):
            print("These cases fall without a change:", *wrong, sep="\n")
            return 1
        for mutation in chosen:
            cases = fallen(mutation, copy, given.first)
            unnoticed += not cases
            print(f"{'noticed' if cases else 'MISSED ':<8} {mutation.name}", flush=True)
            for case in cases:
                print(f"         {case}", flush=True)
    print(f"{len(chosen) - unnoticed}/{len(chosen)} noticed")
    return 1 if unnoticed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
