"""Benchmarks, each as a ratio to a floor in the same run: `python scripts/bench NAME`.

registry    look-ups and builds, in seconds and in instructions
"""

from __future__ import annotations

import sys

import registry

BENCHMARKS = {"registry": registry.main}


def main() -> None:
    """Run the benchmark that the command line names."""
    name, *words = sys.argv[1:] or [""]
    if name not in BENCHMARKS:
        raise SystemExit(f"{__doc__}\nthere is no benchmark {name!r}")
    BENCHMARKS[name](words)


if __name__ == "__main__":
    main()
