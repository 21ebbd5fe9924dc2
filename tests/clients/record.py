"""Record the facts about libraries on MMEngine.

    python tests/clients/record.py PYTHON LIBRARY...

PYTHON is that of an environment with MMEngine (`environment.py FOLDER --mmengine`).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from compare import HERE, read_facts


def main() -> None:
    """Write a record for each library."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", type=Path)
    parser.add_argument("library", nargs="+")
    args = parser.parse_args()
    (HERE / "records").mkdir(exist_ok=True)
    for library in args.library:
        facts = read_facts(args.python, library)
        text = json.dumps(facts, indent=0, separators=(",", ":"))
        (HERE / "records" / f"{library}.json").write_text(f"{text}\n")
        print(library, {kind: len(found) for kind, found in facts.items()})


if __name__ == "__main__":
    main()
