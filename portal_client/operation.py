"""What a stub declares: where each argument goes, how it is checked, and what the call returns."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import (
    Any,
    NamedTuple,
    NotRequired,
    Optional,
    Required,
    cast,
    get_args,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from typing_extensions import TypedDict

from portal_client.files import Files, Part
from portal_client.nesting import type_adapter
from portal_client.serialization import text
from portal_client.spelling import hint, warn_of_misspelt_fields
from portal_client.streaming import ACCEPT as STREAM

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"


#: The arguments that are a prompt.
_PROMPTS = ("text_prompt", "prompt")


class Parameter(NamedTuple):
    """One argument of an operation; `place` is "path", "query", "form", "file" or "body"."""

    name: str
    place: str
    required: bool
    type: Any
    default: Any


@dataclass(slots=True)
class Request:
    """An operation with its checked arguments, by place. Nothing is sent yet."""

    operation: Operation
    path: dict[str, Any] = field(default_factory=dict[str, Any])
    query: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    # Prompts, files and options may be private, so a printed request does not show them.
    form: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]], repr=False)
    files: list[tuple[str, Part]] = field(default_factory=list[tuple[str, Part]], repr=False)
    body: Any = field(default=None, repr=False)
    options: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)

    def ids(self) -> dict[str, str]:
        """Return the arguments in the path, and others, fields of a model included, that end in `_id`."""
        if self.query or self.form:
            return self.path | _ids((*self.query, *self.form))
        return self.path | _ids(vars(self.body).items()) if isinstance(self.body, BaseModel) else self.path


def _ids(given: Iterable[tuple[str, Any]]) -> dict[str, str]:
    return {name: value for name, value in given if name.endswith("_id") and isinstance(value, str)}


class Operation:
    """One endpoint of the service, read from its stub; `idempotent` says whether it may be sent twice.

    Annotations are evaluated and validators compiled at the first call, not at import. One that returns an
    EventStream sends the request of `stream_of` and reads the response in another way.
    """

    def __init__(
        self,
        stub: Callable[..., Any],
        method: str,
        path: str,
        *,
        consumes: Optional[str] = None,
        secured: bool = True,
        idempotent: Optional[bool] = None,
        accept: Optional[str] = JSON,
        stream_of: Optional[Operation] = None,
    ) -> None:
        self.stream_of = stream_of
        self.name: str = stub.__name__
        self.stub = stub
        self.method = method
        self.path = path
        self.secured = secured
        self.idempotent: bool = method == "GET" if idempotent is None else idempotent
        #: The content types that the response may have, None where none are named.
        self.accept: Optional[str] = STREAM if stream_of else accept
        self._consumes = consumes

    def streamed(self, stub: Callable[..., Any]) -> Operation:
        """Return the same operation as another stub declares it, which returns a stream of events."""
        return Operation(
            stub,
            self.method,
            self.path,
            consumes=self._consumes,
            secured=self.secured,
            idempotent=self.idempotent,
            stream_of=self,
        )

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature of the stub, as it is written."""
        return inspect.signature(self.stub)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The operation's own arguments in order, without self and the options."""
        in_path = set(re.findall(r"{(\w+)}", self.path))
        return tuple(
            Parameter(
                name,
                self._place(name, self._hints[name], in_path),
                p.default is p.empty,
                self._hints[name],
                None if p.default is p.empty else p.default,
            )
            for name, p in list(self.signature.parameters.items())[1:]
            if p.kind is not p.VAR_KEYWORD
        )

    @cached_property
    def prompts(self) -> bool:
        """Whether the call is a prompt to an agent, itself or in its model."""
        models = [p.type for p in self.parameters if p.place == "body"]
        names = {*self._names, *(name for model in models for name in model.model_fields)}
        return not names.isdisjoint(_PROMPTS)

    @cached_property
    def unpacked(self) -> Any:
        """The TypedDict of options that the stub unpacks, None without one."""
        last = list(self.signature.parameters.values())[-1]
        if last.kind is not last.VAR_KEYWORD:
            return None
        # Needed at import for the docstrings; the other annotations may name what is not there yet.
        unpacked = last.annotation
        if isinstance(unpacked, str):
            unpacked = eval(unpacked, self.stub.__globals__)
        (options,) = get_args(unpacked)  # Unpack[RequestOptions]
        return options

    @cached_property
    def options(self) -> dict[str, Any]:
        """The options of a call and their types."""
        return get_type_hints(self.unpacked, include_extras=True) if self.unpacked else {}

    @cached_property
    def _names(self) -> list[str]:
        return [p.name for p in self.parameters]

    @cached_property
    def consumes(self) -> Optional[str]:
        """The content type of the request body, None without one."""
        return JSON if any(p.place == "body" for p in self.parameters) else self._consumes

    @cached_property
    def promised(self) -> Any:
        """The type of the data; None where there is nothing but the status, Any where it may be anything."""
        return self._hints["return"]

    @cached_property
    def returns(self) -> TypeAdapter[Any]:
        """The validator of the data, or of each event of a stream."""
        return type_adapter(get_args(self.promised)[0] if self.stream_of else self.promised)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return inspect.get_annotations(self.stub, eval_str=True)

    def _place(self, name: str, hint: Any, in_path: set[str]) -> str:
        if name in in_path:
            return "path"
        if hint == Files:
            return "file"
        if self._consumes is not None:
            return "form"
        return "body" if isinstance(hint, type) and issubclass(hint, BaseModel) else "query"

    @cached_property
    def _validator(self) -> Callable[[Any], dict[str, Any]]:
        fields: dict[str, Any] = {
            p.name: (Required if p.required else NotRequired)[p.type] for p in self.parameters
        }
        fields |= {name: NotRequired[hint] for name, hint in self.options.items()}
        arguments = cast(Any, TypedDict)(self.name, fields)
        arguments.__pydantic_config__ = ConfigDict(extra="forbid")
        return TypeAdapter(arguments).validator.validate_python

    def prepare(self) -> None:
        """Compile the validators now that the first call would compile.

        pydantic may drop a KeyboardInterrupt while it compiles one ("Exception ignored in: 'cls_name'").
        """
        _ = self._validator, self.returns.validator

    def _check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._validator(given)
        except ValidationError as error:
            refused = self._refusal((e["type"], e["loc"], e["msg"]) for e in error.errors())
        raise refused

    def _refusal(self, found: Iterable[tuple[str, tuple[Any, ...], str]]) -> ValidationError:
        """Return an error that names the arguments, but holds none of their values: they may be private."""
        known = [*self._names, *self.options]
        lines: list[InitErrorDetails] = []
        for kind, loc, why in found:
            if kind == "extra_forbidden":
                why = "Unexpected argument" + hint(str(loc[0]), known)
            clarified = PydanticCustomError(cast(Any, kind), cast(Any, why))
            lines.append(InitErrorDetails(type=clarified, loc=loc, input=None))
        return ValidationError.from_exception_data(self.name, lines, hide_input=True)

    def request(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Request:
        """Check the arguments of a call and put each in its place.

        Raises pydantic.ValidationError, which names the argument.
        """
        if args:
            kwargs = self._named(args, kwargs)
        given = self._check(kwargs)
        request = Request(self, {}, [], [], [], options=given)
        for name, place, _, _, default in self.parameters:
            value = given.pop(name, default)
            if place == "path":
                request.path[name] = value
            elif value is None:
                continue
            elif place == "query":
                request.query.append((name, value))
            elif place == "form":
                request.form.append((name, text(value)))
            elif place == "file":
                request.files += [(name, part) for part in value]
            else:
                request.body = value
                if (written := kwargs.get(name)) is not value:
                    warn_of_misspelt_fields(value, written)
        return request

    def _named(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        # By name, so that an error says `text_prompt` and not `1`.
        names = self._names
        if len(args) > len(names):
            many = f"{self.name} takes at most {len(names)} arguments by position, {len(args)} were given"
            raise self._refusal([("unexpected_positional_argument", (len(names),), many)])
        if kwargs and (twice := [name for name in names[: len(args)] if name in kwargs]):
            raise self._refusal(
                [("multiple_argument_values", (twice[0],), "Given twice, by position and by name")]
            )
        named = dict(zip(names, args, strict=False))
        return {**kwargs, **named} if kwargs else named

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.path}>"
