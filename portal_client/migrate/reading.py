"""A script, read forward once: its statements, and then its functions with the names around them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Optional, Union

from portal_client.migrate.expressions import Expressions
from portal_client.migrate.scope import Scope
from portal_client.migrate.values import PACKAGES, UNKNOWN, Value, package_of

_Function = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda]


class Reader(Expressions):
    """Reads a module, or the cells of a notebook."""

    def __init__(self, modules: Sequence[ast.Module], stand_ins: Mapping[str, str]) -> None:
        super().__init__(stand_ins)
        nodes = [node for module in modules for node in ast.walk(module)]
        self._reads = Counter(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
        self.sets.update(n.attr for n in nodes if isinstance(n, ast.Attribute) and type(n.ctx) is ast.Store)
        self._elsewhere = {x for n in nodes if isinstance(n, (ast.Global, ast.Nonlocal)) for x in n.names}
        self._later: list[tuple[_Function, Scope, Optional[ast.ClassDef]]] = []
        self._class: Optional[ast.ClassDef] = None
        self._blocks = 0
        for module in modules:
            self.all(module.body)
        while self._later:
            self._inside(*self._later.pop(0))

    # ── imports and annotations ──

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            found, root = self._module(alias, alias.name), alias.name.partition(".")[0]
            self.scope.set(alias.asname or root, found if alias.asname else self._module(alias, root))

    def _module(self, node: ast.AST, path: str) -> Value:
        root, *below = path.split(".")
        if root not in PACKAGES:
            return Value(path=path)
        found = Value(thing=import_module(root))
        for name in below:
            found = self.member(node, found, name)
        return found

    def _importfrom(self, node: ast.ImportFrom) -> None:
        path = None if node.level else node.module
        source = UNKNOWN if path is None else self._module(node.names[0], path)
        for alias in node.names:
            if alias.name != "*":
                self.scope.set(alias.asname or alias.name, self.member(alias, source, alias.name))
            elif source.thing is not None:
                self.stars.append(source)

    def _annotation(self, node: Optional[ast.expr]) -> Value:
        """Return an instance of the class that an annotation names: X, Optional[X] or X | None."""
        if isinstance(node, ast.BinOp) and getattr(node.right, "value", ...) is None:
            node = node.left
        elif isinstance(node, ast.Subscript) and self.value(node.value).path.endswith(".Optional"):
            node = node.slice
        thing = self.value(node).thing
        return Value(type=thing) if isinstance(thing, type) else UNKNOWN

    # ── assignments ──

    def _bind(self, target: ast.AST, value: Value) -> None:
        changes = isinstance(value.node, (ast.List, ast.Dict))
        if isinstance(target, ast.Name):
            other = changes and self._reads[target.id] != 1  # what is read once is not changed before
            self.scope.set(target.id, UNKNOWN if other or target.id in self._elsewhere else value)
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value)
            if isinstance(owner.thing, ast.ClassDef) and self.sets[target.attr] == 1 and not changes:
                self.held[owner.thing, target.attr] = value
            elif package_of(owner.cls):
                self.emit("set", target, value, cls=owner.cls, name=target.attr)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for each, part in zip(target.elts, value.unpacked(len(target.elts)), strict=True):
                self._bind(each, part)
        else:
            self.value(target)

    def _assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self._bind(target, value)

    def _annassign(self, node: ast.AnnAssign) -> None:
        value, annotated = self.value(node.value), self._annotation(node.annotation)
        unset = value.given in (..., None) and not (value.thing or value.type)
        self._bind(node.target, annotated if unset else value)

    # ── branches and loops ──

    def _block(
        self, nodes: Sequence[ast.AST], target: Optional[ast.AST] = None, each: Value = UNKNOWN
    ) -> None:
        """Read what may not run, or run again with another item."""
        self._blocks += 1
        outer, self.scope.block = self.scope.block, (*self.scope.block, self._blocks)
        if target is not None:
            self._bind(target, each)
        self.all(nodes)
        self.scope.block = outer

    def _if(self, node: Union[ast.If, ast.While]) -> None:
        self.emit("test", node.test, self.value(node.test))
        self._block(node.body)
        self._block(node.orelse)

    def _while(self, node: ast.While) -> None:
        self._repeated(node)
        self._if(node)

    def _for(self, node: Union[ast.For, ast.AsyncFor]) -> None:
        item = self.value(node.iter).looped
        self._repeated(node, getattr(node.target, "id", ""))
        self._block(node.body, node.target, item)
        self._block(node.orelse)

    _asyncfor = _for

    def _repeated(self, node: ast.AST, own: str = "") -> None:
        """Forget names that may be what the last round, or one of several branches, set them to."""
        stored = Counter(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and type(n.ctx) is ast.Store)
        for name, count in stored.items():
            if count > 1 or (name in self.scope.names and name != own):
                self.scope.set(name, UNKNOWN)

    def _listcomp(self, node: Union[ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp]) -> None:
        outer, self.scope = self.scope, Scope(self.scope)
        for each in node.generators:
            self._bind(each.target, self.value(each.iter).looped)
            self.all(each.ifs)
        self.all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.scope = outer

    _setcomp = _generatorexp = _dictcomp = _listcomp

    def _match_case(self, node: ast.match_case) -> None:
        self._block([node.pattern, *([node.guard] if node.guard else []), *node.body])

    def _with(self, node: Union[ast.With, ast.AsyncWith]) -> None:
        for each in node.items:
            value = self.value(each.context_expr)
            kind = "enter" if isinstance(node, ast.With) else "enter-async"
            self.emit(kind, each.context_expr, value)
            if each.optional_vars is not None:
                self._bind(each.optional_vars, value if package_of(value.cls) else UNKNOWN)
        self.all(node.body)

    _asyncwith = _with

    def _try(self, node: ast.Try) -> None:
        outer, count = self.caught, len(self.events)
        types = [each.type for each in node.handlers]
        kinds = [each.elts if isinstance(each, ast.Tuple) else [each] if each else [] for each in types]
        errors = [self.all(each) for each in kinds]
        names = {value.label.rpartition(".")[2] for each in errors for value in each}
        self.caught = outer | names | ({""} if None in types else set())
        self._block(node.body)
        self.caught = outer
        first = next((each for each in self.events[count:] if each.operation), None)
        others = {each.name.partition(".")[0] for each in self.events[count:] if each.kind == "outside"}
        self._block(node.orelse)
        for handler, found in zip(node.handlers, errors, strict=True):
            classes = [each.thing for each in found if isinstance(each.thing, type)]
            for each in found:
                cls = each.thing if isinstance(each.thing, type) else object
                call = None if each.path and each.path.partition(".")[0] in others else first
                self.emit("catch", each.node, each, cls=cls, name=each.path, call=call)
            if handler.name:
                known = len(classes) == len(found) > 0
                self.scope.set(handler.name, Value(type=Union[tuple(classes)]) if known else UNKNOWN)
            self._block(handler.body)
        self._block(node.finalbody)

    _trystar = _try

    # ── functions and classes ──

    def _functiondef(self, node: _Function) -> None:
        self.all([*getattr(node, "decorator_list", ()), *node.args.defaults, *node.args.kw_defaults])
        if not isinstance(node, ast.Lambda):
            self.scope.set(node.name, UNKNOWN)
        self._later.append((node, self.scope, self._class))

    _asyncfunctiondef = _lambda = _functiondef

    def _classdef(self, node: ast.ClassDef) -> None:
        self.all([*node.decorator_list, *node.bases, *(each.value for each in node.keywords)])
        outer, self._class, self.scope = (self._class, self.scope), node, Scope(self.scope)
        self.all(node.body)
        self._class, self.scope = outer
        self.scope.set(node.name, UNKNOWN)

    def _inside(self, node: _Function, outer: Scope, cls: Optional[ast.ClassDef]) -> None:
        """Read the body of a function, when all around it is there."""
        self.scope, self._class = Scope(outer.outer if cls and outer.outer else outer), None
        positional = [*node.args.posonlyargs, *node.args.args]
        for each in (*positional, *node.args.kwonlyargs):
            self.scope.set(each.arg, self._annotation(each.annotation))
        for each in filter(None, (node.args.vararg, node.args.kwarg)):
            self.scope.set(each.arg, UNKNOWN)
        if cls and positional and not getattr(node, "decorator_list", ()):
            self.scope.set(positional[0].arg, Value(thing=cls))
        self.all(node.body if isinstance(node.body, list) else [node.body])
