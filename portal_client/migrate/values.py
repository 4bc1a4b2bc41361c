"""What is known of the values of a script before it runs, and what it does with them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType, UnionType
from typing import Annotated, Any, Optional, Union, get_args, get_origin

from portal_client.cli.services import SERVICES
from portal_client.operation import Operation

#: The packages whose names are followed.
PACKAGES = ("portal_client", *(module.partition(".")[0] for module in SERVICES.values()))


def package_of(thing: Any) -> str:
    """Return the package that a module, class or function is of, empty where it is none of these."""
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None) or ""
    package = str(name).partition(".")[0]
    return package if package in PACKAGES else ""


def _variants(kind: Any) -> list[Any]:
    """Return the types that a value may have, without None."""
    if get_origin(kind) is Annotated:
        return _variants(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [each for one in get_args(kind) for each in _variants(one)]
    return [] if kind in (None, type(None)) else [kind]


def _expected(kind: Any) -> list[Any]:
    """Return the types that a value may have, without Any beside others: what fits these is one of them."""
    return [each for each in _variants(kind) if each is not Any]


@dataclass(frozen=True)
class Value:
    """What is known of an expression; what is not known of it is empty."""

    node: Any = field(default=None, compare=False)
    #: Its value, where that is written out.
    given: Any = ...
    #: Its items by key or index, where it is a list, a tuple or a dict that is written out.
    parts: Mapping[Any, Value] = field(default_factory=dict[Any, "Value"])
    #: A module, class, function or member of these packages, or a class of the script.
    thing: Any = None
    #: Its name, where that is another library's, or of a method of its values.
    path: str = ""
    #: Its type, as an annotation has it.
    type: Any = None
    #: What a method is of.
    owner: Optional[Value] = None
    #: The call that returned it.
    call: Optional[Event] = field(default=None, compare=False)

    @property
    def cls(self) -> Any:
        """Its class, where it can be of one only; None if unknown."""
        kinds = _variants(self.type)
        found = (get_origin(kinds[0]) or kinds[0]) if len(kinds) == 1 else None
        return found if isinstance(found, type) else None

    @property
    def classes(self) -> list[Any]:
        """The classes that it may be of, where it is what a service should send."""
        return [get_origin(kind) or kind for kind in _expected(self.type)]

    @property
    def item(self) -> Value:
        """An item of it, where it is a list, a stream, or a dict."""
        return self._within(-1)

    @property
    def looped(self) -> Value:
        """What a loop over it has: an item, or a key of a dict."""
        return self._within(0 if self.classes == [dict] else -1)

    def _within(self, at: int) -> Value:
        kinds = _expected(self.type)
        arguments = get_args(kinds[0]) if len(kinds) == 1 and get_origin(kinds[0]) is not tuple else ()
        return Value(type=arguments[at]) if arguments else UNKNOWN

    def unpacked(self, count: int) -> list[Value]:
        """Return what it is unpacked to, for that many names."""
        items = [self.looped] * count
        if self.parts and not isinstance(self.node, ast.Dict):
            items = [*self.parts.values()]
        elif self.cls is tuple:
            items = [Value(type=each) for each in get_args(self.type)]
        return items if len(items) == count else [UNKNOWN] * count

    @property
    def label(self) -> str:
        """The name of a module, function or class, or of its class."""
        return self.path or getattr(self.thing or self.cls, "__name__", "")

    @property
    def tried(self) -> Any:
        """Its value with `...` for what is not known of it."""
        if isinstance(self.node, ast.Dict):
            return {key: part.tried for key, part in self.parts.items()}
        items = [part.tried for part in self.parts.values()]
        if isinstance(self.node, ast.Tuple):
            return tuple(items)
        return items if isinstance(self.node, ast.List) else self.given

    @property
    def source(self) -> Event:
        """The call that returned it, or one of nothing."""
        return self.call or Event("", ast.Pass())

    def is_a(self, *classes: type) -> bool:
        """Whether it is certainly an instance of one of these classes."""
        return self.cls is not None and issubclass(self.cls, classes)


UNKNOWN = Value()


def written(node: ast.expr, parts: Mapping[Any, Value]) -> Value:
    """Return a list, a tuple or a dict that is written out."""
    value = Value(node, parts=parts)
    return value if any(part.given is ... for part in parts.values()) else replace(value, given=value.tried)


@dataclass(frozen=True)
class Event:
    """Something that a script does."""

    #: Of a call: operation, make, method, enum, or outside of these packages. Else: set, read, item, missing,
    #: compare, test (what decides a branch), show (made a text), await, enter, enter-async (by with), catch.
    kind: str
    node: ast.AST
    #: The class that it is about.
    cls: Any = object
    #: An attribute, a key, an operation, or the path of a function.
    name: str = ""
    #: What is used; of a call, what the method is of.
    value: Value = UNKNOWN
    #: What a value is compared with.
    other: Value = UNKNOWN
    #: The first operation that is called in the block of an except clause.
    call: Optional[Event] = None
    #: What is called, and with which arguments; those by name include those by position.
    operation: Optional[Operation] = None
    positional: list[Value] = field(default_factory=list[Value])
    named: Mapping[str, Value] = field(default_factory=dict[str, Value])
    given: Mapping[str, Value] = field(default_factory=dict[str, Value])
    #: Whether no argument is unpacked into a call; those of others are not known.
    whole: bool = True

    @property
    def package(self) -> str:
        """The package that it is about; empty where it is about none."""
        call = self.call or self.value.call
        return package_of(call.cls if call and call.operation else self.cls) or package_of(self.value.thing)

    @property
    def first(self) -> Value:
        """The first argument of a call."""
        return next(iter([*self.positional, *self.named.values()]), UNKNOWN)

    @property
    def plain(self) -> bool:
        """Whether it calls an operation for its data, and not another form of it."""
        return self.operation is not None and self.operation.name == self.name

    def get(self, name: str) -> Value:
        """Return an argument of a call."""
        return self.given.get(name, UNKNOWN)
