"""The options that each call takes besides its own arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from pydantic import InstanceOf, StrictBool

from finbourne_candela.extensions.configuration_options import ConfigurationOptions
from portal_client.operation import RequestOptions, StreamOptions


class CandelaOptions(RequestOptions, total=False):
    """Options that each call takes besides its own arguments.

    `opts`: limits of this call; each that it sets beats `_request_timeout` and the configuration.
    `_request_timeout`: seconds for the whole call, a pair (connect, read), or a urllib3.Timeout.
    `_request_auth`: {"in": "header", "key": ..., "value": ...}, in place of the client's credentials.
    `_content_type`: application/json, where there is a body.
    `_headers`: headers of this call; they beat the client's default headers. The client's token beats an
    Authorization among them: to show something else, give `_request_auth`, whose value is sent as it is.
    `_host_index`: which server of the contract; there is one, number 0.
    """

    opts: Optional[InstanceOf[ConfigurationOptions]]


class CandelaStreamOptions(CandelaOptions, StreamOptions, total=False):
    """Options of a call that answers a stream of events: those of each call, and two more.

    `idle_timeout`: how long the stream may be silent, in seconds; any byte counts, `math.inf` is no limit.
    `tee`: the path of a file, made or replaced once the stream is there, in which each event is written as it
    comes, one a line, for EventStream.replay.
    """


if not TYPE_CHECKING:

    class CandelaOptions(CandelaOptions, total=False):
        __doc__ = CandelaOptions.__doc__

        # What scripts for the original client pass; they change what a call answers, so no type holds.
        async_req: Optional[StrictBool]
        _preload_content: Optional[StrictBool]
        _return_http_data_only: Optional[StrictBool]
