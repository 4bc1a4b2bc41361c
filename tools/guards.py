"""Remove one guard of the core at a time, and print which cases of the fault matrix fail without it.

``python tools/guards.py [NAME ...]`` applies each change to a copy of the repository, runs its cases there,
and prints those that fail; with ``--first`` only the first one. A change without a failing case is a missing
test: the exit code is 1 then. It takes minutes, so it is part of no other command. These are the guards that
users rely on most; ``make mutants`` changes, by rule, the modules that decide, see docs/reliability.md.
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
_TIMEOUT = 600  # seconds, for the cases of one change


class Mutation(NamedTuple):
    """A guard to remove: `old`, which occurs once in `file`, becomes `new`; `tests` should then fail."""

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
    # ── sent once ──
    M(
        "the replay guard",
        "portal_client/transport/retry.py",
        "if sent and (final or not request.repeatable or not _may_repeat(policy, request)):",
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
        "test/faults/test_wire.py::test_a_request_without_a_response",
    ),
    M(
        "PUT is a prompt",
        "portal_client/transport/retry.py",
        "return request.idempotent",
        "return request.idempotent or request.method == 'PUT'",
        "test/faults/test_once.py::test_what_may_not_be_repeated_is_counted_once",
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
        "renewed, value = True, fresh",
        "renewed, value = False, fresh",
        "test/test_rest.py::test_a_token_is_asked_for_anew_only_once",
    ),
    M(
        "what may have been made is given back",
        "finbourne_candela/undoing.py",
        "if done or not _had_no_effect(failure):",
        "if done:",
        "test/candela/test_running.py::test_a_session_that_may_have_started_is_stopped "
        "test/candela/test_running.py::test_ctrl_c_before_the_block_gives_back_what_was_made",
    ),
    M(
        "what was refused is not undone",
        "finbourne_candela/undoing.py",
        "        return failure.safe_to_repeat",
        "        return False",
        "test/candela/test_running.py::test_another_session_that_runs_is_not_stopped",
    ),
    # ── framing and bounds ──
    M(
        "the head that is cut",
        "portal_client/transport/reader.py",
        "if cut and not fields.trailer:",
        "if False:",
        "test/faults/test_wire.py::test_a_head_that_is_cut_is_no_response",
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
        "test/faults/test_wire.py::test_after_an_ambiguous_head_no_response_is_read",
    ),
    M(
        "the 204 that speaks of a body",
        "portal_client/transport/framing.py",
        "        self.will_close |= self.status == 204",
        "        self.will_close |= False and self.status == 204",
        "test/faults/test_wire.py::test_a_204_that_speaks_of_a_body_is_the_last_response",
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
        "bytes after the response",
        "portal_client/transport/reader.py",
        "        if more:\n            self._connection.close()",
        "",
        "test/faults/test_wire.py::test_what_follows_a_response_is_not_the_next_one",
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
        "while (left := limit + 1 - taken.tell()) > 0 and (block := more(min(_BLOCK_BYTES, left))):",
        "while block := more(_BLOCK):",
        "test/faults/test_memory.py::test_a_bomb_costs_little_memory",
    ),
    M(
        "what any attempt has sent was sent",
        "portal_client/transport/errors.py",
        "for attempt in last.attempts if attempt.written]",
        "for attempt in [last] if attempt.written]",
        "test/test_rest.py::test_an_attempt_that_was_read_counts_though_the_last_one_was_refused",
    ),
    M(
        "a repeated credential is masked in the text",
        "portal_client/exceptions.py",
        "plain = masked(text, self._secrets)",
        "plain = text",
        "test/test_exceptions.py::test_a_repeated_credential_is_masked",
    ),
    # ── redirects ──
    M(
        "the origin check for credentials",
        "portal_client/transport/redirect.py",
        "    return replace(following, headers=public, credential=None, foreign=True)",
        "    return replace(following, headers=public)",
        "test/faults/test_redirects.py::test_another_origin_sees_nothing_private",
    ),
    # ── secrets ──
    M(
        "the pickle of a Secret",
        "portal_client/secret.py",
        "return Lost, (self._name, isinstance",
        "return Lost, (self._value, isinstance",
        "test/test_secret.py::test_pickle_carries_no_secret test/faults/test_secrets.py",
    ),
    M(
        "the headers of a curl line",
        "portal_client/transport/curl.py",
        "value if name.lower() in PLAIN_HEADERS else _LEFT_OUT",
        "value",
        "test/test_call.py::test_a_call_as_a_command test/faults/test_secrets.py",
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
        "a credential in the query, later than urllib3 logs",
        "portal_client/rest.py",
        "    target, body = request.target, request.body\n",
        "    target, body = request.target, request.body\n"
        "    if request.credential is not None and request.credential.place == 'query':\n"
        "        target += f'?{request.credential.value}'\n",
        "test/test_hooks.py::test_no_log_holds_what_is_private "
        "test/test_secret.py::test_no_log_holds_a_token "
        "test/faults/test_secrets.py",
    ),
    # ── middleware and telemetry ──
    M(
        "an attempt that a middleware may send once",
        "portal_client/transport/chain.py",
        "if self._ended or not _taken(left):",
        "if self._ended:",
        "test/test_middleware.py::test_an_attempt_is_sent_once",
    ),
    M(
        "what a middleware gets wrong behind a request is no refusal of an argument",
        "portal_client/transport/chain.py",
        "if isinstance(error, (OpenApiException, HTTPError)) and",
        "if isinstance(error, HTTPError) and",
        "test/test_middleware.py::test_what_a_middleware_gets_wrong_is_named",
    ),
    M(
        "a response that a middleware drops is closed",
        "portal_client/transport/chain.py",
        "                self._received.raw.close()",
        "                pass",
        "test/test_middleware.py::test_a_response_that_a_middleware_drops_is_closed_at_once",
    ),
    M(
        "the deadline behind a middleware",
        "portal_client/transport/chain.py",
        "            self._exchange.deadline.within(math.inf)\n            return response",
        "            return response",
        "test/test_middleware.py::test_a_middleware_cannot_outlast_the_call",
    ),
    M(
        "the headers of a middleware as secrets of the call",
        "portal_client/transport/errors.py",
        "        yield from attempt.secrets\n",
        "",
        "test/test_middleware.py::test_no_error_holds_a_header_of_a_middleware",
    ),
    M(
        "what a cassette masks",
        "portal_testing/cassette.py",
        "json.dumps(masked_data(data, sorted(self._secrets)), indent=1, ensure_ascii=False)",
        "json.dumps(data, indent=1, ensure_ascii=False)",
        "test/testing/test_cassette.py::test_no_secret_is_in_the_file",
    ),
    M(
        "a replay without a network",
        "portal_testing/cassette.py",
        "return self._replay(request) if self.replays else self._record(request, call_next)",
        "return self._record(request, call_next)",
        "test/testing/test_cassette.py::test_a_recorded_conversation_is_replayed_without_its_server",
    ),
    M(
        "a lost reply in a cassette",
        "portal_testing/exchanges.py",
        "super().__init__(200, request_sent=True)",
        "super().__init__(200)",
        "test/testing/test_cassette.py::test_a_reply_that_was_lost_is_lost_again",
    ),
    M(
        "no middleware around the password",
        "portal_client/token_endpoint.py",
        "            middleware=(*self._middleware, *everywhere),\n",
        "            middleware=everywhere,\n",
        "test/test_middleware.py::test_requests_for_tokens_pass_what_is_given_for_them",
    ),
    M(
        "the values of a query, in spans",
        "portal_client/conventions.py",
        "{name}=REDACTED",
        "{name}={query}",
        "test/test_telemetry.py::test_nothing_private_is_recorded "
        "test/test_telemetry.py::test_another_host_is_told_nothing",
    ),
    M(
        "the context of a span, for the service alone",
        "portal_client/telemetry.py",
        "if not request.foreign:",
        "if True:",
        "test/test_telemetry.py::test_another_host_is_told_nothing",
    ),
    M(
        "one span for an attempt",
        "portal_client/telemetry.py",
        "context.set_value(_SUPPRESS_HTTP, True,",
        "context.set_value(_SUPPRESS_HTTP, False,",
        "test/test_telemetry.py::test_beside_the_instrumentation_of_urllib3_an_attempt_is_one_span",
    ),
    M(
        "the end of a stream, told when it is",
        "portal_client/decoding.py",
        "response if response.exchange.on_end is None else Watched(response, response.exchange)",
        "response",
        "test/test_hooks.py::test_a_stream_ends_with_its_last_byte "
        "test/test_telemetry.py::test_the_span_of_a_stream_ends_with_it",
    ),
    # ── waiting ──
    M(
        "the state of before a prompt",
        "portal_client/waiting.py",
        "return wait.until_done(read, lambda session: holds(session, text_prompt, before))",
        "return wait.until_done(read)",
        "test/test_waiting.py::test_a_state_from_before_the_prompt_is_not_the_result "
        "test/test_waiting.py::test_the_same_prompt_as_before_is_another_one",
    ),
    M(
        "a session that was just started, and that a machine does not know yet",
        "portal_client/polling.py",
        "is_young or is_transient(error)",
        "is_transient(error)",
        "test/test_waiting.py::test_a_session_that_was_just_started_may_be_missing_for_a_moment",
    ),
    M(
        "the connection of the next call, when a read is ended",
        "portal_client/transport/connection.py",
        "if self.exchange is exchange else None",
        "if True else None",
        "test/test_following.py::test_closing_does_not_disturb_the_next_call_over_the_same_connection",
    ),
    M(
        "a read that fails and may not fail again",
        "portal_client/polling.py",
        "if not (is_young or is_transient(error)):",
        "if True:",
        "test/test_waiting.py::test_what_may_pass_does_not_end_the_wait "
        "test/test_waiting.py::test_a_read_has_a_limit_of_its_own",
    ),
    M(
        "the prompt behind an error of a read",
        "portal_client/wait.py",
        "            error.request_sent, error.safe_to_repeat = True, False\n",
        "",
        "test/test_waiting.py::test_a_refusal_ends_the_wait_at_once "
        "test/test_waiting.py::test_a_token_that_cannot_be_had_later_does_not_deny_the_prompt",
    ),
    M(
        "what a failed branch leaves behind",
        "portal_client/branching.py",
        "error.branches = self._so_far()",
        "pass",
        "test/test_branching.py::test_the_error_names_the_branches_that_were_started "
        "test/test_branching.py::test_the_time_that_is_over_loses_none",
    ),
    M(
        "the other branches where an agent fails",
        "portal_client/branching.py",
        "failure = failure or error",
        "raise",
        "test/test_branching.py::test_an_agent_that_fails_does_not_end_the_wait_for_the_others",
    ),
    M(
        "the points that a session has",
        "portal_client/branching.py",
        "_check_points(points, self.before(self.reader(session_id)))",
        "self.before(self.reader(session_id))",
        "test/test_branching.py::test_points_that_the_session_does_not_have_start_nothing",
    ),
    M(
        "the secrets of the call in an agent's last words",
        "portal_client/wait.py",
        "data=session, **read.context)",
        "data=session)",
        "test/test_waiting.py::test_the_last_words_hold_no_token",
    ),
    M(
        "an upload that is counted anew",
        "portal_client/multipart.py",
        "        observer(written)\n        for piece",
        "        for piece",
        "test/test_waiting.py::test_an_upload_that_is_repeated_is_counted_anew",
    ),
    M(
        "what a broken file of profiles holds",
        "portal_client/profiles.py",
        '{place}: this is not valid TOML, in which texts are quoted"',
        '{place}: {error}"',
        "test/test_profiles.py::test_a_broken_file_is_named_with_its_line",
    ),
    M(
        "the file of profiles that others may read",
        "portal_client/profiles.py",
        "            if mode & 0o077 and",
        "            if False and",
        "test/test_profiles.py::test_a_file_of_others_is_warned_of",
    ),
    M(
        "a profile's token on its way to another host",
        "portal_client/sources.py",
        'if own and last.kind == "environment"',
        "if False",
        "test/test_sources.py::test_the_token_of_a_profile_and_the_host_of_the_environment",
    ),
    # ── TLS ──
    M(
        "what went to a proxy is not the request",
        "portal_client/transport/connection.py",
        "            self.exchange.sent = 0  # what",
        "            pass  # what",
        "test/transport/test_connection.py::test_nothing_is_sent_through_a_proxy_that_refuses "
        "test/faults/test_tls.py::test_a_server_behind_a_proxy_is_judged",
    ),
    # ── tokens ──
    M(
        "the lock of the token",
        "portal_client/oauth2.py",
        "leads = fetch is None",
        "leads = True",
        "test/test_oauth2.py::test_many_threads_fetch_one_token "
        "test/test_oauth2.py::test_many_threads_refresh_once",
    ),
    M(
        "the deadline of who waits for a token",
        "portal_client/oauth2.py",
        "if not fetch.over.wait(None if left > threading.TIMEOUT_MAX else left):",
        "if not fetch.over.wait(30):",
        "test/test_oauth2.py::test_who_waits_does_so_within_the_time_of_the_call",
    ),
    # ── following ──
    M(
        "no state twice when following",
        "portal_client/following.py",
        "if state is None or not (self.session is None or is_newer(state, self.session)):",
        "if state is None:",
        "test/test_following.py::test_a_stream_that_is_cut_is_connected_again_at_once",
    ),
    M(
        "the event to follow on from",
        "portal_client/subscription.py",
        "self._last_event_id = stream.last_event_id or self._last_event_id",
        "pass",
        "test/test_following.py::test_a_stream_that_is_cut_is_connected_again_at_once",
    ),
    M(
        "the read that fills a gap when following",
        "portal_client/subscription.py",
        "self._stream = self._timer = None\n        self._was_read = False",
        "self._stream = self._timer = None",
        "test/test_following.py::test_a_gap_is_filled_by_a_read",
    ),
    M(
        "growing pauses when following",
        "portal_client/subscription.py",
        "pause = next(self._pauses)\n",
        "pause = 0.0\n",
        "test/test_following.py::test_pauses_grow_until_there_is_progress",
    ),
    M(
        "polling instead of following",
        "portal_client/subscription.py",
        "if late or _is_refusal(error):",
        "if late:",
        "test/test_following.py::test_a_session_that_is_not_streamed_is_polled",
    ),
    M(
        "the bound of failures when following",
        "portal_client/subscription.py",
        "if self._failures >= MAX_FAILURES:",
        "if False:",
        "test/test_following.py::test_reads_that_fail_in_a_row_end_in_their_error",
    ),
    M(
        "the time of following over pings",
        "portal_client/subscription.py",
        "self._timer.start()",
        "pass",
        "test/test_following.py::test_a_stream_of_pings_does_not_outlast_the_timeout",
    ),
    M(
        "the end of following with its client",
        "portal_client/following.py",
        "self.api_client.rest_client.keep(updates)",
        "pass",
        "test/test_following.py::test_another_thread_may_close_it",
    ),
    # ── the command ──
    M(
        "escapes in a terminal",
        "portal_client/cli/output.py",
        'printable(text, keep="\\n\\t") if self.terminal and not self.as_json else text',
        "text",
        "test/cli/test_process.py::test_words_in_a_terminal_are_escaped",
    ),
    M(
        "doubt once a prompt was sent",
        "portal_client/cli/shell.py",
        "self.done or in_doubt(error, self._api)",
        "in_doubt(error, self._api)",
        "test/cli/test_conversations.py::test_what_fails_behind_the_prompt_is_no_reason_to_send_it_again",
    ),
    M(
        "doubt once output cannot be written",
        "portal_client/cli/shell.py",
        "if failed is Exit.USAGE and shell.done:",
        "if False:",
        "test/cli/test_exits.py::test_output_that_cannot_be_written",
    ),
    M(
        "a token that a response repeats to a command",
        "portal_client/reasons.py",
        "yield from _of_call(copy.copy(error))",
        "yield from _of_call(error)",
        "test/cli/test_process.py::test_a_token_is_never_printed",
    ),
    # ── tools for agents ──
    M(
        "the mask over results",
        "portal_client/mcp/calls.py",
        'return masked_data(data, context["secrets"]), context',
        "return data, context",
        "test/test_mcp.py::test_a_token_that_the_service_repeats_reaches_no_host",
    ),
    M(
        "the folder",
        "portal_client/mcp/folder.py",
        "inside = found.is_relative_to(self._path)",
        "inside = str(found).startswith(str(self._path))",
        "test/test_mcp.py::test_nothing_else_is_sent",
    ),
    M(
        "what is in doubt",
        "portal_client/mcp/calls.py",
        "in_doubt(error, tool.api):",
        "False:",
        "test/test_mcp.py::test_what_is_in_doubt_is_said_and_not_repeated",
    ),
    # ── batches ──
    M(
        "the settling time",
        "portal_client/batch/doubts.py",
        "wait = doubt.entry.outlives + self._settle",
        "wait = doubt.entry.outlives",
        "test/batch/test_doubts.py::test_the_servers_clock_must_have_come_as_far",
    ),
    M(
        "the reading before a prompt is sent again",
        "portal_client/batch/doubts.py",
        "if not (doubt.evidence.settled or self._is_settled(doubt, reading)):",
        "if False:",
        "test/batch/test_doubts.py::test_absence_counts_when_both_clocks_are_past_the_attempt "
        "test/batch/test_runner.py::test_a_session_that_is_listed_late_is_not_missing",
    ),
    M(
        "the digest of a file",
        "portal_client/batch/checked.py",
        "if hashlib.sha256(content).hexdigest() != file.sha256:",
        "if False:",
        "test/batch/test_checked.py::test_a_file_that_has_changed_fails_its_item_unsent",
    ),
    M(
        "the last block of a file",
        "portal_client/batch/checked.py",
        "self._read.hexdigest() != self._file.sha256)",
        "False)",
        "test/batch/test_checked.py::test_a_file_that_changes_while_it_is_sent_does_not_arrive",
    ),
    M(
        "the lock of the runner",
        "portal_client/batch/lock.py",
        'self._connection.execute("BEGIN EXCLUSIVE")',
        "pass",
        "test/batch/test_journal.py::test_one_runner_in_one_process "
        "test/batch/test_journal.py::test_the_lock_of_a_dead_runner_is_void",
    ),
    M(
        "the lock while prompts are sent",
        "portal_client/batch/lock.py",
        "        if not calls:\n            self.release()",
        "        self.release()",
        "test/batch/test_interrupted.py::test_what_is_still_being_sent_is_waited_for_before_the_next_run",
    ),
    M(
        "the mark on the disk",
        "portal_client/batch/runner.py",
        "durable=bool(sends)",
        "durable=False",
        "test/batch/test_runner.py::test_an_item_is_marked_on_the_disk_before_it_is_sent",
    ),
    M(
        "the state that an attempt begins with",
        "portal_client/batch/journal.py",
        ".rowcount != 1:",
        ".rowcount == 99:",
        "test/batch/test_upcoming.py::test_an_item_is_marked_once",
    ),
    M(
        "holding back what looks alike",
        "portal_client/batch/runner.py",
        "lambda like: like in self._alike or like in self._endings.doubts",
        "lambda like: like in self._alike",
        "test/batch/test_runner.py::test_what_looks_like_an_item_in_doubt_waits_until_that_is_settled",
    ),
    M(
        "the server's Date",
        "portal_client/batch/doubts.py",
        "if reading.date is None and not doubt.evidence.settled:",
        "if reading.date is None:\n            return Absent()\n        if False:",
        "test/batch/test_runner.py::test_without_a_date_nothing_is_said_to_be_missing",
    ),
    M(
        "texts that the service changes",
        "portal_client/batch/doubts.py",
        "if not found and self._rewrites:",
        "if False:",
        "test/batch/test_runner.py::test_a_service_that_rewrites_prompts_is_not_asked_twice",
    ),
    M(
        "texts and clocks of which nothing is known yet",
        "portal_client/batch/doubts.py",
        "if self._proved or doubt.evidence.settled:",
        "if True:",
        "test/batch/test_runner.py::"
        "test_a_service_that_rewrites_prompts_is_not_asked_twice_though_the_first_reply_is_lost "
        "test/batch/test_runner.py::"
        "test_a_service_whose_clocks_differ_is_not_asked_twice_though_the_first_reply_is_lost",
    ),
    M(
        "a worker with a wrong clock",
        "portal_client/batch/endings.py",
        "return outcome is Outcome.AGAIN and age < self._limits.send_timeout",
        "return False",
        "test/batch/test_executors.py::test_a_worker_with_a_wrong_clock_ends_the_run",
    ),
    M(
        "what only the worker knows of an error",
        "portal_client/batch/work.py",
        "error.may_pass = is_transient(error)",
        "pass",
        "test/batch/test_work.py::test_an_error_of_a_process_tells_whether_the_next_attempt_may_succeed",
    ),
    M(
        "one request for an attempt",
        "portal_client/batch/work.py",
        "with_options(retries=0, rate_limit_retries=0)",
        "with_options()",
        "test/batch/test_work.py::test_the_client_repeats_nothing_by_itself",
    ),
    M(
        "claims on a cluster",
        "portal_client/batch/claims.py",
        "    except TimeoutError:\n        return False",
        "    except TimeoutError:\n        return True",
        "test/batch/test_dask.py::test_an_attempt_whose_worker_dies_is_not_sent_blindly_again",
    ),
    # ── what others say, shown ──
    M(
        "escaped text in views",
        "portal_client/views/markup.py",
        'tostring(each, encoding="unicode", method="html")',
        '__import__("html").unescape(tostring(each, encoding="unicode", method="html"))',
        "test/views/test_html.py::test_the_text_of_others_is_text_alone test/test_transcript.py",
    ),
    M(
        "control characters that are seen",
        "portal_client/views/text.py",
        'return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), plain_lines(text))',
        "return plain_lines(text)",
        "test/views/test_terminal.py::test_no_code_and_no_markup_of_others_is_obeyed test/test_transcript.py",
    ),
    M(
        "no formulas in views",
        "portal_client/views/html.py",
        '_CLASSES = "portal-view tex2jax_ignore mathjax_ignore"',
        '_CLASSES = "portal-view"',
        "test/views/test_html.py::test_no_formula_is_made_of_what_is_said",
    ),
    M(
        "the policy of a page",
        "portal_client/views/page.py",
        "\"default-src 'none'; ",
        '"default-src *; ',
        "test/test_transcript.py::test_a_page_is_one_file_that_runs_and_loads_nothing",
    ),
    M(
        "code blocks for what a quotation does not hold",
        "portal_client/transcript.py",
        "if _UNQUOTABLE.search(lines):",
        "if False:",
        "test/test_transcript.py",
    ),
    M(
        "the longest fence",
        "portal_client/transcript.py",
        "fence = _ticks(lines, 3)",
        'fence = "```"',
        "test/test_transcript.py",
    ),
    # ── the sandbox ──
    M(
        "no prompt is accepted before those that wait are released",
        "portal_sandbox/serving.py",
        "self._service.wind_down()  # first",
        "self._loop and self._loop.call_soon_threadsafe(self._stopping.set); self._service.wind_down()  #",
        "test/sandbox/test_serving.py",
    ),
]


def misplaced(mutation: Mutation) -> str:
    """Return what is wrong with a mutation whose text does not occur once in its file, else ""."""
    count = (ROOT / mutation.file).read_text("utf-8").count(mutation.old)
    if count != 1:
        return f"{mutation.name}: occurs {count} times in {mutation.file}"
    return ""


def fallen(mutation: Mutation, copy: Path, first: bool) -> list[str]:
    """Return the cases that fail under a mutation of a copy of the repository, which is restored."""
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
            timeout=_TIMEOUT,
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
    """Apply the named mutations, or all of them; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="a part of the name of a mutation")
    parser.add_argument("--first", action="store_true", help="stop at the first case that falls")
    given = parser.parse_args()
    nothing = Mutation("nothing", "README.md", "", "", "")
    chosen = [m for m in MUTATIONS if not given.names or any(name in m.name for name in given.names)]
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "mutants", "__pycache__"))
        if wrong := fallen(nothing._replace(tests=" ".join(m.tests for m in chosen)), copy, given.first):
            print("These cases fail without a change:", *wrong, sep="\n")
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
