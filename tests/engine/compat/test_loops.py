"""Names of loops by their old names."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from engine.compat._loops import _InfiniteDataloaderIterator
from engine.dataset import DefaultSampler


def test_batches_without_an_end_in_another_order_each_time() -> None:
    data = TensorDataset(torch.arange(6))
    loader = DataLoader(data, batch_size=2, sampler=DefaultSampler(data, seed=1))
    batches = _InfiniteDataloaderIterator(loader)
    passes = [[int(each) for _ in range(3) for each in next(batches)[0]] for _ in range(3)]
    for number, order in enumerate(passes):
        sampler = DefaultSampler(data, seed=1)
        sampler.set_epoch(number)
        assert order == list(sampler)


def test_a_loader_without_a_batch_is_an_error() -> None:
    with pytest.raises(ValueError, match="the data loader has no batch"):
        next(_InfiniteDataloaderIterator(DataLoader(TensorDataset(torch.ones(0)), sampler=[])))
