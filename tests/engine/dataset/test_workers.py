"""Random numbers of workers, and batches on their way from one."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from engine.dataset import make_resumable, pseudo_collate, worker_init_fn
from engine.structures import BaseDataElement


class _Samples:
    """Samples of everything that a dataset may give."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> dict[str, Any]:
        image = torch.arange(12, dtype=torch.uint8).reshape(3, 4) + index
        return {
            "image": image,
            "turned": image.t(),
            "part": image[1:, ::2],
            "half": torch.tensor([1.5, index], dtype=torch.bfloat16),
            "none": torch.empty(0, 3),
            "number": torch.tensor(index),
            "array": np.arange(5.0) * index,
            "element": BaseDataElement(
                label=torch.tensor([index]), metainfo=dict(name=f"n{index}")
            ),
            "text": "x" * index,
        }


def _same(ours: Any, theirs: Any) -> None:
    assert type(ours) is type(theirs)
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for key, value in theirs.items():
            _same(ours[key], value)
    elif isinstance(theirs, (list, tuple)):
        for mine, value in zip(ours, theirs, strict=True):
            _same(mine, value)
    elif isinstance(theirs, torch.Tensor):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
    elif isinstance(theirs, np.ndarray):
        np.testing.assert_array_equal(ours, theirs)
    elif isinstance(theirs, BaseDataElement):
        assert torch.equal(ours.label, theirs.label)
        assert ours.name == theirs.name
    else:
        assert ours == theirs


@pytest.mark.parametrize("batch_size", [2, None])
def test_a_worker_s_batches_are_those_of_the_process(batch_size: int | None) -> None:
    def batches(num_workers: int) -> list[Any]:
        loader: DataLoader[Any] = DataLoader(
            _Samples(),  # type: ignore[arg-type]  # a dataset by its methods
            batch_size,
            num_workers=num_workers,
            collate_fn=pseudo_collate if batch_size else None,
        )
        return list(make_resumable(loader, 0).one_pass(0))

    _same(batches(1), batches(0))


def test_a_batch_can_be_changed_and_outlives_its_successors() -> None:
    loader: DataLoader[Any] = DataLoader(
        _Samples(),  # type: ignore[arg-type]  # a dataset by its methods
        2,
        num_workers=1,
        collate_fn=pseudo_collate,
    )
    first, second = make_resumable(loader, 0).one_pass(0)
    second["image"][0].zero_()
    first["image"][0][0, 0] = 77
    assert first["image"][0].flatten().tolist() == [77, *range(1, 12)]
    assert second["image"][1].flatten().tolist() == list(range(3, 15))


def test_each_worker_draws_something_else() -> None:
    def draws(worker_id: int, rank: int) -> tuple[float, float, float]:
        worker_init_fn(worker_id, num_workers=2, rank=rank, seed=5)
        return random.random(), float(np.random.rand()), torch.rand(()).item()

    python_state, numpy_state = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        drawn = [draws(worker, rank) for rank in range(2) for worker in range(2)]
        assert drawn[0] == draws(0, 0)
    random.setstate(python_state)
    np.random.set_state(numpy_state)
    for each in zip(*drawn, strict=True):
        assert len(set(each)) == 4


def test_other_workers_can_be_silenced() -> None:
    with warnings.catch_warnings(record=True) as caught, torch.random.fork_rng():
        warnings.simplefilter("always")
        worker_init_fn(0, 2, 0, 0, disable_subprocess_warning=True)
        warnings.warn("shown", stacklevel=1)
        worker_init_fn(1, 2, 0, 0, disable_subprocess_warning=True)
        warnings.warn("silent", stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["shown"]
