"""Placeholders of a Python config: values for tokens in its syntax tree."""

from __future__ import annotations

import ast
import bisect
import itertools
from typing import Any

from ._errors import ConfigError
from ._limits import index_of
from ._placeholders import Placeholder, Placeholders


def fill_tree(tree: ast.Module, placeholders: Placeholders) -> ast.Module:
    """Return the syntax tree of a config with the values of its placeholders in it.

    A placeholder without quotes is an expression, and one in a string a part of it. A value of a
    base is looked up when the line runs: `_base_.model.depth`.

    Args:
        tree: The syntax tree of a text with tokens, which is changed.
        placeholders: The placeholders.

    Raises:
        ConfigError: If a placeholder has no value, or is a part of a name.
    """
    todo: list[ast.AST] = [tree] if placeholders else []
    filler = _Filler(placeholders)
    while todo:  # no recursion, for which a long sum could be too deep
        node = todo.pop()
        if not filler.has_tokens(node):
            continue
        for name, field in ast.iter_fields(node):
            before = [*field] if isinstance(field, list) else [field]
            after = [filler.replace(each, node) for each in before]
            # New nodes have no tokens.
            kept = [old for old, new in zip(before, after, strict=True) if new[0] is old]
            todo += [each for each in kept if isinstance(each, ast.AST)]
            if isinstance(field, list):
                field[:] = itertools.chain(*after)
            else:
                setattr(node, name, after[0][0])
    return tree


class _Filler:
    def __init__(self, placeholders: Placeholders) -> None:
        self._placeholders = placeholders
        self._lines = placeholders.token_lines()

    def has_tokens(self, node: ast.AST) -> bool:
        """Return whether there may be tokens in a node: one is on its lines, or it has none."""
        if not isinstance(node, (ast.stmt, ast.expr)):
            return True
        decorators = getattr(node, "decorator_list", ())  # they stand above the line of their node
        start = min(each.lineno for each in (node, *decorators))
        index = bisect.bisect_left(self._lines, start)
        return index < len(self._lines) and self._lines[index] <= (node.end_lineno or start)

    def replace(self, field: Any, parent: ast.AST) -> list[Any]:
        """Return the new nodes for a field of a node; for a part of an f-string, perhaps several.

        Raises:
            ConfigError: If a placeholder is a part of a name.
        """
        placeholder = self._placeholders.match(field.id) if isinstance(field, ast.Name) else None
        if placeholder is not None:
            if not isinstance(field.ctx, ast.Load):
                raise self._name_error(field.id)
            return [self._expression(placeholder, field)]
        if isinstance(field, ast.Constant):
            return self._constant(field, is_part=isinstance(parent, ast.JoinedStr))
        if isinstance(parent, ast.Constant):
            return [field]
        if isinstance(field, str) and self._placeholders.pattern.search(field):
            raise self._name_error(field)
        return [field]

    def _name_error(self, name: str) -> ConfigError:
        placeholders = self._placeholders
        return placeholders.error(
            next(placeholders.find_all(name)),
            f"`{placeholders.restore(name)}` would be a name; a placeholder is a value, or a part "
            "of a text in quotes",
        )

    def _constant(self, node: ast.Constant, *, is_part: bool) -> list[ast.expr]:
        value, placeholders = node.value, self._placeholders
        if isinstance(value, bytes):  # bytes are no text
            node.value = placeholders.restore(value.decode("latin-1")).encode("latin-1")
        if not isinstance(value, str) or not placeholders.pattern.search(value):
            return [node]
        placeholder = placeholders.match(value)
        if placeholder is not None and placeholder.base is not None and not is_part:
            return [self._expression(placeholder, node)]
        parts: list[ast.expr] = []
        text = ""
        for piece in placeholders.split(value):
            if isinstance(piece, Placeholder) and piece.base is not None:
                formatted = ast.FormattedValue(self._expression(piece, node), conversion=-1)
                parts += [_constant(text, node), ast.copy_location(formatted, node)]
                text = ""
            else:
                text += placeholders.text_of(piece) if isinstance(piece, Placeholder) else piece
        parts.append(_constant(text, node))
        if is_part:
            return parts
        if len(parts) == 1:
            placeholders.rename(value, text)
            return parts
        return [ast.copy_location(ast.JoinedStr(parts), node)]

    def _expression(self, placeholder: Placeholder, node: ast.expr) -> ast.expr:
        """Return the expression of a placeholder, at the place of a node."""
        if placeholder.base is None:
            return _constant(self._placeholders.value_of(placeholder), node)
        found: ast.expr = ast.copy_location(ast.Name("_base_", ast.Load()), node)
        for key in placeholder.base.split("."):
            index = index_of(key)
            new: ast.expr
            if index is None:
                new = ast.Attribute(found, key, ast.Load())
            else:
                new = ast.Subscript(found, _constant(index, node), ast.Load())
            found = ast.copy_location(new, node)
        return found


def _constant(value: Any, node: ast.expr) -> ast.Constant:
    return ast.copy_location(ast.Constant(value), node)
