"""The kinds of fields that a model may have besides plain ones."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Optional, TypeVar, Union

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticUseDefault, core_schema

T = TypeVar("T")


class MayBeNull:
    """The mark of a field that the service accepts and sends as null."""


#: A field that may be null on the wire; a plain Optional one may only be absent.
Nullable = Annotated[Optional[T], MayBeNull()]


class _Omissible:
    """The mark of a field that may be left out of what is read, but not of what is made."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_default_schema(handler(source), default=None)


#: A nullable field of a response, which is None where the service leaves it out, too.
Omissible = Annotated[Optional[T], MayBeNull(), _Omissible()]


def _default_for_null(value: Any) -> Any:
    if value is None:
        raise PydanticUseDefault
    return value


#: A field of a response that has a default, which is read for null, too.
Defaulted = Annotated[T, BeforeValidator(_default_for_null)]

#: A part of a response that holds this type where that fits, and otherwise what the service has sent.
OrAny = Annotated[Union[T, Any], Field(union_mode="left_to_right")]


class _IsoFallback:
    """The ISO 8601 forms that pydantic refuses, such as 20260102T030405Z or 2026-W01-1."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # A core union and not a Python wrapper, which would slow down every list of sessions.
        fallback = core_schema.no_info_after_validator_function(_isoparse, core_schema.str_schema())
        return core_schema.union_schema(
            [handler(source), fallback],
            mode="left_to_right",
            custom_error_type="iso_datetime",
            custom_error_message="Input should be a date and time in ISO 8601 form",
        )


def _isoparse(text: str) -> datetime:
    from dateutil.parser import isoparse  # rarely needed, and slow to import; so is pprint

    try:
        return isoparse(text)
    except OverflowError as error:  # past the year 9999
        raise ValueError(str(error)) from None


#: A date and time; one without a zone stays without.
DateTime = Annotated[datetime, _IsoFallback()]
