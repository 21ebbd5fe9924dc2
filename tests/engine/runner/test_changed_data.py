"""A training goes on with other batches, processes or data: nothing is left out or seen twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from torch import Tensor, distributed, nn
from torch.utils.data import BatchSampler

from engine.dist import all_gather_object
from engine.hooks import Hook
from engine.model import BaseModel
from engine.runner import Runner

PASSES = 3
EXACT = "can't go on exactly in the middle of a pass"


class Net(BaseModel):
    """A weight."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1, 1)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        return {"loss": self.linear(inputs.float()[:, None]).square().mean()}


class Numbers(torch.utils.data.Dataset[dict[str, int]]):
    """Each sample is its index."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> dict[str, int]:
        return {"inputs": index}


class Stopped(Exception):
    """What ends the first training."""


class Watch(Hook):
    """Keeps what is trained on, by passes; saves and stops after an iteration or an epoch."""

    def __init__(self, stop: int = 0, by_epoch: bool = False) -> None:
        self.stop, self.by_epoch = stop, by_epoch
        self.seen: list[tuple[int, list[int]]] = []
        self.numbers: list[int] = []  # of batches in their epochs

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        shards = all_gather_object(data_batch["inputs"].tolist())
        rows = [row[i] for i in range(len(shards[0])) for row in shards]  # as they were dealt out
        self.seen.append((runner.epoch, rows))
        self.numbers.append(batch_idx)
        if not self.by_epoch and runner.iter + 1 == self.stop:
            self._leave(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        if self.by_epoch and runner.epoch + 1 == self.stop:
            self._leave(runner)

    def _leave(self, runner: Runner) -> None:
        runner.save_checkpoint(runner.work_dir, "stop.pth", by_epoch=self.by_epoch)
        raise Stopped

    @property
    def stream(self) -> list[int]:
        """What was trained on, in its order."""
        return [index for _, rows in self.seen for index in rows]


def train(
    folder: Path, watch: Watch, batch: int, size: int, loop: Mapping[str, Any], **changes: Any
) -> Runner:
    loader = {
        "dataset": Numbers(size),
        "batch_size": batch,
        "sampler": {"type": "DefaultSampler"},
        "collate_fn": "default_collate",
        **changes.pop("loader", {}),
    }
    runner = Runner(
        model=Net(),
        work_dir=str(folder),
        train_dataloader=loader,
        train_cfg=loop,
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.0}},
        default_hooks={"checkpoint": None, "logger": None, "curves": None},
        custom_hooks=[watch],
        randomness={"seed": 1},
        log_level="ERROR",
        **changes,
    )
    runner.train()
    return runner


def loop_of(by_epoch: bool, iters: int) -> dict[str, Any]:
    return {"max_epochs": PASSES} if by_epoch else {"by_epoch": False, "max_iters": iters}


def order_of(folder: Path, size: int, passes: int = PASSES, **changes: Any) -> list[int]:
    whole = Watch()
    train(folder, whole, 1, size, {"max_epochs": passes}, **changes)
    return whole.stream


slow_start = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
sizes, batches = st.integers(1, 12), st.integers(1, 7)


@slow_start
@given(st.booleans(), sizes, batches, batches, st.data())
@example(True, 96, 8, 16, None)
@example(True, 96, 8, 4, None)
@example(False, 96, 8, 16, None)
def test_another_batch_size(
    tmp_path: Path, by_epoch: bool, size: int, first: int, second: int, data: Any
) -> None:
    total = -(-size // first) * PASSES
    assume(total > 1)
    stop = 26 if data is None else data.draw(st.integers(1, total - 1))
    before, after = Watch(stop), Watch()
    with pytest.raises(Stopped):
        train(tmp_path, before, first, size, loop_of(by_epoch, total))
    later = stop + 3 * size
    runner = train(
        tmp_path, after, second, size, loop_of(by_epoch, later), resume=str(tmp_path / "stop.pth")
    )
    stream = before.stream + after.stream
    order = order_of(tmp_path, size, len(stream) // size + 1)
    assert stream == (order[: PASSES * size] if by_epoch else order[: len(stream)])
    assert runner.iter == stop + len(after.seen) == runner.max_iters
    if by_epoch and after.numbers:  # hooks find the end of an epoch by the number of the batch
        assert after.numbers[-1] == -(-size // second) - 1


@pytest.mark.parametrize("by_epoch", [True, False])
@pytest.mark.parametrize("stop", [3, 4, 7, 11])
def test_another_kind_of_loop(tmp_path: Path, by_epoch: bool, stop: int) -> None:
    before, after = Watch(stop), Watch()
    with pytest.raises(Stopped):
        train(tmp_path, before, 2, 8, loop_of(by_epoch, 12))
    train(tmp_path, after, 2, 8, loop_of(not by_epoch, 12), resume=str(tmp_path / "stop.pth"))
    assert before.stream + after.stream == order_of(tmp_path, 8)


@slow_start
@given(st.booleans(), sizes, sizes, batches, batches)
def test_other_data_after_an_epoch(
    tmp_path: Path, by_epoch: bool, size: int, other: int, first: int, second: int
) -> None:
    length = -(-size // first)
    before, after = Watch(1 if by_epoch else length, by_epoch), Watch()
    with pytest.raises(Stopped):
        train(tmp_path, before, first, size, loop_of(by_epoch, length + 1))
    train(
        tmp_path,
        after,
        second,
        other,
        loop_of(by_epoch, length + 2 * -(-other // second)),
        resume=str(tmp_path / "stop.pth"),
    )
    assert sorted(before.stream) == [*range(size)]
    assert after.stream == order_of(tmp_path, other)[other:]


@pytest.mark.parametrize("by_epoch", [True, False])
@pytest.mark.parametrize("size", [5, 9])
def test_other_data_in_the_middle_of_an_epoch(tmp_path: Path, by_epoch: bool, size: int) -> None:
    with pytest.raises(Stopped):
        train(tmp_path, Watch(3), 2, 8, loop_of(by_epoch, 9))
    resume = str(tmp_path / "stop.pth")
    with pytest.raises(ValueError, match=f"{EXACT}.* the data had 8 samples and have {size} now"):
        train(tmp_path, Watch(), 2, size, loop_of(by_epoch, 9), resume=resume)
    anew = Watch()
    train(tmp_path, anew, 2, size, loop_of(by_epoch, 9) | {"exact_resume": False}, resume=resume)
    assert sorted(anew.stream[:size]) == [*range(size)]


@pytest.mark.parametrize("second", [1, 3, 8])
def test_a_stream_without_end(tmp_path: Path, second: int) -> None:
    endless = {"loader": {"sampler": {"type": "InfiniteSampler"}}}
    before, after, whole = Watch(5), Watch(), Watch()
    with pytest.raises(Stopped):
        train(tmp_path, before, 2, 7, loop_of(False, 6), **endless)
    resume = str(tmp_path / "stop.pth")
    train(tmp_path, after, second, 7, loop_of(False, 8), resume=resume, **endless)
    train(tmp_path, whole, 1, 7, loop_of(False, 10 + 3 * second), **endless)
    assert before.stream + after.stream == whole.stream
    with pytest.raises(ValueError, match=f"{EXACT}.* the data had 7 samples and have 8 now"):
        train(tmp_path, Watch(), 2, 8, loop_of(False, 8), resume=resume, **endless)


class Pairs(BatchSampler):
    """Batches that are no pieces of the order."""


def test_batches_of_another_kind_are_not_cut_anew(tmp_path: Path) -> None:
    cut = {"loader": {"batch_sampler": {"type": Pairs, "drop_last": False}}}
    with pytest.raises(Stopped):
        train(tmp_path, Watch(1), 2, 8, loop_of(True, 0), **cut)
    resume = str(tmp_path / "stop.pth")
    with pytest.raises(ValueError, match=f"{EXACT}.* a step took 2 samples and takes 4 now, cut"):
        train(tmp_path, Watch(), 4, 8, loop_of(True, 0), resume=resume, **cut)


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_sampler_of_torch(tmp_path: Path, shuffle: bool) -> None:
    plain: dict[str, Any] = {"loader": {"sampler": None, "shuffle": shuffle}}
    before, after = Watch(4), Watch()
    with pytest.raises(Stopped):
        train(tmp_path, before, 3, 9, loop_of(True, 0), **plain)
    train(tmp_path, after, 2, 9, loop_of(True, 0), resume=str(tmp_path / "stop.pth"), **plain)
    assert before.stream + after.stream == order_of(tmp_path, 9, **plain)


@pytest.mark.parametrize("by_epoch", [True, False])
def test_a_checkpoint_of_another_engine_tells_the_iteration_only(
    tmp_path: Path, by_epoch: bool
) -> None:
    with pytest.raises(Stopped):
        train(tmp_path, Watch(5), 2, 8, loop_of(by_epoch, 12))
    file = tmp_path / "stop.pth"
    checkpoint = torch.load(file, weights_only=True)
    for name in ("pass", "samples", "left", "step", "size", "by_epoch"):
        del checkpoint["meta"][name]
    torch.save(checkpoint, file)
    after = Watch()
    train(tmp_path, after, 2, 8, loop_of(by_epoch, 12), resume=str(file))
    assert after.stream == order_of(tmp_path, 8)[10:]
    if by_epoch:
        torch.save(checkpoint | {"meta": checkpoint["meta"] | {"epoch": 2}}, file)
        with pytest.raises(ValueError, match="iteration 5 after 2 epochs is not in an epoch of 8"):
            train(tmp_path, after, 1, 8, loop_of(by_epoch, 12), resume=str(file))


@pytest.mark.slow
def test_another_number_of_processes(together: Callable[..., None], tmp_path: Path) -> None:
    script = Path(__file__)
    for by_epoch in (True, False):
        folder = str(tmp_path / str(by_epoch))
        for number, size in enumerate((2, 1, 2)):
            together(script, size, folder, by_epoch, number)
        starts = [torch.load(Path(folder) / f"{n}.pth", weights_only=True) for n in range(3)]
        stream = [index for seen in starts for index in seen]
        order = order_of(tmp_path / "order", 24, 5)
        assert stream == (order[: PASSES * 24] if by_epoch else order[: len(stream)])


def main(rank: int, variables: Mapping[str, str], folder: str, by_epoch: bool, number: int) -> None:
    """Train a part, as the second or third start of a run with other processes and batches."""
    if int(variables["WORLD_SIZE"]) > 1:
        os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    batch, stop = ((2, 3), (4, 7), (3, 0))[number]
    watch = Watch(stop)
    more: dict[str, Any] = {} if number == 0 else {"resume": f"{folder}/stop.pth"}
    if int(variables["WORLD_SIZE"]) > 1:
        more |= {"launcher": "pytorch", "strategy": {"device": "cpu"}}
    try:
        train(Path(folder), watch, batch, 24, loop_of(by_epoch, 14), **more)
    except Stopped:
        assert stop
    if rank == 0:
        torch.save(watch.stream, f"{folder}/{number}.pth")
    if distributed.is_initialized():
        distributed.destroy_process_group()
