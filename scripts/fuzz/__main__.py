"""Feeds the readers of text configs with broken texts: `python scripts/fuzz --inputs 100000`.

A reader may return values or raise `ConfigError`, within a time; what it returned must have a line
for each value, and be the same after it was written and read again. Texts are changed copies of
those below and of the configs that the libraries ship. If atheris can be imported, it
changes them, guided by what they reach in the readers; else, or with `--own`, this program does.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OUTCOMES = ("read", "refused", "failed")
SUFFIXES = (".yaml", ".json", ".toml")
LONGEST = 20_000
"""How many characters a text has at most; the tests have some for each limit."""


_GRAMMAR = json.loads(Path(__file__).with_name("grammar.json").read_text())
PIECES: dict[str, list[str]] = _GRAMMAR["pieces"]
WHOLE: dict[str, str] = _GRAMMAR["whole"]


class TooSlow(BaseException):
    """A reader took longer than it may."""


class Target:
    """Reads texts, and counts what came of it.

    Args:
        seconds: How long a reader may take.

    Attributes:
        folder: Where it leaves the texts that a reader failed on.
        counts: How often each came of a text of each format.
        failures: What a reader failed on, and how.
        slowest: The longest that a text took in seconds, its format and the text.
    """

    def __init__(self, seconds: float) -> None:
        from engine.config import Config, ConfigError  # deferred: atheris imports it its own way

        self._config, self._error = Config, ConfigError
        self._seconds = seconds
        self.folder = Path(tempfile.mkdtemp(prefix="fuzz"))
        self._start = time.perf_counter()
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        self.slowest = (0.0, "", "")
        signal.signal(signal.SIGALRM, self._stop)

    def check(self, text: str, suffix: str) -> None:
        """Read a text and note what came of it."""
        start = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        try:
            outcome = self._read(text, suffix)
        except (Exception, TooSlow) as error:  # noqa: BLE001  # to find these is the purpose
            outcome = "failed"
            self._keep(text, suffix, error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.counts[f"{suffix} {outcome}"] += 1
        self.slowest = max(self.slowest, (time.perf_counter() - start, suffix, text))

    def _read(self, text: str, suffix: str) -> str:
        try:
            cfg = self._config.fromstring(text, suffix)
        except self._error:
            return "refused"
        values = cfg.to_dict()
        for key in values:
            site = None if "." in key or not key else cfg.provenance(key).site
            if site is not None and not 1 <= (site.line or 0) <= len(text.splitlines()) + 1:
                raise AssertionError(f"{key!r} stands on line {site.line}")
        file = self.folder / "again.yaml"
        cfg.dump(file)
        again = self._config.fromfile(file).to_dict()
        if repr(again) != repr(values):
            raise AssertionError(f"written and read again it is {again!r}, not {values!r}")
        return "read"

    def _stop(self, number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"longer than {self._seconds} s")

    def _keep(self, text: str, suffix: str, error: BaseException) -> None:
        file = self.folder / f"failure{len(self.failures)}{suffix}"
        file.write_text(text, encoding="utf-8", errors="surrogatepass")
        self.failures.append(f"{file}: {type(error).__name__}: {str(error)[:200]}")

    def report(self, how: str) -> int:
        """Print what came of all texts, and return the exit status."""
        seconds, total = time.perf_counter() - self._start, sum(self.counts.values())
        print(f"{total:,} inputs by {how} in {seconds:.0f} s, {total / seconds:,.0f} per second")
        for suffix in SUFFIXES:
            parts = [f"{self.counts[f'{suffix} {what}']:>8,} {what}" for what in OUTCOMES]
            print(f"{suffix}  {' '.join(parts)}")
        slow, suffix, text = self.slowest
        print(f"slowest: {slow:.3f} s, {suffix}, {len(text):,} characters: {text[:60]!r}")
        print("\n".join(self.failures) or "no failures")
        if not self.failures:
            shutil.rmtree(self.folder)
        return 1 if self.failures else 0


def mutated(random: Random, texts: list[str], pieces: list[str]) -> str:
    """Return a text that is made of others.

    Args:
        random: Makes the choices.
        texts: Some of which the result is a changed copy.
        pieces: What a text may be made of.
    """
    if random.random() < 0.2:
        return "".join(random.choices(pieces, k=random.randint(1, 40)))
    text = random.choice(texts)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        first = random.randint(0, len(text))
        last = min(len(text), first + int(random.expovariate(0.1)))
        cut = text[first:last]
        kind = random.randrange(8)
        if kind == 0:
            cut = ""
        elif kind == 1:
            cut *= random.choice((2, 3, 50, 1000))
        elif kind == 2:
            other = random.choice(texts)
            begin = random.randint(0, len(other))
            cut = other[begin : begin + int(random.expovariate(0.02))]
        elif kind == 3:
            cut = random.choice(pieces) * random.choice((1, 1, 1, 2, 99, 101, 3000))
        elif kind == 4:
            cut = chr(random.choice((random.randrange(128), random.randrange(0x110000))))
        else:
            cut = random.choice(pieces) + (cut if kind % 2 else "")
        text = text[:first] + cut + text[last:]
    return text[:LONGEST]


def seeds(suffix: str) -> list[str]:
    """Return valid texts of a format: those of the grammar, and the configs that are shipped."""
    from engine.config import Config

    texts = [WHOLE[suffix]]
    if suffix == ".toml":
        return texts + [file.read_text() for file in ROOT.glob("packages/*/pyproject.toml")]
    with tempfile.TemporaryDirectory() as folder:
        for file in ROOT.glob("packages/*/src/*/configs/**/*.py"):
            texts.append(Config.fromfile(file).dump(Path(folder, f"x{suffix}")))
    return texts


def fuzz(target: Target, inputs: int, seed: int) -> int:
    """Check texts of our own making."""
    texts = {suffix: seeds(suffix) for suffix in SUFFIXES}
    for index in range(inputs):
        random, suffix = Random(f"{seed}:{index}"), SUFFIXES[index % 3]
        target.check(mutated(random, texts[suffix], PIECES[suffix]), suffix)
    return target.report("the program's own mutator")


def fuzz_with_atheris(inputs: int, seed: int, seconds: float) -> None:
    """Check texts that atheris makes of the same; it ends the program."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["engine.config", "yaml", "json", "tomllib"]):
        for name in ("yaml", "engine.config._yaml", "engine.config._json", "engine.config._toml"):
            importlib.import_module(name)
    target = Target(seconds)

    def one(data: bytes) -> None:
        if data:
            target.check(data[1:].decode("utf-8", "ignore"), SUFFIXES[data[0] % 3])
        if sum(target.counts.values()) == inputs:
            status = target.report("atheris")
            sys.stdout.flush()
            os._exit(status)

    folder = target.folder
    (folder / "texts").mkdir()
    for index, suffix in enumerate(SUFFIXES):
        for number, text in enumerate(seeds(suffix)):
            data = bytes([index]) + text.encode()[: LONGEST - 1]
            (folder / "texts" / f"{index}-{number}").write_bytes(data)
    words = {piece.encode() for pieces in PIECES.values() for piece in pieces}
    quoted = ("".join(f"\\x{byte:02x}" for byte in word) for word in sorted(words))
    (folder / "words").write_text("".join(f'"{word}"\n' for word in quoted))
    options = [f"-seed={seed + 1}", f"-dict={folder / 'words'}", f"-max_len={LONGEST}"]
    atheris.Setup([sys.argv[0], *options, str(folder / "texts")], one)
    atheris.Fuzz()


def main() -> int:
    """Run what the command line asks for, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="how many texts")
    parser.add_argument("--seed", type=int, default=0, help="the same makes the same texts")
    parser.add_argument("--seconds", type=float, default=5, help="what a reader may take for one")
    parser.add_argument("--own", action="store_true", help="don't use atheris")
    parser.add_argument("--no-libyaml", action="store_true", help="use PyYAML's parser in Python")
    options = parser.parse_args()
    if options.no_libyaml:
        vars(importlib.import_module("yaml")).pop("CSafeLoader", None)
    faulthandler.enable()
    if not options.own and importlib.util.find_spec("atheris") is not None:
        fuzz_with_atheris(options.inputs, options.seed, options.seconds)
    return fuzz(Target(options.seconds), options.inputs, options.seed)


if __name__ == "__main__":
    raise SystemExit(main())
