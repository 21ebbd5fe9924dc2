"""Guides, source and tests spell words alike: American English, and one form of each term."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *ROOT.glob("*.md"),
    *(
        path
        for folder in ("docs", "packages", "scripts", "tests")
        for path in ROOT.glob(f"{folder}/**/*")
        if path.suffix in (".md", ".py", ".pyi", ".toml") and path != Path(__file__)
    ),
]
# The names of a paper and of a library, and one that a test misspells.
ALLOWED = re.compile(r"Generalised Dice|catalogue\b|Visualiser")
WORD = re.compile(
    r"[a-z]+(?:[ -](?:sets?|ends?|ups?)\b(?! (?:an?|any|some|what|options?) ))?", re.I
)
WRONG = {
    "data[ -]sets?": "dataset",
    "back[ -]ends?": "backend",
    "look-ups?": "lookup (noun), look up (verb)",
    "(colour|favour|honour|neighbour|behaviour).*": "-or",
    "grey.*": "gray",
    "centre[ds]?|metres?": "center, meter",
    "(licen|defen)ces?": "-se",
    "(catalogu|artefact|judgement).*": "catalog, artifact, judgment",
    "analys(e[ds]?|ing)": "analyze",
    "(label|model|cancel|travel|signal)l(ed|ing)": "one l",
    "[a-z]*(author|categor|character|custom|equal|final|general|initial|maxim|minim|normal|optim|"
    "organ|parallel|quant|random|real|recogn|regular|serial|special|standard|summar|synchron|"
    "token|util|vector|visual)is(e[drs]?|ers|ing|ations?)": "-ize",
}


@cache
def spelling_of(word: str) -> str | None:
    """Return how a word is to be spelled, or None if it is spelled so."""
    return next((right for wrong, right in WRONG.items() if re.fullmatch(wrong, word)), None)


def test_words_are_spelled_alike() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word!r}: {right}"
        for path in FILES
        for word in sorted({*WORD.findall(ALLOWED.sub("", path.read_text("utf-8")).lower())})
        if (right := spelling_of(word)) is not None
    ]
    assert not found, "\n".join(found)
