r"""Placeholders inside and outside of quotes.

Tokens consist of letters, so that a text with tokens is still one of its format. In quotes, escapes
in a default are replaced as in the rest of the string: `'{{ $NAME:a\tb }}'` has a tab.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
import tomllib
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from ._placeholders import Placeholders

# Possessive quantifiers, and an open string ends with the text: matching takes linear time.
_JSON = re.compile(r'(?s)"(?:[^"\\]++|\\.)*+"?')
_TOML = re.compile(
    r'(?s)"""(?:[^"\\]++|\\.|"{1,2}+(?!"))*+(?:"{3,5}+)?'
    r"|'''(?:[^']++|'{1,2}+(?!'))*+(?:'{3,5}+)?"
    r'|"(?:[^"\\\n]++|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
)
_STRING = re.compile(r"([A-Za-z]*)(\"\"\"|'''|\"|')")


def mark_quoted(placeholders: Placeholders, suffix: str) -> str:
    """Record which placeholders are in quotes, and return the text with their tokens.

    Args:
        placeholders: The placeholders of a text, in which this is recorded.
        suffix: The format of the text.
    """
    if not placeholders:
        return placeholders.text
    if suffix == ".json":
        return _add_quotes(placeholders, _JSON, _unescape_json)
    if suffix == ".toml":
        return _add_quotes(placeholders, _TOML, _unescape_toml)
    if suffix == ".py":
        _unescape_python_defaults(placeholders)
    else:
        _mark_quoted_yaml(placeholders)
    return placeholders.text


def _record_quoted(
    placeholders: Placeholders, text: str, unescape: Callable[[str], object]
) -> None:
    """Record that the placeholders in a text are in quotes.

    Args:
        placeholders: All placeholders.
        text: The text with their tokens.
        unescape: Replaces the escapes in a text from between these quotes.
    """
    for placeholder in placeholders.find_all(text):
        placeholder.is_quoted = True
        if placeholder.default is not None:
            with suppress(ValueError, SyntaxError):  # it has quotes or backslashes as they are
                placeholder.default = str(unescape(placeholder.default))


def _add_quotes(
    placeholders: Placeholders, strings: re.Pattern[str], unescape: Callable[[str, str], object]
) -> str:
    """Put quotes around the tokens that have none, since a bare token is no value there."""
    pieces, done = [], 0
    for match in strings.finditer(placeholders.text):
        between = placeholders.text[done : match.start()]
        pieces += [placeholders.pattern.sub(r'"\g<0>"', between), match[0]]
        done = match.end()
        _record_quoted(placeholders, match[0], partial(unescape, match[0][0]))
    return "".join([*pieces, placeholders.pattern.sub(r'"\g<0>"', placeholders.text[done:])])


def _unescape_python_defaults(placeholders: Placeholders) -> None:
    """Replace the escapes in defaults; the syntax tree tells what is in quotes."""
    if not any("\\" in (each.default or "") for each in placeholders.find_all(placeholders.text)):
        return  # finding the quotes takes as long as reading the config
    kinds: list[str] = []  # of the f-strings that are open, since Python 3.12
    try:
        for token in tokenize.generate_tokens(io.StringIO(placeholders.text).readline):
            name = tokenize.tok_name[token.type]
            if name == "FSTRING_START":
                kinds.append(token.string)
            elif name == "FSTRING_END":
                kinds.pop()
            elif name in ("STRING", "FSTRING_MIDDLE"):
                found = _STRING.match(token.string if name == "STRING" else kinds[-1])
                assert found is not None
                prefix, quote = found[1].lower().replace("f", ""), found[2]
                _record_quoted(placeholders, token.string, partial(_unescape_python, prefix, quote))
    except (tokenize.TokenError, SyntaxError):
        pass  # compiling it gives a better error


def _mark_quoted_yaml(placeholders: Placeholders) -> None:
    import yaml  # deferred: most configs are Python

    try:
        for token in yaml.scan(placeholders.text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(token, yaml.ScalarToken) and not token.plain:
                _record_quoted(placeholders, token.value, partial(_unescape_yaml, token.style))
    except yaml.YAMLError:
        pass  # parsing it gives a better error


def _unescape_json(quote: str, raw: str) -> object:
    return json.loads(f"{quote}{raw}{quote}")


def _unescape_toml(quote: str, raw: str) -> object:
    return tomllib.loads(f"x = {quote}{raw}{quote}")["x"] if quote in "\"'" else raw


def _unescape_python(prefix: str, quote: str, raw: str) -> object:
    return ast.literal_eval(f"{prefix}{quote}{raw}{quote}")


def _unescape_yaml(style: str | None, raw: str) -> str:
    import yaml  # deferred: see above

    if style != '"':
        return raw.replace("''", "'") if style == "'" else raw
    try:
        event = list(yaml.parse(f'"{raw}"', yaml.SafeLoader))[2]
    except yaml.YAMLError as error:
        raise ValueError from error
    return str(event.value) if isinstance(event, yaml.ScalarEvent) else raw
