r"""Where words stand in a text: in quotes, or without.

Marks are words of letters, so that a text with them is one of its format. What a default says in
quotes is read as the rest of the string is: `'{{ $NAME:a\tb }}'` has a tab.
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

from ._placeholders import Words

# Each quantifier keeps what it took, and an open string ends with the text: this is linear.
_JSON = re.compile(r'(?s)"(?:[^"\\]++|\\.)*+"?')
_TOML = re.compile(
    r'(?s)"""(?:[^"\\]++|\\.|"{1,2}+(?!"))*+(?:"{3,5}+)?'
    r"|'''(?:[^']++|'{1,2}+(?!'))*+(?:'{3,5}+)?"
    r'|"(?:[^"\\\n]++|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
)
_STRING = re.compile(r"([A-Za-z]*)(\"\"\"|'''|\"|')")


def settle(words: Words, suffix: str) -> str:
    """Note which words stand in quotes, and return the text with their marks.

    Args:
        words: The words of a text, whose notes are taken.
        suffix: The format of the text.
    """
    if not words:
        return words.text
    if suffix == ".json":
        return _with_quotes(words, _JSON, _json_string)
    if suffix == ".toml":
        return _with_quotes(words, _TOML, _toml_string)
    if suffix == ".py":
        _settle_python(words)
    else:
        _settle_yaml(words)
    return words.text


def _quoted(words: Words, text: str, unescaped: Callable[[str], object]) -> None:
    """Note that the words in a text stand in quotes.

    Args:
        words: The words.
        text: The text with their marks.
        unescaped: Reads what was written between quotes.
    """
    for word in words.within(text):
        word.is_quoted = True
        if word.default is not None:
            with suppress(ValueError, SyntaxError):  # it has quotes or backslashes as they are
                word.default = str(unescaped(word.default))


def _with_quotes(words: Words, strings: re.Pattern[str], read: Callable[[str, str], object]) -> str:
    """Put quotes around those that have none, since a bare word is no value there."""
    pieces, done = [], 0
    for match in strings.finditer(words.text):
        pieces += [words.pattern.sub(r'"\g<0>"', words.text[done : match.start()]), match[0]]
        done = match.end()
        quote = match[0][0]
        _quoted(words, match[0], lambda raw, quote=quote: read(quote, raw))  # type: ignore[misc]  # mypy knows no defaults of lambdas
    return "".join([*pieces, words.pattern.sub(r'"\g<0>"', words.text[done:])])


def _json_string(quote: str, raw: str) -> object:
    return json.loads(f"{quote}{raw}{quote}")


def _toml_string(quote: str, raw: str) -> object:
    return tomllib.loads(f"x = {quote}{raw}{quote}")["x"] if quote in "\"'" else raw


def _settle_python(words: Words) -> None:
    kinds: list[str] = []  # of the f-strings that are open, since Python 3.12
    try:
        for token in tokenize.generate_tokens(io.StringIO(words.text).readline):
            name = tokenize.tok_name[token.type]
            if name == "FSTRING_START":
                kinds.append(token.string)
            elif name == "FSTRING_END":
                kinds.pop()
            elif name in ("STRING", "FSTRING_MIDDLE"):
                found = _STRING.match(token.string if name == "STRING" else kinds[-1])
                assert found is not None
                prefix, quote = found[1].lower().replace("f", ""), found[2]
                _quoted(
                    words,
                    token.string,
                    lambda raw, around=(prefix, quote): ast.literal_eval(  # type: ignore[misc]  # mypy knows no defaults of lambdas
                        f"{around[0]}{around[1]}{raw}{around[1]}"
                    ),
                )
    except (tokenize.TokenError, SyntaxError):
        pass  # to compile it gives a better error


def _settle_yaml(words: Words) -> None:
    import yaml  # deferred: most configs are Python

    def unescaped(raw: str, style: str) -> str:
        if style == '"':
            event = list(yaml.parse(f'"{raw}"', yaml.SafeLoader))[2]
            return str(event.value) if isinstance(event, yaml.ScalarEvent) else raw
        return raw.replace("''", "'") if style == "'" else raw

    try:
        for token in yaml.scan(words.text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(token, yaml.ScalarToken) and not token.plain:
                style = token.style or ""

                def read(raw: str, style: str = style) -> str:
                    try:
                        return unescaped(raw, style)
                    except yaml.YAMLError as error:
                        raise ValueError from error

                _quoted(words, token.value, read)
    except yaml.YAMLError:
        pass  # to parse it gives a better error
