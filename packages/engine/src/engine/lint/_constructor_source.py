"""What the source of a constructor tells: forwarded keywords, registries of arguments."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from engine.registry import Registry


@dataclass
class KwargsForwarding:
    """The one call to which a constructor passes its `**kwargs`.

    Attributes:
        base: The name of the base class; None means `super()`.
        positional: The number of positional arguments.
        given: The keyword arguments of the call.
        read: The entries of `**kwargs` that the constructor reads itself.
        defaulted: The entries of `**kwargs` that the constructor sets if they are missing.
    """

    base: str | None = None
    positional: int = 0
    given: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    defaulted: set[str] = field(default_factory=set)


def find_kwargs_forwarding(init: FunctionType, rest: str, owner: str) -> KwargsForwarding | None:
    """Return the call to which a constructor passes its `**kwargs`, or None if that is not clear.

    Args:
        init: The constructor.
        rest: The name of its `**kwargs`.
        owner: The name of its class.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, TypeError, SyntaxError):
        return None
    reader = _Reader(rest, owner, inspect.getfullargspec(init).varargs)
    reader.visit(tree)
    return reader.forwarding if reader.calls == 1 and reader.others == 0 else None


class _Reader(ast.NodeVisitor):
    """Collects the uses of the `**kwargs` of a function.

    Attributes:
        forwarding: The call to which they are passed.
        calls: The number of such calls.
        others: The number of uses that are not understood.
    """

    def __init__(self, rest: str, owner: str, var_positional: str | None) -> None:
        self.rest, self.owner, self.var_positional = rest, owner, var_positional
        self.forwarding = KwargsForwarding()
        self.calls = self.others = 0

    def visit_Call(self, node: ast.Call) -> None:
        passed = [each for each in node.keywords if each.arg is None and self._is_rest(each.value)]
        inner: list[ast.AST] = [*node.args, *(each.value for each in node.keywords)]
        if passed:
            self._read_call(node)
            inner = [each for each in inner if not self._is_rest(each)]
        elif (entry := self._match_entry(node)) is not None:
            method, name = entry
            (self.forwarding.defaulted if method == "setdefault" else self.forwarding.read).add(
                name
            )
        else:
            inner.append(node.func)
        for each in inner:
            self.visit(each)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        name = _text(node.slice)
        if not self._is_rest(node.value) or name is None:
            self.generic_visit(node)
        elif isinstance(node.ctx, ast.Store):
            self.forwarding.given.add(name)
        else:
            self.forwarding.read.add(name)

    def visit_Compare(self, node: ast.Compare) -> None:
        inside = isinstance(node.ops[0], (ast.In, ast.NotIn)) and len(node.ops) == 1
        name = _text(node.left)
        if inside and name is not None and self._is_rest(node.comparators[0]):
            return  # a test of membership does not change where an entry goes
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self.others += node.id == self.rest

    def _read_call(self, node: ast.Call) -> None:
        self.calls += 1
        base = self._find_base(node.func)
        if base is None:
            self.others += 1
            return
        self.forwarding.base = base or None
        positional = [each for each in node.args if not self._is_empty(each)]
        if any(isinstance(each, ast.Starred) for each in positional):
            self.others += 1
        self.forwarding.positional = len(positional) - bool(base)
        self.forwarding.given |= {each.arg for each in node.keywords if each.arg is not None}
        if any(each.arg is None and not self._is_rest(each.value) for each in node.keywords):
            self.others += 1

    def _find_base(self, function: ast.expr) -> str | None:
        """Return the base class that a call of a constructor names, or `''` for `super()`."""
        if not (isinstance(function, ast.Attribute) and function.attr == "__init__"):
            return None
        holder = function.value
        if isinstance(holder, ast.Name):
            return holder.id
        if not (isinstance(holder, ast.Call) and isinstance(holder.func, ast.Name)):
            return None
        first = holder.args[0] if holder.args else None
        own = first is None or (isinstance(first, ast.Name) and first.id == self.owner)
        return "" if holder.func.id == "super" and own else None

    def _match_entry(self, node: ast.Call) -> tuple[str, str] | None:
        """Return the method and the key of calls like `kwargs.pop('key')`."""
        function = node.func
        if not (isinstance(function, ast.Attribute) and self._is_rest(function.value)):
            return None
        name = _text(node.args[0]) if node.args else None
        if function.attr not in ("pop", "get", "setdefault") or name is None:
            return None
        return function.attr, name

    def _is_rest(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.rest

    def _is_empty(self, node: ast.expr) -> bool:
        """Return whether an argument is the `*args` of the function, which a config can't set."""
        return (
            isinstance(node, ast.Starred)
            and isinstance(node.value, ast.Name)
            and node.value.id == self.var_positional
        )


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@cache
def find_built_arguments(target: Callable[..., Any]) -> Mapping[str, Registry[Any]]:
    """Return the registries from which a constructor builds its arguments, by argument.

    It looks for calls like `MODELS.build(backbone)`, with an argument `backbone` and a registry
    `MODELS` that the module has or reaches through another module.

    Args:
        target: A class or function.
    """
    found: dict[str, Registry[Any]] = {}
    inits = [vars(each).get("__init__") for each in getattr(target, "__mro__", ())]
    for init in reversed(inits or [target]):
        if isinstance(init, FunctionType):
            found.update(_find_in_source(init, target))
    return found


def _find_in_source(init: FunctionType, target: Callable[..., Any]) -> dict[str, Registry[Any]]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, TypeError, SyntaxError):
        return {}
    arguments = {*inspect.signature(init).parameters}
    found = {}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute)):
            continue
        registry = _evaluate(node.func.value, init, target) if node.func.attr == "build" else None
        if isinstance(registry, Registry):
            names = {each.id for each in ast.walk(node.args[0]) if isinstance(each, ast.Name)}
            found.update(dict.fromkeys(names & arguments, registry))
    return found


def _evaluate(node: ast.expr, init: FunctionType, target: Callable[..., Any]) -> Any:
    """Return the registry or module of an expression such as `MODELS` or `root.MODELS`."""
    match node:
        case ast.Name(name):
            return init.__globals__.get(name)
        case ast.Attribute(holder, name):
            module = _evaluate(holder, init, target)
            return getattr(module, name, None) if isinstance(module, ModuleType) else None
        case ast.Call(ast.Attribute(holder, "of_library")):
            registry = _evaluate(holder, init, target)
            if isinstance(registry, Registry) and isinstance(target, type):
                return registry.of_library(target)
    return None
