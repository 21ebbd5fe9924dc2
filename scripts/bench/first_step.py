"""How long a new process takes until its first step is done: `engine train`, and a raw loop.

Run as a program it is the raw loop.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from raw_loop import loss_of, new_loader, new_net, new_optimizer

_CONFIG = """
custom_imports = dict(imports=["tiny_parts"])
model = dict(type="Tiny")
train_dataloader = dict(
    dataset=dict(type="Points"), batch_size=8, collate_fn=dict(type="default_collate")
)
train_cfg = dict(max_epochs=1)
optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.01, momentum=0.9))
custom_hooks = [dict(type="LeaveHook")]
"""


def measure(turns: int = 5) -> dict[str, float]:
    """Return the wall seconds of `import torch` alone, of the raw loop and of `engine train`.

    Args:
        turns: How often each is started; the least counts.
    """
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        environ |= {"PYTHONPATH": str(Path(__file__).parent), "PYTHONPYCACHEPREFIX": folder}
        config = Path(folder, "config.py")
        config.write_text(_CONFIG)
        commands = {
            "import torch": ["-c", "import time, torch; print('done', time.time())"],
            "raw": [__file__],
            "engine": ["-m", "engine", "train", str(config), "--work-dir", folder],
        }
        for turn in range(turns + 1):  # the first one compiles
            for name, words in commands.items():
                start = time.time()
                command = [sys.executable, *words]
                run = subprocess.run(
                    command, env=environ, check=True, capture_output=True, text=True
                )
                [end] = [line[5:] for line in run.stdout.splitlines() if line.startswith("done ")]
                if turn:
                    best[name] = min(float(end) - start, best.get(name, float("inf")))
    return best


def main() -> None:
    """Take the first step, and say when it was done."""
    net = new_net()
    optimizer = new_optimizer(net)
    batch = next(iter(new_loader(1)))
    loss_of(net(batch["inputs"]), batch["data_samples"]).backward()
    optimizer.step()
    print("done", time.time())


if __name__ == "__main__":
    main()
