"""Line numbers of the values of a Python config.

The text is parsed, and does not run: a computed value is on the line of its expression.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from ._line_map import LineMap


def map_lines(text: str) -> LineMap:
    """Return the lines of the names of a Python config, and of the values in them."""
    top = LineMap(0)
    for node in _statements(ast.parse(text).body):
        _record_statement(node, top)
    return top


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements in their order, those within `if`, `for`, `with` and `try` as well."""
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for _, field in ast.iter_fields(node):
                if isinstance(field, list):
                    yield from _statements(each for each in field if isinstance(each, ast.stmt))


def _record_statement(node: ast.stmt, top: LineMap) -> None:
    """Record the lines of the values that a statement sets."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            _assign(target, _expression(node.value, top, node.lineno), top)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        _assign(node.target, _expression(node.value, top, node.lineno), top)
    elif isinstance(node, ast.AugAssign):
        before = _lookup(node.target, top) or LineMap(node.lineno)
        _assign(node.target, LineMap(node.lineno, before.children), top)
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        _assign(node.target, LineMap(node.lineno), top)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        if isinstance(function, ast.Attribute) and function.attr in ("update", "merge"):
            changed = _lookup(function.value, top)
            if changed is not None:
                _update(changed, node.value, top)


def _update(target: LineMap, call: ast.Call, top: LineMap) -> None:
    """Record the lines of the values that `target.update(...)` sets."""
    for argument in call.args:
        target.children.update(_expression(argument, top, argument.lineno).children)
    for keyword in call.keywords:
        if keyword.arg is not None:
            target.children[keyword.arg] = _expression(keyword.value, top, keyword.lineno)


def _assign(target: ast.expr, value: LineMap, top: LineMap) -> None:
    """Record the line of an assignment to a name, an item or an attribute."""
    if isinstance(target, ast.Name):
        top.children[target.id] = value
    elif isinstance(target, (ast.Tuple, ast.List)):
        for index, each in enumerate(target.elts):
            _assign(each, value.children.get(index, LineMap(value.line)), top)
    elif isinstance(target, (ast.Subscript, ast.Attribute)):
        key = _key(target)
        holder = _lookup(target.value, top)
        if key is not None and holder is not None:
            holder.children[key] = value


def _lookup(node: ast.expr, top: LineMap) -> LineMap | None:
    """Return the lines of a name, or of an item or an attribute of one; `globals()` has all."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return top if node.func.id == "globals" else None
    if isinstance(node, ast.Name):
        return top.children.get(node.id)
    if isinstance(node, (ast.Subscript, ast.Attribute)):
        holder, key = _lookup(node.value, top), _key(node)
        return holder.children.get(key) if holder is not None and key is not None else None
    return None


def _key(node: ast.Subscript | ast.Attribute) -> str | int | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, (str, int)):
        return node.slice.value
    return None


def _expression(node: ast.expr, top: LineMap, line: int) -> LineMap:
    """Return the lines of an expression.

    Args:
        node: The expression.
        top: The names so far.
        line: The line of the target of its assignment, or of its key.
    """
    children: dict[str | int, LineMap] = {}
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:  # {**other}
                children.update(_expression(value, top, value.lineno).children)
            elif isinstance(key, ast.Constant) and isinstance(key.value, (str, int)):
                children[key.value] = _expression(value, top, key.lineno)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in ("dict", "ConfigDict"):
            return _dict_call(node, top, line)
    elif isinstance(node, (ast.List, ast.Tuple)):
        for index, each in enumerate(node.elts):
            children[index] = _expression(each, top, each.lineno)
    elif (known := _lookup(node, top)) is not None:
        children = known.children  # the same object, so that a change to one is one to both
    return LineMap(line, children)


def _dict_call(node: ast.Call, top: LineMap, line: int) -> LineMap:
    children: dict[str | int, LineMap] = {}
    for argument in node.args:
        children.update(_expression(argument, top, argument.lineno).children)
    for keyword in node.keywords:
        value = _expression(keyword.value, top, keyword.lineno)
        children.update(value.children if keyword.arg is None else {keyword.arg: value})
    return LineMap(line, children)
