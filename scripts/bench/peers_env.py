"""An environment that has other libraries beside all that is installed here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PEERS = ["mmengine", "accelerate", "lightning", "catalogue", "omegaconf"]
_NEEDED = [
    "addict",
    "antlr4-python3-runtime==4.9.*",
    "lightning-utilities",
    "opencv-python-headless",
    "pytorch-lightning",
    "termcolor",
    "yapf",
]


def run_beside_peers(script: str, *words: str) -> None:
    """Run a script of this folder where the other libraries can be imported.

    Args:
        script: Its name.
        *words: Its arguments.
    """
    path = str(Path(__file__).with_name(script))
    subprocess.run([_python(), "-W", "ignore", path, *words], check=True)


def _python() -> Path:
    """Return the interpreter of the environment, which is made if it is not there."""
    folder = Path(sys.prefix) / "peers"
    python, is_complete = folder / "bin" / "python", folder / "complete"
    if not is_complete.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        [packages] = folder.glob("lib/python*/site-packages")
        own = next(path for path in sys.path if path.endswith("site-packages"))
        (packages / "own.pth").write_text(f"import site; site.addsitedir({own!r})\n")
        uv = os.environ.get("UV", "uv")
        words = [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python)]
        subprocess.run([*words, *PEERS, *_NEEDED], check=True)
        is_complete.touch()
    return python
