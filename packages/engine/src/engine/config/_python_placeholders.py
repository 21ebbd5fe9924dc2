"""The words of a Python config: their values take the places of their marks in its syntax tree."""

from __future__ import annotations

import ast
import itertools
from typing import Any

from ._errors import ConfigError
from ._limits import index_of
from ._placeholders import Word, Words


def filled(tree: ast.Module, words: Words) -> ast.Module:
    """Return the syntax tree of a config with the values of its words in it.

    A word without quotes is an expression, and one in a string a part of it. A value of a base is
    looked up when the line is run: `_base_.model.depth`.

    Args:
        tree: The syntax tree of a text with marks, which is changed.
        words: The words.

    Raises:
        ConfigError: If a word has no value, or is a part of a name.
    """
    todo: list[ast.AST] = [tree] if words else []
    filler = _Filler(words)
    while todo:  # no function calls itself, which a long sum could make too deep
        node = todo.pop()
        for name, field in ast.iter_fields(node):
            before = [*field] if isinstance(field, list) else [field]
            after = [filler.replaced(each, node) for each in before]
            # In what is new no words are looked for again.
            kept = [old for old, new in zip(before, after, strict=True) if new[0] is old]
            todo += [each for each in kept if isinstance(each, ast.AST)]
            if isinstance(field, list):
                field[:] = itertools.chain(*after)
            else:
                setattr(node, name, after[0][0])
    return tree


class _Filler:
    def __init__(self, words: Words) -> None:
        self._words = words

    def replaced(self, field: Any, parent: ast.AST) -> list[Any]:
        """Return what takes the place of a field of a node; a part of an f-string may be several.

        Raises:
            ConfigError: If a word is a part of a name.
        """
        if isinstance(field, ast.Name) and (word := self._words.alone(field.id)) is not None:
            if not isinstance(field.ctx, ast.Load):
                raise self._no_name(field.id)
            return [self._expression(word, field)]
        if isinstance(field, ast.Constant):
            return self._constant(field, is_part=isinstance(parent, ast.JoinedStr))
        if isinstance(parent, ast.Constant):
            return [field]
        if isinstance(field, str) and self._words.pattern.search(field):
            raise self._no_name(field)
        return [field]

    def _no_name(self, name: str) -> ConfigError:
        words = self._words
        return words.mistake(
            next(words.within(name)),
            f"`{words.restored(name)}` would be a name; a word stands for a value, or for a part "
            "of a text in quotes",
        )

    def _constant(self, node: ast.Constant, *, is_part: bool) -> list[ast.expr]:
        value, words = node.value, self._words
        if isinstance(value, bytes):  # they are no text
            node.value = words.restored(value.decode("latin-1")).encode("latin-1")
        if not isinstance(value, str) or not words.pattern.search(value):
            return [node]
        word = words.alone(value)
        if word is not None and word.base is not None and not is_part:
            return [self._expression(word, node)]
        parts: list[ast.expr] = []
        text = ""
        for piece in words.pieces(value):
            if isinstance(piece, Word) and piece.base is not None:
                shown = ast.FormattedValue(self._expression(piece, node), conversion=-1)
                parts += [_constant(text, node), ast.copy_location(shown, node)]
                text = ""
            else:
                text += words.text_of(piece) if isinstance(piece, Word) else piece
        parts.append(_constant(text, node))
        if is_part:
            return parts
        if len(parts) == 1:
            words.noted(value, text)
            return parts
        return [ast.copy_location(ast.JoinedStr(parts), node)]

    def _expression(self, word: Word, node: ast.expr) -> ast.expr:
        """Return the expression that a word stands for, where `node` was."""
        if word.base is None:
            return _constant(self._words.value_of(word), node)
        found: ast.expr = ast.copy_location(ast.Name("_base_", ast.Load()), node)
        for key in word.base.split("."):
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
