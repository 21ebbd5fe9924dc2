"""What the functions of `dist` give in two processes, beside what MMEngine's give."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_two_processes_get_what_those_of_mmengine_get() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-W", "ignore", str(HERE / "dist_facts.py"), port]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    record = json.loads((HERE / "records" / "dist.json").read_text())
    # Versions of torch before 2.14 tell of each connection.
    printed = re.sub(r"^\[Gloo\] .*\n", "", done.stdout, flags=re.MULTILINE)
    for got, expected in zip(json.loads(printed), record, strict=True):
        assert got == expected
