"""The base of all models: strict fields, and conversion to and from plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    Optional,
    Self,
    TypeVar,
    cast,
    overload,
)

import pydantic_core
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, RootModel, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

from portal_client.display import DisplayedModel
from portal_client.exceptions import ApiValueError
from portal_client.fields import DateTime as DateTime
from portal_client.fields import Defaulted as Defaulted
from portal_client.fields import MayBeNull
from portal_client.fields import Nullable as Nullable
from portal_client.fields import Omissible as Omissible
from portal_client.fields import OrAny as OrAny
from portal_client.nesting import SCALARS, TOO_DEEP, clarified, fail_fast, too_deep
from portal_client.parsing import parse_json
from portal_client.serialization import sanitize
from portal_client.spelling import hint, warn_of_misspelt_fields
from portal_client.surrogates import without_halves
from portal_client.text import printable

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

#: What plain data holds: Python's own values, or those of JSON alone.
Mode = Literal["python", "json"]


class _Portable(DisplayedModel, BaseModel):
    """Conversion to and from dicts, JSON text and readable text."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return fail_fast(handler(source), handler)

    def to_dict(self, mode: Mode = "python") -> Any:
        """Return the fields as plain data; absent ones are left out, null is kept where the service knows it.

        In the mode "python" dates and enumerations stay what they are; in the mode "json" they are what JSON
        has for them, as in `json.loads(model.to_json())`.

        Raises ApiValueError for another mode, and for data that is nested too deeply, as `to_json` and
        `to_str` do; in the mode "json" also what `to_json` raises.
        """
        return _in_mode(mode, _plain(_not_too_deep(self)))

    def to_json(self) -> str:
        """Return the fields as JSON text, dates in ISO form.

        Raises ApiTypeError and ApiValueError, which name the field, for what could not be sent either: NaN,
        half a surrogate pair.
        """
        return pydantic_core.to_json(_sendable(self.to_dict())).decode()

    def to_str(self) -> str:
        """Return all fields, set or not, in a readable layout."""
        from pprint import pformat

        return pformat(_not_too_deep(self).model_dump(by_alias=True))

    @overload
    @classmethod
    def from_dict(cls, obj: None) -> None: ...
    @overload
    @classmethod
    def from_dict(cls, obj: Mapping[str, Any]) -> Self: ...
    @classmethod
    def from_dict(cls, obj: Any) -> Optional[Self]:
        """Make a model from plain data; None gives None.

        Raises pydantic.ValidationError.
        """
        return None if obj is None else cls.model_validate(obj)

    @classmethod
    def from_json(cls, json_str: str) -> Self:
        """Make a model from JSON text, with U+FFFD for half a surrogate pair.

        Raises pydantic.ValidationError.
        """
        try:
            return cast("Self", parse_json(cls.model_validate_json, json_str))
        except ValidationError as error:
            raise clarified(error) from None

    if not TYPE_CHECKING:  # pydantic assigns it

        def __repr_str__(self, join_str: str) -> str:
            try:
                return super().__repr_str__(join_str)
            except RecursionError:  # of inner models, nested too deeply
                return "..."


