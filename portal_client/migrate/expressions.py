"""The expressions of a script: what is known of each, and what it does that a check may look at."""

from __future__ import annotations

import ast
import builtins
import operator
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import replace
from enum import Enum
from importlib import import_module
from itertools import pairwise
from typing import Any, Optional, Union

from portal_client.migrate.names import Absent, member, returned, signature
from portal_client.migrate.scope import Scope
from portal_client.migrate.values import UNKNOWN, Event, Value, package_of, written

_SUMS: Mapping[type, Any] = {ast.Add: operator.add, ast.Mult: operator.mul, ast.USub: operator.neg}
#: Functions that make a text of their arguments.
_SHOWN = {"builtins.str": "str", "builtins.repr": "repr", "builtins.print": "print"}
#: The errors that a name leads to which is not there.
_ABSENT = {"AttributeError", "ImportError", "ModuleNotFoundError", "Exception", ""}


class Expressions:
    """Reads expressions; `stand_ins` are names to go on with in place of those that are left out."""

    def __init__(self, stand_ins: Mapping[str, str]) -> None:
        self.events: list[Event] = []
        #: The names of the errors that are caught around a statement; "" of all.
        self.caught: frozenset[str] = frozenset()
        #: How often an attribute of a name is set somewhere.
        self.sets: Counter[str] = Counter()
        self.scope: Scope = Scope()
        #: The modules whose names are all imported.
        self.stars: list[Value] = []
        #: The attributes that the methods of a class of the script set.
        self.held: dict[tuple[Any, str], Value] = {}
        self._stand_ins = stand_ins

    def emit(self, kind: str, node: ast.AST, value: Value = UNKNOWN, **more: Any) -> None:
        """Note what a script does, with a value and its class."""
        about: Any = {"cls": value.cls or object, "value": value, **more}
        self.events.append(Event(kind, node, **about))

    def all(self, nodes: Iterable[Optional[ast.AST]]) -> list[Value]:
        """Read expressions or statements one after another."""
        return [self.value(node) for node in nodes]

    def value(self, node: Optional[ast.AST]) -> Value:
        """Return what is known of an expression, and note what it or a statement does."""
        if (look := getattr(self, f"_{type(node).__name__.lower()}", None)) is not None:
            return look(node) or UNKNOWN
        for name in (getattr(node, "name", None), getattr(node, "rest", None)):  # of a pattern or a type
            if isinstance(name, str):
                self.scope.set(name, UNKNOWN)
        self.all(ast.iter_child_nodes(node) if node else ())
        return UNKNOWN

    # ── names ──

    def _name(self, node: ast.Name) -> Value:
        if not isinstance(node.ctx, ast.Load):
            self.scope.set(node.id, UNKNOWN)
        found = self.scope.find(node.id)
        if found is None:
            star = next((each for each in self.stars if node.id in each.thing.__all__), None)
            known = Value(path=f"builtins.{node.id}") if hasattr(builtins, node.id) else UNKNOWN
            found = known if star is None else member(star, node.id)
        return found if found.parts else replace(found, node=node)

    def _attribute(self, node: ast.Attribute) -> Value:
        owner = self.value(node.value)
        if isinstance(owner.thing, ast.ClassDef):
            return self.held.get((owner.thing, node.attr), UNKNOWN)
        if any(map(package_of, owner.classes)):
            self.emit("read", node, owner, name=node.attr)
        return replace(self.member(node, owner, node.attr), node=node)

    def member(self, node: ast.AST, owner: Value, name: str) -> Value:
        """Return what something has under a name; note one that is not there, and go on with its stand-in."""
        try:
            return member(owner, name)
        except Absent as absent:
            if not self.caught & _ABSENT and name not in self.sets:
                self.emit("missing", node, owner, name=name, other=Value(given=str(absent)))
        package = package_of(owner.thing)
        other = self._stand_ins.get(f"{package}.{name}")
        return UNKNOWN if other is None else member(Value(thing=import_module(package)), other)

    # ── what is written out ──

    def _constant(self, node: ast.Constant) -> Value:
        return Value(node, node.value)

    def _list(self, node: Union[ast.List, ast.Tuple]) -> Value:
        parts = dict(enumerate(self.all(node.elts)))
        return UNKNOWN if any(isinstance(each, ast.Starred) for each in node.elts) else written(node, parts)

    _tuple = _list

    def _dict(self, node: ast.Dict) -> Value:
        keys, values = [each.given for each in self.all(node.keys)], self.all(node.values)
        plain = all(isinstance(key, (str, int)) for key in keys)
        return written(node, dict(zip(keys, values, strict=True))) if plain else UNKNOWN

    def _formattedvalue(self, node: ast.FormattedValue) -> None:
        self.emit("show", node, self.value(node.value), name="repr" if node.conversion == ord("r") else "str")

    def _binop(self, node: Union[ast.BinOp, ast.UnaryOp]) -> Value:
        values = self.all([node.left, node.right] if isinstance(node, ast.BinOp) else [node.operand])
        if isinstance(node.op, ast.Not):
            self.emit("test", node, values[0])
        if type(node.op) in _SUMS and all(type(each.given) in (int, float) for each in values):
            with suppress(ArithmeticError):
                return Value(node, _SUMS[type(node.op)](*(each.given for each in values)))
        return UNKNOWN

    _unaryop = _binop

    def _boolop(self, node: ast.BoolOp) -> Value:
        first, *others = self.all(node.values)
        empty = isinstance(node.op, ast.Or) and all(each.given in ([], {}, ()) for each in others)
        return Value(node, type=first.type) if empty else UNKNOWN

    # ── what is compared, indexed and awaited ──

    def _compare(self, node: ast.Compare) -> None:
        for left, right in pairwise(self.all([node.left, *node.comparators])):
            self.emit("compare", node, left, other=right)

    def _subscript(self, node: ast.Subscript) -> Value:
        owner, key = self.value(node.value), self.value(node.slice).given
        if isinstance(node.slice, ast.Slice) or not isinstance(key, (str, int)):
            return UNKNOWN if isinstance(node.slice, ast.Slice) else owner.item
        if isinstance(key, str) and isinstance(node.ctx, ast.Load):
            self.emit("item", node, owner, name=key)
        return owner.parts.get(key, owner.item)

    def _await(self, node: ast.Await) -> Value:
        return self._awaited(node, self.value(node.value))

    def _awaited(self, node: ast.AST, value: Value) -> Value:
        if value.call is not None and value.call.operation is not None:
            self.emit("await", node, value, cls=value.call.cls, name=value.call.name)
        return value

    # ── calls ──

    def _call(self, node: ast.Call) -> Value:
        function = self.value(node.func)
        if function.path == "asyncio.to_thread" and node.args:
            inner = copy(node)
            inner.func, *inner.args = node.args
            self.value(inner)
            return UNKNOWN
        positional = self.all(node.args)
        named = {each.arg or "**": self.value(each.value) for each in node.keywords}
        whole = "**" not in named and not any(isinstance(each, ast.Starred) for each in node.args)
        positional, named = (positional, named) if whole else ([], {})
        thing, owner = function.thing, function.owner or UNKNOWN
        cls: Any = thing if isinstance(thing, type) else None
        operation = getattr(thing, "operation", None) if owner.cls else None
        kind = "operation" if operation else "outside" if thing is None else "method"
        if cls is not None:
            kind = "enum" if issubclass(cls, Enum) else "make"
        names = [n for n, p in signature(thing).items() if p.kind < p.VAR_POSITIONAL][owner is not UNKNOWN :]
        call = Event(
            kind,
            node,
            cls or owner.cls or owner.thing or object,
            function.path or getattr(thing, "__name__", ""),
            owner,
            operation=operation,
            positional=positional,
            named=named,
            given={**dict(zip(names, positional, strict=False)), **named},
            whole=whole,
        )
        self.events.append(call)
        for name, value in call.given.items() if kind == "make" else ():
            self.emit("set", value.node or node, value, cls=cls, name=name)
        if thing is None:
            self._outside(call)
        found = cls or returned(call, thing)
        path = f"{call.name}()" if call.name and not (thing or found) else ""  # of another library
        return Value(node, type=found, path=path, call=call)

    def _outside(self, call: Event) -> None:
        if call.name in ("builtins.isinstance", "builtins.hasattr") and isinstance(call.first.node, ast.Name):
            self.scope.set(call.first.node.id, UNKNOWN)  # it is of another class where that is true
        for value in call.positional:
            if call.name in _SHOWN:
                self.emit("show", value.node or call.node, value, name=_SHOWN[call.name])
            elif call.name.startswith("asyncio."):
                self._awaited(value.node or call.node, value)
