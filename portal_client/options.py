"""The options that each call takes besides its own arguments."""

from __future__ import annotations

import os
from typing import Annotated, Any, NamedTuple, Optional, Union, cast

import urllib3
from pydantic import Field, PlainValidator, StrictStr
from typing_extensions import TypedDict

from portal_client.exceptions import ApiValueError
from portal_client.settings import check_retries
from portal_client.timeouts import TimeoutArgument, Timeouts, check_seconds


class Default(NamedTuple):
    """Marks the type of an option with the value that it has where it is left out; without a mark, None."""

    value: object


def _timeout(value: TimeoutArgument) -> TimeoutArgument:
    Timeouts.of(value, Timeouts())
    return value


def _retries(value: object) -> Union[int, urllib3.Retry, None]:
    return check_retries("_retries", value)


def _idle(value: object) -> Optional[float]:
    return None if value is None else check_seconds("idle_timeout", value)


def _path(value: object) -> Union[str, os.PathLike[str], None]:
    if value is not None and not isinstance(value, (str, os.PathLike)):
        raise ApiValueError(f"tee must be a path, not {type(value).__name__}")
    return cast("Union[str, os.PathLike[str], None]", value)


class RequestOptions(TypedDict, total=False):
    """Options that each call takes by keyword, besides its own arguments.

    A call raises pydantic.ValidationError for an option that it does not know or whose type is wrong, and
    ApiValueError for a value that cannot be sent. Both name the option, and nothing has been sent.

    Args:
        _request_timeout: Seconds for the whole call, a pair (connect, read), or a urllib3.Timeout; all above
            0, and `math.inf` is no limit. None takes the limits of the configuration.
        _request_auth: {"in": "header", "key": ..., "value": ...}, in place of the client's credentials.
        _content_type: The form's encoding, multipart/form-data or application/x-www-form-urlencoded.
        _headers: Headers of this call. They replace the client's default headers of the same name, but not
            its credentials; `_request_auth` does that.
        _query: Parameters of the query besides the operation's own, by name; None is left out. They are
            quoted, and a list is joined, as its own are. A secret is for `_request_auth`, which no log shows.
        _retries: How often this call is repeated if it may be, False for never, or a urllib3.Retry. None
            takes the retries of the configuration.
        _host_index: Which server of the contract; there is one, number 0.
    """

    _request_timeout: Annotated[TimeoutArgument, PlainValidator(_timeout)]
    _request_auth: Optional[dict[StrictStr, Any]]
    _content_type: Optional[StrictStr]
    _headers: Optional[dict[StrictStr, Any]]
    _query: Optional[dict[StrictStr, Any]]
    _retries: Annotated[Union[int, urllib3.Retry, None], PlainValidator(_retries)]
    _host_index: Annotated[int, Field(strict=True, ge=0, le=0), Default(0)]


class StreamOptions(RequestOptions, total=False):
    """Options of a call that returns a stream of events.

    Args:
        idle_timeout: Seconds that the stream may be silent; any byte ends the silence, and `math.inf` is
            no limit.
        tee: The path of a file in which each event is written as it comes, one on each line, for
            EventStream.replay. It is created, or replaced, once the stream has begun.
    """

    idle_timeout: Annotated[Optional[float], PlainValidator(_idle)]
    tee: Annotated[Union[str, os.PathLike[str], None], PlainValidator(_path)]