class Model(_Portable):
    """A typed object of the service, checked when it is made and when a field is assigned.

    Fields that this version does not know are kept (`additional_properties`) and written back. The
    constructor warns of those whose names are close to known ones; from_dict and from_json, which may read a
    response, do not.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow", populate_by_name=True, protected_namespaces=(), validate_assignment=True
    )

    def to_dict(self, mode: Mode = "python") -> dict[str, Any]:
        """Return the fields as a dict; absent ones are left out, null is kept where the service knows it.

        In the mode "python" dates and enumerations stay what they are; in the mode "json" they are what JSON
        has for them, as in `json.loads(model.to_json())`.

        Raises ApiValueError for another mode, and for data that is nested too deeply; in the mode "json" also
        what `to_json` raises.
        """
        return cast("dict[str, Any]", super().to_dict(mode))

    @property
    def additional_properties(self) -> dict[str, Any]:
        """The fields that this version does not know; they are sent as well."""
        return cast("dict[str, Any]", self.model_extra)

    @additional_properties.setter
    def additional_properties(self, value: Mapping[str, Any]) -> None:
        kept = dict(value)
        self.additional_properties.clear()
        self.additional_properties.update(kept)

    if not TYPE_CHECKING:  # else checkers would take any name

        def __init__(self, /, *, additional_properties: Optional[Mapping[str, Any]] = None, **fields: Any):
            super().__init__(**fields)
            self._require_all(fields)
            if self.model_extra or not SCALARS.issuperset(map(type, fields.values())):
                warn_of_misspelt_fields(self, fields)
            self.additional_properties.update(additional_properties or {})

        __init__.__pydantic_base_init__ = True  # pydantic-core need not call it for each model in a response

        def _require_all(self, given: Mapping[str, Any]) -> None:
            """Refuse to make a model without what may be left out of a response only."""
            required = (name for name, field in type(self).model_fields.items() if field.is_required())
            lines: list[InitErrorDetails] = [
                {"type": "missing", "loc": (name,), "input": given}
                for name in required
                if name not in self.model_fields_set
            ]
            if lines:
                raise ValidationError.from_exception_data(type(self).__name__, lines)

        def __setattr__(self, name: str, value: Any) -> None:
            cls = type(self)
            known = name in cls.model_fields or isinstance(getattr(cls, name, None), property)
            if not known and not name.startswith("_"):
                meant = hint(name, cls.model_fields)
                raise ValueError(f'"{cls.__name__}" object has no field "{name}"{meant}')
            super().__setattr__(name, value)


class Wrapper(RootModel[T], _Portable, Generic[T]):  # pyright: ignore[reportIncompatibleMethodOverride]
    """A value of one of several types; `actual_instance` is the value itself."""

    # Built at the first use: the models that it wraps may need it themselves.
    model_config: ClassVar[ConfigDict] = ConfigDict(validate_assignment=True, defer_build=True)

    root: T

    def __init__(self, actual_instance: Any) -> None:
        super().__init__(actual_instance)  # pyright: ignore[reportUnknownMemberType]
        warn_of_misspelt_fields(self, actual_instance)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # as in Model

    def __repr_args__(self) -> list[tuple[None, T]]:
        return [(None, self.root)]

    @property
    def actual_instance(self) -> T:
        """The value itself."""
        return self.root

    @actual_instance.setter
    def actual_instance(self, value: T) -> None:
        self.root = value


class _Open(Enum):
    """An enumeration that accepts unknown values of its kind; compare with `==`."""

    @classmethod
    def _unknown(cls, member: Self, value: Any) -> Self:
        # Not stored among the members: a hostile server must not make the class grow.
        member._name_, member._value_ = printable(str(value)), value
        return member

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # Python 3.11.0 to 3.11.3 would look an unknown member up by its name.
        return type(self), (self.value,)

    def __format__(self, spec: str) -> str:
        return format(self._value_, spec)  # with most versions of Python it is str(), SessionStatus.READY

    @classmethod
    def from_json(cls, json_str: str) -> Self:
        """Make a member from JSON text, such as `"Ready"` with its quotes."""
        return cls(json.loads(without_halves(json_str) or json_str))


class OpenEnum(str, _Open):  # not StrEnum: str() of a member is its name, as in the original
    """An enumeration that accepts unknown values, which a newer server may send; compare with `==`."""

    @classmethod
    def _missing_(cls, value: object) -> Optional[Self]:
        return cls._unknown(str.__new__(cls, value), value) if isinstance(value, str) else None


class OpenIntEnum(int, _Open):
    """An enumeration of integers that accepts unknown ones, which a newer server may send."""

    @classmethod
    def _missing_(cls, value: object) -> Optional[Self]:
        return cls._unknown(int.__new__(cls, value), value) if type(value) is int else None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # pydantic would take "3", 3.0 and true for 3.
        return core_schema.no_info_after_validator_function(cls, core_schema.int_schema(strict=True))


def _not_too_deep(model: M) -> M:
    if too_deep(model):
        raise ApiValueError(f"{type(model).__name__} is {TOO_DEEP}")
    return model


def _in_mode(mode: str, fields: Any) -> Any:
    if mode not in ("python", "json"):
        raise ApiValueError(f'mode must be "python" or "json", not {mode!r}')
    return fields if mode == "python" else pydantic_core.to_jsonable_python(_sendable(fields))


def _sendable(fields: T) -> T:
    sanitize(fields)
    return fields


def _plain(value: Any) -> Any:
    if type(value) in SCALARS:
        return value
    if isinstance(value, Model):
        return _fields(value)
    if isinstance(value, RootModel):
        return _plain(cast("RootModel[Any]", value).root)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value


def _fields(model: Model) -> dict[str, Any]:
    fields = {
        field.alias or name: _plain(value)
        for name, field in type(model).model_fields.items()
        if (value := getattr(model, name)) is not None
        or (name in model.model_fields_set and any(isinstance(m, MayBeNull) for m in field.metadata))
    }
    return fields | {name: _plain(value) for name, value in (model.model_extra or {}).items()}
