"""Unions: values of one of several models, chosen by `type`."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from importlib import import_module
from inspect import currentframe
from typing import TYPE_CHECKING, Annotated, Any, Optional, TypeVar, Union, cast

from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    RootModel,
    ValidationError,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from portal_client.nesting import TOO_DEEP, too_deep

T = TypeVar("T")

#: Whether a union is validated within another one, which has checked the nesting of both.
_within: ContextVar[bool] = ContextVar("_within", default=False)

#: The tag of a `type` that no variant has; such a value stays a dict.
_UNKNOWN = "(unknown type)"


class ByType:
    """The annotation of a union of models of a package; `names` are theirs, with | between them.

    The key of a model is the default of its field `type`. A dict of an unknown type stays a dict; one
    without a type takes the model that fits, if there is exactly one.
    """

    def __init__(self, package: str, names: str) -> None:
        self._package = package
        self.names: list[str] = [name.strip() for name in names.split("|")]
        self.variants: dict[str, type[BaseModel]] = {}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # The models are looked up at the first use and not where they are named: they may hold this union.
        package = import_module(self._package)
        models: list[type[BaseModel]] = [getattr(package, name) for name in self.names]
        self.variants = {model.model_fields["type"].default: model for model in models}
        choices = {key: handler.generate_schema(model) for key, model in self.variants.items()}
        chosen = core_schema.tagged_union_schema(
            choices | {_UNKNOWN: core_schema.dict_schema(core_schema.str_schema())},
            discriminator=self._tag,
            custom_error_type="one_of",
            custom_error_message=f"Input should be a dict or one of {', '.join(self.names)}; "
            "without a `type` it should fit exactly one of them",
        )
        return core_schema.no_info_wrap_validator_function(_bounded, chosen)

    def _tag(self, value: Any) -> Optional[str]:
        if isinstance(value, BaseModel):
            return next((key for key, model in self.variants.items() if isinstance(value, model)), None)
        if not isinstance(value, Mapping):
            return None
        data = cast("Mapping[str, Any]", value)
        key = data.get("type")
        if key is None:
            return self._fitting(data)
        if not isinstance(key, str):
            return None
        return key if key in self.variants else _UNKNOWN

    def _fitting(self, data: Mapping[str, Any]) -> Optional[str]:
        """Return the key of the one model that fits data without a type, best without unknown fields."""
        given = data.keys() - {"type"}
        complete = {k: m for k, m in self.variants.items() if _required(m) <= given}
        knowing = {k: m for k, m in complete.items() if given <= _names(m)}
        if len(knowing) > 1:  # the values tell which; mostly the names do, in less time
            knowing = {k: m for k, m in knowing.items() if _takes(m, data)}
        fitting = knowing or complete
        return next(iter(fitting)) if len(fitting) == 1 else None


if TYPE_CHECKING:
    OneOf = Union[T, dict[str, Any]]
else:

    class OneOf:
        """`OneOf["Circle | Square"]`: one of these models of the package, or a dict of an unknown type."""

        def __class_getitem__(cls, names: str) -> Any:
            frame: Any = currentframe()
            return Annotated[Any, ByType(frame.f_back.f_globals["__package__"], names)]


def _bounded(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Validate a value, that of a wrapper in its place, unless it is nested too deeply."""
    if isinstance(value, RootModel):
        value = cast("RootModel[Any]", value).root
    if _within.get():
        return validate(value)
    if too_deep(value):
        raise PydanticCustomError("nesting", cast(Any, TOO_DEEP.capitalize()))
    outermost = _within.set(True)
    try:
        return validate(value)
    finally:
        _within.reset(outermost)


def _names(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _required(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items() if field.is_required()}


def _takes(model: type[BaseModel], data: Mapping[str, Any]) -> bool:
    try:
        model.model_validate(data)
    except ValidationError:
        return False
    return True
