"""To which constructor another one passes its `**kwargs`, as its source says."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass, field
from types import FunctionType


@dataclass
class Forward:
    """The one call to which a constructor passes its `**kwargs`.

    Attributes:
        base: The base class that it names; None stands for `super()`.
        positional: How many arguments it gives by position.
        given: The arguments that it gives by name.
        read: The entries of `**kwargs` that it takes for itself.
        defaulted: The entries of `**kwargs` that it sets where there are none.
    """

    base: str | None = None
    positional: int = 0
    given: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    defaulted: set[str] = field(default_factory=set)


def forward_of(init: FunctionType, rest: str, owner: str) -> Forward | None:
    """Return where the `**kwargs` of a constructor go, or None if that can't be told for sure.

    Args:
        init: The constructor.
        rest: What it calls its `**kwargs`.
        owner: The name of its class.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, TypeError, SyntaxError):
        return None
    reader = _Reader(rest, owner, _var_positional(init))
    reader.visit(tree)
    return reader.forward if reader.calls == 1 and reader.others == 0 else None


class _Reader(ast.NodeVisitor):
    """Finds all that a function does with its `**kwargs`.

    Attributes:
        forward: What is known of the call to which they are passed on.
        calls: The number of such calls.
        others: How often they are used in a way that this does not understand.
    """

    def __init__(self, rest: str, owner: str, var_positional: str | None) -> None:
        self.rest, self.owner, self.var_positional = rest, owner, var_positional
        self.forward = Forward()
        self.calls = self.others = 0

    def visit_Call(self, node: ast.Call) -> None:
        passed = [each for each in node.keywords if each.arg is None and self._is_rest(each.value)]
        inner: list[ast.AST] = [*node.args, *(each.value for each in node.keywords)]
        if passed:
            self._note_call(node)
            inner = [each for each in inner if not self._is_rest(each)]
        elif (entry := self._entry(node)) is not None:
            method, name = entry
            (self.forward.defaulted if method == "setdefault" else self.forward.read).add(name)
        else:
            inner.append(node.func)
        for each in inner:
            self.visit(each)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        name = _text(node.slice)
        if not self._is_rest(node.value) or name is None:
            self.generic_visit(node)
        elif isinstance(node.ctx, ast.Store):
            self.forward.given.add(name)
        else:
            self.forward.read.add(name)

    def visit_Compare(self, node: ast.Compare) -> None:
        inside = isinstance(node.ops[0], (ast.In, ast.NotIn)) and len(node.ops) == 1
        name = _text(node.left)
        if inside and name is not None and self._is_rest(node.comparators[0]):
            return  # whether an entry is there decides nothing about where it goes
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self.others += node.id == self.rest

    def _note_call(self, node: ast.Call) -> None:
        self.calls += 1
        base = self._callee(node.func)
        if base is None:
            self.others += 1
            return
        self.forward.base = base or None
        positional = [each for each in node.args if not self._is_empty(each)]
        if any(isinstance(each, ast.Starred) for each in positional):
            self.others += 1
        self.forward.positional = len(positional) - bool(base)
        self.forward.given |= {each.arg for each in node.keywords if each.arg is not None}
        if any(each.arg is None and not self._is_rest(each.value) for each in node.keywords):
            self.others += 1

    def _callee(self, function: ast.expr) -> str | None:
        """Return the base class that a call of a constructor names, an empty text for `super()`."""
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

    def _entry(self, node: ast.Call) -> tuple[str, str] | None:
        """Return method and key of `kwargs.pop('key')` and the like."""
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
        """Return whether an argument is the function's own `*args`, which a config can't fill."""
        return (
            isinstance(node, ast.Starred)
            and isinstance(node.value, ast.Name)
            and node.value.id == self.var_positional
        )


def _var_positional(init: FunctionType) -> str | None:
    return inspect.getfullargspec(init).varargs


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
