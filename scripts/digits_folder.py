"""Writes the digits of mmbeta as a folder of images and masks, as a user's own data would be.

python scripts/digits_folder.py data/digits
engine train mmbeta::fcn_r18_folder.py --data-root data/digits
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal

from mmbeta.datasets import DigitsCanvas, write_folder

SPLITS: tuple[Literal["train", "test"], ...] = ("train", "test")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("--images", type=int, help="of each split; 1,200 and 300 if not said")
    arguments = parser.parse_args()
    for split in SPLITS:
        data = DigitsCanvas(split, arguments.images)
        write_folder(data, arguments.out, split)
        print(f"{len(data)} images and masks in {arguments.out}/*/{split}")


if __name__ == "__main__":
    main()
