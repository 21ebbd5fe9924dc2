"""Reader of the canonical text of a Python config as data: nothing in it runs."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ._errors import ConfigError
from ._limits import TOO_MANY_DIGITS, check_depth, check_text, config_error, max_digits

_CALLS: dict[str, Callable[..., Any]] = {
    "complex": complex,
    "dict": dict,
    "float": float,
    "frozenset": frozenset,
    "range": range,
    "set": set,
}


def loads(text: str, filename: str) -> dict[str, Any]:
    """Return the values of a text that `Config.pretty_text` returned.

    Args:
        text: Assignments of literals, and of calls of `dict`, `float` and the like.
        filename: The name of the text in errors.

    Raises:
        ConfigError: If there is anything else in it; it names the line.
    """
    check_text(text, filename)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        what = str(error.msg)
        if what.startswith(TOO_MANY_DIGITS):
            what = f"an integer has at most {max_digits()} digits, if it is not hexadecimal"
        raise config_error(filename, error.lineno or 1, what) from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise config_error(filename, 1, f"it can't be parsed: {error}") from error
    reader = _Reader(filename)
    values: dict[str, Any] = {}
    for statement in tree.body:
        values |= reader.assign(statement)
    return values


class _Reader:
    """Evaluates the nodes of a syntax tree.

    `ast.literal_eval` would accept arithmetic and `...`, and knows no calls, depth or lines.
    """

    def __init__(self, filename: str) -> None:
        self._filename = filename

    def assign(self, node: ast.stmt) -> dict[str, Any]:
        """Return the names and values of an assignment."""
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            raise self._code_error(node)
        target, value = node.targets[0], self.value(node.value, 2)
        if isinstance(target, ast.Name):
            return {target.id: value}
        if isinstance(target, ast.Tuple) and isinstance(value, tuple):
            names = [each.id for each in target.elts if isinstance(each, ast.Name)]
            if len(names) == len(target.elts) == len(value):
                return dict(zip(names, value, strict=True))
        if isinstance(target, ast.Subscript) and ast.unparse(target.value) == "globals()":
            return {str(self.value(target.slice, 2)): value}
        raise self._code_error(node)

    def value(self, node: ast.expr, depth: int) -> Any:
        """Return the value of an expression."""
        check_depth(depth, self._filename, node.lineno)
        if isinstance(node, ast.Constant) and node.value is not ...:
            return node.value
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            items = [self.value(each, depth + 1) for each in node.elts]
            kinds: dict[type[ast.expr], type] = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
            return self._construct(node, kinds[type(node)], items)
        if isinstance(node, ast.Dict) and None not in node.keys:
            keys = [self.value(key, depth + 1) for key in node.keys if key is not None]
            items = [self.value(each, depth + 1) for each in node.values]
            return self._construct(node, dict, zip(keys, items, strict=True))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.value(node.operand, depth + 1)
            if type(number) in (int, float):
                return -number
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise self._code_error(node)

    def _call(self, node: ast.Call, depth: int) -> Any:
        function = _CALLS.get(node.func.id) if isinstance(node.func, ast.Name) else None
        names = [keyword.arg for keyword in node.keywords]
        if function is None or None in names or (names and function is not dict):
            raise self._code_error(node)
        if function in (set, frozenset):
            self._check_items(node)
        args = [self.value(each, depth + 1) for each in node.args]
        if function is dict and args:
            raise self._code_error(node)
        items = {str(each.arg): self.value(each.value, depth + 1) for each in node.keywords}
        return self._construct(node, function, *args, **items)

    def _check_items(self, node: ast.Call) -> None:
        """Check that the items of a set are written out, since a range could be of any size."""
        for each in node.args:
            if not isinstance(each, (ast.List, ast.Tuple, ast.Set)):
                raise self._code_error(node)

    def _construct(self, node: ast.expr, kind: Callable[..., Any], *args: Any, **items: Any) -> Any:
        try:
            return kind(*args, **items)
        except (TypeError, ValueError) as error:  # an unhashable key, a malformed number
            raise config_error(self._filename, node.lineno, str(error)) from error

    def _code_error(self, node: ast.AST) -> ConfigError:
        code = ast.unparse(node).partition("\n")[0]
        return config_error(
            self._filename,
            getattr(node, "lineno", 1),
            f"`{code}` is code; this text is read as data, which is assignments of literals "
            "and of calls of dict",
        )
