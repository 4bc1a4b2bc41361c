"""Specs: the types of an answer, from a string to nested objects; a union is chosen by `type`."""

from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from typing_extensions import TypeAliasType

Bound = Literal["inclusive", "exclusive"]


class Wire(BaseModel):
    """The base of requests and responses: types are strict, and unknown properties are kept."""

    model_config = ConfigDict(extra="allow", strict=True, protected_namespaces=())


def _type_of(value: Any) -> Any:
    return (
        cast(dict[str, Any], value).get("type") if isinstance(value, dict) else getattr(value, "type", None)
    )


#: Chooses the variant of a union by `type`. Given only the property's name, pydantic forgets it in a union
#: that holds itself, tries one variant after the other, and takes twice as long for each level of nesting.
BY_TYPE = Discriminator(
    _type_of,
    custom_error_type="type_unknown",
    custom_error_message="Input should have a `type` that is known here, or fit exactly one",
)


def fill_in_type(*variants: type[Wire]) -> BeforeValidator:
    """Return a validator that gives an object without a `type` that of the one variant it fits.

    It fits one whose required properties it has. Only their names are compared: to validate each variant
    would take for ever on deeply nested objects.
    """
    required = {
        variant.model_fields["type"].default: {
            name for name, field in variant.model_fields.items() if field.is_required()
        }
        for variant in variants
    }

    def fill_in(value: Any) -> Any:
        if not isinstance(value, dict) or "type" in value:
            return cast(Any, value)
        given = cast(dict[str, Any], value)
        fitting = [kind for kind, names in required.items() if names <= given.keys()]
        return {**given, "type": fitting[0]} if len(fitting) == 1 else given

    return BeforeValidator(fill_in)


class DTOStr(Wire):
    """A string."""

    type: Literal["string"] = "string"
    is_nullable: bool | None = None
    min_length: int | None = None
    max_length: int | None = None
    regex: str | None = None
    format: str | None = None
    description: str | None = None
    default_value: str | None = None
    stop: str | None = None
    max_tokens: int | None = None


class DTOEnum(Wire):
    """One of several strings."""

    type: Literal["enum"] = "enum"
    options: list[str]
    is_nullable: bool | None = None
    description: str | None = None
    default_value: str | None = None


class DTOBool(Wire):
    """A boolean."""

    type: Literal["bool"] = "bool"
    is_nullable: bool | None = None
    description: str | None = None
    default_value: bool | None = None


class DTOReal(Wire):
    """A number."""

    type: Literal["real"] = "real"
    is_nullable: bool | None = None
    description: str | None = None
    default_value: float | None = None
    min_value: float | None = None
    max_value: float | None = None
    lower_bound: Bound | None = None
    upper_bound: Bound | None = None
    allow_negative: bool | None = None


class DTOInt(Wire):
    """A whole number."""

    type: Literal["int"] = "int"
    values: list[int] = Field(default_factory=list[int])  # not required
    is_nullable: bool | None = None
    description: str | None = None
    default_value: int | None = None
    min_value: int | None = None
    max_value: int | None = None
    lower_bound: Bound | None = None
    upper_bound: Bound | None = None
    allow_negative: bool | None = None


class DTOConst(Wire):
    """A constant string."""

    type: Literal["constant"] = "constant"
    value: str
    is_nullable: bool | None = None
    description: str | None = None


class DTOArr(Wire):
    """An array of one type."""

    type: Literal["array"] = "array"
    is_nullable: bool | None = None
    min_len: int
    max_len: int | None
    obj: "Obj"
    description: str | None = None


class DTOObj(Wire):
    """An object with fixed fields."""

    type: Literal["object"] = "object"
    is_nullable: bool | None = None
    description: str | None = None
    fields: "dict[str, Fields] | None"


class DTODict(Wire):
    """An object with any fields, whose names and values have a type each."""

    type: Literal["dictionary"] = "dictionary"
    is_nullable: bool | None = None
    obj: "Obj1"
    keys: "Keys"
    min_size: int | None = None
    max_size: int | None = None
    description: str | None = None


_Str = Annotated[DTOStr, Tag("string")]
_Enum = Annotated[DTOEnum, Tag("enum")]
_Const = Annotated[DTOConst, Tag("constant")]
_Value = (
    Annotated[DTODict, Tag("dictionary")]
    | Annotated[DTOArr, Tag("array")]
    | Annotated[DTOObj, Tag("object")]
    | _Enum
    | _Str
    | Annotated[DTOBool, Tag("bool")]
    | Annotated[DTOReal, Tag("real")]
    | Annotated[DTOInt, Tag("int")]
)

Spec = TypeAliasType("Spec", Annotated[_Value, BY_TYPE])
Obj = TypeAliasType("Obj", Annotated[_Value, BY_TYPE])
Obj1 = TypeAliasType("Obj1", Annotated[_Value | _Const, BY_TYPE])
Fields = TypeAliasType("Fields", Annotated[_Value | _Const, BY_TYPE])
Keys = TypeAliasType("Keys", Annotated[_Str | _Enum, BY_TYPE, fill_in_type(DTOStr, DTOEnum)])
