"""What a run costs around its iterations: its start, its histories, checkpoints and resumes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import first_step
import torch
from measure import by_turns
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from engine.checkpoint import FolderSave, Room, save_checkpoint
from engine.dataset import DefaultSampler, make_resumable
from engine.logging import HistoryBuffer, MessageHub
from engine.runner import load_checkpoint

_ROUNDS = 7
# The first optimizer of a process imports `torch._dynamo`, in a raw loop as well.
_FIRST_STEPS = """
import sys, tempfile, time
import torch._dynamo
from engine.hooks import Hook
from engine.runner import Runner
import engine.dataset, engine.evaluator, engine.optim
from engine.registry import DATASETS, HOOKS, LOOPS, MODELS, OPTIMIZERS, PARAM_SCHEDULERS
from engine.registry import FUNCTIONS, METRICS, VISBACKENDS
sys.path.insert(0, {folder!r})
from loop import Classifier
from raw_loop import new_loader, new_net
roots = (DATASETS, HOOKS, LOOPS, MODELS, OPTIMIZERS, PARAM_SCHEDULERS, FUNCTIONS, METRICS)
for root in (*roots, VISBACKENDS):
    root.import_from_location()

class First(Hook):
    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 0:
            print(time.process_time() - start)

for _ in range(2):
    with tempfile.TemporaryDirectory() as folder:
        cfg = dict(
            model=Classifier(new_net()),
            work_dir=folder,
            train_dataloader=new_loader(3),
            train_cfg=dict(max_epochs=1),
            optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1)),
            param_scheduler=dict(type="StepLR", step_size=1),
            custom_hooks=[First()],
            log_level="ERROR",
        )
        start = time.process_time()
        Runner.from_cfg(cfg).train()
"""

_IMPORT = "import time; start = time.process_time(); {}; print(time.process_time() - start)"


def _told(code: str) -> list[float]:
    """Return the numbers that a program prints."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(line) for line in run.stdout.split()]


def _wall_and_cpu(op: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of a round, and those of the CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    op()
    return time.perf_counter() - wall, time.process_time() - cpu


def _row(name: str, floor: str, ours: str, ratio: float | None, most: str) -> None:
    shown = "" if ratio is None else f"{ratio:.2f}"
    print(f"| {name} | {floor} | {ours} | {shown} | {most} |")


def start() -> None:
    """Measure the time from `Runner.from_cfg` to the first step, and that of the import."""
    first, second = _told(_FIRST_STEPS.format(folder=str(Path(__file__).parent)))
    _row("to the first step, s of CPU", "", f"{first:.3f}", None, "≤ 0.3")
    _row("the same, second run", f"{first:.3f}", f"{second:.3f}", second / first, "≤ 1")
    wall = first_step.measure()
    floor, ours = wall["raw"] - wall["import torch"], wall["engine"] - wall["import torch"]
    _row(
        "a new process until its first step is done, beyond `import torch`: a raw loop, and "
        "`engine train`, s",
        f"{floor:.2f}",
        f"{ours:.2f}",
        ours / floor,
        "≤ 0.3 s more",
    )
    bare, ours = (
        min(_told(_IMPORT.format(code))[0] for _ in range(3))
        for code in ("import torch", "from engine.runner import Runner")
    )
    _row(
        "`engine.runner` over `import torch`, s",
        f"{bare:.2f}",
        f"{ours:.2f}",
        ours / bare,
        "≤ 1.10",
    )


def histories() -> None:
    """Measure what it costs to log a value, whatever is there already."""
    n = 200_000
    for before in (0, 1_000_000):
        plain, history, hub = deque[float](maxlen=1_000_000), HistoryBuffer(), MessageHub("bench")
        for _ in range(before):
            plain.append(1.0)
            history.update(1.0)
            hub.update_scalar("loss", 1.0)

        def append(to: Any = plain) -> None:
            for _ in range(n):
                to.append(1.0)

        def update(to: Any = history) -> None:
            for _ in range(n):
                to.update(1.0)

        def update_scalar(to: Any = hub) -> None:
            for _ in range(n):
                to.update_scalar("loss", 1.0)

        floor = by_turns([append], _ROUNDS)[0] / n * 1e9
        for name, op in (
            ("HistoryBuffer.update", update),
            ("MessageHub.update_scalar", update_scalar),
        ):
            ours = by_turns([op], _ROUNDS)[0] / n * 1e9
            title = f"`{name}`, {before:,} values, ns"
            _row(title, f"{floor:.0f}", f"{ours:.0f}", ours / floor, "≤ 4")


def _model() -> nn.Module:
    from torchvision.models import resnet50

    model: nn.Module = resnet50()
    return model


def checkpoints() -> None:
    """Measure saving and loading a state of the size of a ResNet-50 with its momenta."""
    model, target = _model(), _model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    state = {"state_dict": model.state_dict(), "optimizer": optimizer.state_dict(), "meta": {}}
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # which is on a disk
        plain, ours = Path(folder, "plain.pth"), Path(folder, "ours.pth")

        def save() -> None:
            torch.save(state, plain)

        def save_to_disk() -> None:
            with plain.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())

        def save_ours() -> None:
            save_checkpoint(state, ours)

        def load() -> None:
            content = torch.load(plain, weights_only=True)
            target.load_state_dict(content["state_dict"])

        def load_ours() -> None:
            load_checkpoint(target, ours, strict=True)

        def take() -> None:
            FolderSave(state, {}, f"{folder}/taken", room=room)

        room: Room = {}
        saves = (save, save_to_disk, save_ours, take)
        rounds = [[_wall_and_cpu(op) for op in saves] for _ in range(9)]
        for which, what in enumerate(("ms", "ms of CPU")):
            floor, to_disk, cost, blocked = (
                min(times[number][which] for times in rounds) * 1e3 for number in range(len(saves))
            )
            title = f"`save_checkpoint` over `torch.save`, {what}"
            _row(title, f"{floor:.0f}", f"{cost:.0f}", cost / floor, "≤ 1.05")
            title = "the same, over one with fsync"
            _row(title, f"{to_disk:.0f}", f"{cost:.0f}", cost / to_disk, "")
            title = f"what a save in the background blocks over `torch.save`, {what}"
            _row(title, f"{floor:.0f}", f"{blocked:.0f}", blocked / floor, "≤ 0.3")
        floor, cost = (each * 1e3 for each in by_turns([load, load_ours], 9))
        _row(
            "`load_checkpoint` over `torch.load`, ms",
            f"{floor:.0f}",
            f"{cost:.0f}",
            cost / floor,
            "≤ 1.10",
        )


def resumes() -> None:
    """Measure how long the first batch takes where a run goes on late, over early."""
    data = TensorDataset(torch.arange(1_000_000))
    sampler = DefaultSampler(data, seed=0)
    loader = make_resumable(DataLoader(data, batch_size=8, sampler=sampler), seed=0)

    def first_batch(start: int) -> None:
        next(iter(loader.one_pass(0, start)))

    reads = [partial(first_batch, start) for start in (10, 100_000)]
    early, late = (each * 1e3 for each in by_turns(reads, _ROUNDS))
    _row(
        "resume at iteration 100,000 over 10, ms",
        f"{early:.1f}",
        f"{late:.1f}",
        late / early,
        "≤ 1",
    )


def main() -> None:
    """Print the table."""
    print("\n| case | floor | engine | ratio | target |\n|---|---:|---:|---:|---:|")
    start()
    histories()
    checkpoints()
    resumes()


if __name__ == "__main__":
    main()
