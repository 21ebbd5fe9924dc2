"""What an iteration costs with other libraries; `loop.py --peers` runs it beside them.

Each trains the network of `raw_loop.py` on the same batches, with its own defaults, a log line
every 50 iterations, and neither checkpoints nor progress bars.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch
from loop import our_training, our_validation
from raw_loop import loss_of, new_loader, new_net, new_optimizer, raw_training, raw_validation
from torch.utils.data import DataLoader

Seconds = Callable[[DataLoader[Any]], float]


def _mmengine(by_epoch: bool | None) -> Seconds:
    """Return the training loop of MMEngine, or with None that of validation."""
    from mmengine.evaluator import BaseMetric
    from mmengine.model import BaseModel
    from mmengine.optim import OptimWrapper
    from mmengine.runner import Runner

    class Model(BaseModel):  # type: ignore[misc]  # mmengine may be missing
        def __init__(self) -> None:
            super().__init__()
            self.net = new_net()

        def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
            scores = self.net(inputs)
            if mode == "loss":
                return {"loss": loss_of(scores, data_samples)}
            return [{"right": right} for right in (scores.argmax(1) == data_samples).tolist()]

    class Accuracy(BaseMetric):  # type: ignore[misc]
        def process(self, data_batch: Any, data_samples: Any) -> None:
            self.results += [each["right"] for each in data_samples]

        def compute_metrics(self, results: Any) -> dict[str, float]:
            return {"acc": sum(results) / len(results)}

    def run(loader: DataLoader[Any]) -> float:
        with tempfile.TemporaryDirectory() as folder:
            model = Model()
            parts: dict[str, Any] = {
                "train_dataloader": loader,
                "train_cfg": {"by_epoch": True, "max_epochs": 1, "val_interval": 10**9},
                "optim_wrapper": OptimWrapper(new_optimizer(model)),
            }
            if by_epoch is False:
                parts["train_cfg"] = {"by_epoch": False, "max_iters": len(loader)}
            if by_epoch is None:
                parts = {"val_dataloader": loader, "val_cfg": {}, "val_evaluator": [Accuracy()]}
            runner = Runner(
                model=model,
                work_dir=folder,
                default_hooks={
                    "logger": {"type": "LoggerHook", "interval": 50},
                    "checkpoint": {"type": "CheckpointHook", "interval": -1, "save_last": False},
                },
                experiment_name=f"bench{time.time_ns()}",
                log_level="ERROR",
                **parts,
            )
            start = time.perf_counter()
            runner.val() if by_epoch is None else runner.train()
            return time.perf_counter() - start

    return run


def _accelerate(loader: DataLoader[Any]) -> float:
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    net = new_net()
    model, optimizer, batches = accelerator.prepare(net, new_optimizer(net), loader)
    model.train()
    start = time.perf_counter()
    for number, batch in enumerate(batches):
        with accelerator.accumulate(model):
            loss = loss_of(model(batch["inputs"]), batch["data_samples"])
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
        if number % 50 == 0:
            accelerator.log({"loss": loss.item()}, step=number)
    return time.perf_counter() - start


def _lightning(validates: bool) -> Seconds:
    import lightning

    class Model(lightning.LightningModule):  # type: ignore[misc]  # it may be missing
        def __init__(self) -> None:
            super().__init__()
            self.net = new_net()

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            loss = loss_of(self.net(batch["inputs"]), batch["data_samples"])
            self.log("loss", loss)
            return loss

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            right = (self.net(batch["inputs"]).argmax(1) == batch["data_samples"]).float()
            self.log("acc", right.mean())

        def configure_optimizers(self) -> Any:
            return new_optimizer(self)

    def run(loader: DataLoader[Any]) -> float:
        with tempfile.TemporaryDirectory() as folder:
            trainer = lightning.Trainer(
                max_epochs=1,
                accelerator="cpu",
                default_root_dir=folder,
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                log_every_n_steps=50,
            )
            model = Model()
            start = time.perf_counter()
            if validates:
                trainer.validate(model, loader, verbose=False)
            else:
                trainer.fit(model, loader)
            return time.perf_counter() - start

    return run


def main() -> None:
    """Print the table."""
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    n = int(sys.argv[1])
    loader = new_loader(n)
    groups: dict[str, dict[str, Seconds]] = {
        "training": {
            "raw loop": lambda data: raw_training(data)[0],
            "engine, epoch loop": lambda data: our_training(data)[0],
            "engine, iteration loop": lambda data: our_training(data, by_epoch=False)[0],
            "MMEngine, epoch loop": _mmengine(by_epoch=True),
            "MMEngine, iteration loop": _mmengine(by_epoch=False),
            "Accelerate": _accelerate,
            "Lightning": _lightning(validates=False),
        },
        "validation": {
            "raw loop": raw_validation,
            "engine": our_validation,
            "MMEngine": _mmengine(by_epoch=None),
            "Lightning": _lightning(validates=True),
        },
    }
    for group, runs in groups.items():
        best: dict[str, float] = {}
        for _ in range(5):
            for name, run in runs.items():
                with contextlib.redirect_stdout(io.StringIO()):
                    seconds = run(loader)
                best[name] = min(seconds, best.get(name, seconds))
        print(f"\n| {group} | µs an iteration | over the raw loop |\n|---|---:|---:|")
        for name, seconds in best.items():
            print(f"| {name} | {seconds / n * 1e6:.0f} | {seconds / best['raw loop']:.2f} |")


if __name__ == "__main__":
    main()
