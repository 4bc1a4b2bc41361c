"""What an except block knows of an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

from portal_client import (
    ApiAttributeError,
    ApiConnectionError,
    ApiException,
    ApiKeyError,
    ApiResponseError,
    ApiStreamError,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    AuthenticationError,
    BadRequestException,
    ConflictException,
    ForbiddenException,
    HTTPValidationError,
    NotFoundException,
    OpenApiException,
    ServiceException,
    Session,
    SessionFailed,
    SessionsApi,
    TooManyRequestsException,
    UnauthorizedException,
    UnprocessableEntityException,
    WaitTimeout,
    rest,
)

STATUSES: list[type[ApiException]] = [
    BadRequestException,
    UnauthorizedException,
    ForbiddenException,
    NotFoundException,
    ConflictException,
    UnprocessableEntityException,
    TooManyRequestsException,
    ServiceException,
    ApiConnectionError,
    ApiTimeoutError,
    ApiStreamError,
    ApiResponseError,
    AuthenticationError,
    WaitTimeout,
    SessionFailed,
]
ROOT: list[type[OpenApiException]] = [
    ApiTypeError,
    ApiValueError,
    ApiKeyError,
    ApiAttributeError,
    ApiException,
]


def attributes(api: SessionsApi) -> None:
    try:
        api.get_session("s")
    except ApiException as e:
        assert_type(e.status, int)
        assert_type(e.reason, str | None)
        assert_type(e.headers, Mapping[str, str] | None)
        assert_type(e.body, str | None)
        assert_type(e.data, Any)
        assert_type(e.request_id, str | None)
        assert_type(e.request_sent, bool)


def one_by_one(api: SessionsApi) -> Session | None:
    try:
        return api.get_session("s")
    except (NotFoundException, ForbiddenException) as e:
        assert_type(e.status, int)
    except TooManyRequestsException as e:
        assert_type(e.retry_after, float | None)
    except UnprocessableEntityException as e:
        if isinstance(e.data, HTTPValidationError):
            for problem in e.data.detail or []:
                assert_type(problem.loc[0].actual_instance, str | int)
    except WaitTimeout as e:
        assert_type(e.session_id, str)
        assert_type(e.session.id if e.session else None, str | None)
    except ApiTimeoutError as e:
        _timeout: TimeoutError = e
        assert_type(e.request_sent, bool)
    except ApiStreamError as e:
        assert_type(e.events, int)
    except ApiConnectionError as e:
        _connection: ConnectionError = e
    except (ApiResponseError, AuthenticationError) as e:
        _value: ValueError = e
    except SessionFailed as e:
        assert_type(e.session.status, str)
    except rest.ApiException as e:
        _same: ApiException = e
    return None


def of_arguments() -> None:
    try:
        raise ApiTypeError("wrong", ["detail", 0])
    except ApiTypeError as e:
        _type: TypeError = e
        assert_type(e.path_to_item, list[str | int] | None)
    except ApiValueError as e:
        _value: ValueError = e
    except ApiKeyError as e:
        _key: KeyError = e
    except ApiAttributeError as e:
        _attribute: AttributeError = e


def constructor() -> None:
    ApiException(status=404, reason="Not Found")
    ApiException(404, "Not Found", headers={"X": "1"}, body="{}", data={}, request_id="r", request_sent=True)
