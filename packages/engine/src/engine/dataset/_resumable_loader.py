"""Data loaders that resume in the middle of a pass.

What is drawn at random must follow from the seed of the run and the place of a batch alone, so that
a run that is resumed draws what it would have drawn. A loader by itself does not do that: it draws
the seed of its workers from the global generator, and a worker goes on from wherever its own
generators stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, Protocol

import torch
from torch.utils.data import BatchSampler, DataLoader, IterableDataset

from engine.dist import get_data_info
from engine.logging import get_logger

from ._samplers import set_epoch
from ._workers import Draw, Reader, SharedBatch, WorkerInit


class Extent(NamedTuple):
    """The sizes whose change matters in the middle of a pass.

    Attributes:
        step: How many samples all processes together take in a step.
        size: The number of samples, 0 if it is not known.
        world_size: The number of processes.
    """

    step: int
    size: int
    world_size: int


class ResumableLoader(Protocol):
    """The batches of a data loader, pass by pass."""

    extent: Extent

    def one_pass(self, number: int, start: int = 0) -> Iterator[Any]:
        """Yield the batches of a pass.

        Args:
            number: The number of the pass, on which its order and all random numbers depend.
            start: How many batches to leave out; they are not read.
        """

    def rest(self, number: int, taken: int) -> Iterator[Any]:
        """Yield what is left of a pass.

        Args:
            number: The number of the pass.
            taken: How many samples of it all processes together have taken.
        """

    def left(self, taken: int) -> int | None:
        """Return how many batches of a pass are left, or None where its length is not known.

        Args:
            taken: How many samples of it all processes together have taken.
        """

    def misfit(self, had: Extent) -> str:
        """Return why a pass can't go on in the middle with this loader, or an empty text.

        Args:
            had: The extent of the data with which it was begun.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run can't know of the present pass, as plain data."""

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on with the pass in which `state_dict` was called."""


def make_resumable(loader: Any, seed: int, exact: bool = True) -> ResumableLoader:
    """Return a loader whose passes can be resumed.

    The loader is left as it is, except that a sampler of torch without a generator gets one.

    Args:
        loader: A `DataLoader`, or anything with batches.
        seed: The seed of the run.
        exact: Whether it is an error to go on in the middle of a pass if that can't be exact;
            otherwise the pass begins anew, with a warning.
    """
    is_indexed = (
        isinstance(loader, DataLoader)
        and type(loader).__iter__ is DataLoader.__iter__
        and not isinstance(loader.dataset, IterableDataset)
    )
    return IndexedLoader(loader, seed) if is_indexed else StreamLoader(loader, seed, exact)


class IndexedLoader:
    """The batches of a loader that asks its dataset for indices.

    Indices are skipped without being read. Where workers read the data, each batch begins with
    generators seeded by its place; without workers it goes on from the global ones, whose state is
    part of a checkpoint. Workers that persist start anew, with the dataset as it is then, once
    somebody set `_iterator` of the loader to None, as for any `DataLoader`.
    """

    def __init__(self, loader: DataLoader[Any], seed: int) -> None:
        self._seed = seed
        self._given: Any = loader
        self.extent = extent_of(loader)
        self._draws = _Draws(loader, seed, self.extent)
        self._generator = torch.Generator()
        self._reader = Reader(loader)
        self._is_direct = not loader.num_workers and not loader.pin_memory
        self._loader = DataLoader(
            self._reader,
            batch_size=None,
            sampler=self._draws,
            num_workers=loader.num_workers,
            collate_fn=SharedBatch.pack if loader.num_workers else _identity,
            pin_memory=loader.pin_memory,
            timeout=loader.timeout,
            worker_init_fn=WorkerInit(loader.worker_init_fn),
            multiprocessing_context=loader.multiprocessing_context,
            generator=self._generator,
            prefetch_factor=loader.prefetch_factor,
            persistent_workers=loader.persistent_workers,
            in_order=loader.in_order,
        )

    def one_pass(self, number: int, start: int = 0) -> Iterator[Any]:
        return self.rest(number, start * self.extent.step)

    def rest(self, number: int, taken: int) -> Iterator[Any]:
        self._draws.begin(number, taken)
        self._generator.manual_seed(own_seed(self._seed, number))
        if self._is_direct:  # what the loader does beyond that costs a tenth of a small step
            return map(self._reader.__getitem__, self._draws)
        if self._loader.persistent_workers and self._given._iterator is None:
            self._loader._iterator, self._given._iterator = None, _WorkersElsewhere()
        batches = iter(self._loader)
        return map(SharedBatch.unpack, batches) if self._loader.num_workers else batches

    def left(self, taken: int) -> int | None:
        return self._draws.left(taken)

    def misfit(self, had: Extent) -> str:
        return self._draws.misfit(had)

    def state_dict(self) -> dict[str, Any]:
        return self._draws.state_dict()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        self._draws.load_state_dict(state_dict)


class _Draws:
    """The indices of a loader, from any place of any pass."""

    def __init__(self, loader: DataLoader[Any], seed: int, extent: Extent) -> None:
        self._seed = seed
        self._extent = extent
        self._sampler: Any = getattr(loader.batch_sampler, "sampler", loader.sampler)
        self._source: Any = loader.batch_sampler
        self._has_workers = loader.num_workers > 0
        self._batch_size = 0  # of batches that are pieces of the sampler's order
        if loader.batch_sampler is None:
            self._source, self._batch_size = loader.sampler, 1
        elif type(loader.batch_sampler) is BatchSampler:
            self._batch_size = loader.batch_sampler.batch_size
        self._own, self._given = _generators(self._sampler, loader.batch_sampler)
        self._begun: list[torch.Tensor] = [each.get_state() for each in self._given]
        self._restored: Mapping[str, list[torch.Tensor]] | None = None
        self._number = self._taken = 0

    def begin(self, number: int, taken: int) -> None:
        """Choose the pass, and the place in it, of the next iteration."""
        self._number, self._taken = number, taken
        set_epoch(number, self._sampler, self._source)
        for generator in self._own:
            generator.manual_seed(self._seed + number)
        if self._restored is not None:
            states = self._restored["begun" if taken else "now"]
            for generator, state in zip(self._given, states, strict=True):
                generator.set_state(state)
            self._restored = None
        self._begun = [each.get_state() for each in self._given]

    def state_dict(self) -> dict[str, Any]:
        """Return where generators that a user gave stood when the pass began, and stand now."""
        return {"begun": self._begun, "now": [each.get_state() for each in self._given]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Let the next pass begin with generators as they were."""
        if len(state_dict.get("now", ())) == len(self._given):
            self._restored = state_dict

    def left(self, taken: int) -> int | None:
        """Return how many batches of a pass are left, or None where its length is not known."""
        own = taken // self._extent.world_size
        try:
            if not self._batch_size:
                return max(0, len(self._source) - taken // self._extent.step)
            of_sampler = getattr(self._sampler, "left", None)
            samples = of_sampler(taken) if of_sampler else max(0, len(self._sampler) - own)
        except TypeError:  # no length
            return None
        whole, rest = divmod(samples, self._batch_size)
        return int(whole + bool(rest and not getattr(self._source, "drop_last", False)))

    def misfit(self, had: Extent) -> str:
        """Return why a pass can't go on in the middle, or an empty text."""
        now = self._extent
        if now.size != had.size:
            return f"the data had {had.size} samples and have {now.size} now"
        if now.world_size != had.world_size and not hasattr(self._sampler, "start_at"):
            name = type(self._sampler).__name__
            return (
                f"there were {had.world_size} processes and are {now.world_size} now, and a "
                f"{name} has no start_at, by which they share what is left"
            )
        if now.step != had.step and not self._batch_size:
            name = type(self._source).__name__
            return f"a step took {had.step} samples and takes {now.step} now, cut by a {name}"
        return ""

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[Draw]:
        rank, world_size = get_data_info()
        place = (self._seed, world_size, rank, self._number)
        first = self._taken // self._extent.step
        for number, indices in enumerate(self._remaining(), first):
            yield Draw(indices, (*place, number) if self._has_workers else None)

    def _remaining(self) -> Iterator[Any]:
        """Draw what is left; a sampler that can starts there, of another it is drawn unseen."""
        taken = self._taken
        if not taken:
            return iter(self._source)
        if not self._batch_size:
            return islice(self._source, taken // self._extent.step, None)
        if (start_at := getattr(self._sampler, "start_at", None)) is not None:
            start_at(taken)
            return iter(self._source)
        order = islice(self._sampler, taken // self._extent.world_size, None)
        if self._source is self._sampler:
            return order
        return iter(BatchSampler(order, self._batch_size, self._source.drop_last))


class _OwnGenerator(torch.Generator):
    """A generator that no user gave."""


def _generators(*samplers: Any) -> tuple[list[torch.Generator], list[torch.Generator]]:
    """Return the generators made here for samplers that lack one, and those that they have."""
    own: list[torch.Generator] = []
    given: list[torch.Generator] = []
    for sampler in samplers:
        generator = getattr(sampler, "generator", None)
        if generator is None and hasattr(sampler, "generator"):
            generator = sampler.generator = _OwnGenerator()
        if isinstance(generator, _OwnGenerator):
            own.append(generator)
        elif isinstance(generator, torch.Generator) and generator not in given:
            given.append(generator)
    return own, given


class _WorkersElsewhere:
    """Stands in a loader for persistent workers that another loader has."""

    def _reset(self, loader: Any) -> None:
        """Give a loader that is iterated over workers of its own."""
        loader._iterator = loader._get_iterator()


def _identity(batch: Any) -> Any:
    return batch


class StreamLoader:
    """The batches of an iterable dataset, or of a loader with an iteration of its own.

    Nothing is known of what such a stream does. It can go on in the middle of a pass only if the
    loader, or the dataset that the main process reads, has `state_dict` and `load_state_dict`.
    """

    def __init__(self, loader: Any, seed: int, exact: bool) -> None:
        self._loader = loader
        self._seed = seed
        self.extent = extent_of(loader)
        self._is_exact = exact
        self._holder = _with_state(loader)
        self._state: Mapping[str, Any] | None = None
        self._kept_by = ""

    def one_pass(self, number: int, start: int = 0) -> Iterator[Any]:
        return self.rest(number, start * self.extent.step)

    def rest(self, number: int, taken: int) -> Iterator[Any]:
        set_epoch(number, getattr(self._loader, "dataset", None))
        if isinstance(self._loader, DataLoader):
            self._loader.generator = torch.Generator().manual_seed(own_seed(self._seed, number))
        if taken:
            self._go_on()
        return iter(self._loader)

    def left(self, taken: int) -> int | None:
        try:
            return max(0, len(self._loader) - taken // self.extent.step)
        except TypeError:  # no length
            return None

    def misfit(self, had: Extent) -> str:
        now = self.extent
        if now.world_size != had.world_size:
            return f"there were {had.world_size} processes and are {now.world_size} now"
        if now.size != had.size:
            return f"the data had {had.size} samples and have {now.size} now"
        if now.step != had.step and self._holder is self._loader:
            name = type(self._loader).__name__
            return f"a step took {had.step} samples and takes {now.step} now, cut by a {name}"
        return ""

    def state_dict(self) -> dict[str, Any]:
        if self._holder is None:
            return {}
        return {"stream": self._holder.state_dict(), "kept_by": self._keeper}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        self._state = state_dict.get("stream")
        self._kept_by = state_dict.get("kept_by", self._keeper)

    @property
    def _keeper(self) -> str:
        """What knows the place, which depends on the number of workers."""
        workers = getattr(self._loader, "num_workers", 0)
        return f"{type(self._holder).__name__} with num_workers={workers}"

    def _go_on(self) -> None:
        if self._holder is not None and self._state is not None and self._kept_by == self._keeper:
            self._holder.load_state_dict(self._state)
            self._state = None
            return
        data = getattr(self._loader, "dataset", None)
        name = type(data if isinstance(data, IterableDataset) else self._loader).__name__
        reason = (
            f"The training can't go on exactly in the middle of a pass over {name}, which is read "
            "as a stream whose place is "
        )
        if self._state is None or self._holder is None:
            reason += "not known"
        else:
            reason += f"that of a {self._kept_by}, and not of a {self._keeper}"
        if self._is_exact:
            raise ValueError(
                f"{reason}. Give the dataset state_dict() and load_state_dict(), as a "
                "ShardedStream has them, and read it with num_workers=0 or stateful=True, or use a "
                "loader that has them; with train_cfg=dict(exact_resume=False) the pass begins anew"
            )
        get_logger().warning("%s: it begins anew", reason)


def _with_state(loader: Any) -> Any:
    """Return what knows the place of a stream, or None."""
    candidates = [loader]
    if isinstance(loader, DataLoader) and loader.num_workers == 0:
        candidates.append(loader.dataset)
    for each in candidates:
        if hasattr(each, "state_dict") and hasattr(each, "load_state_dict"):
            return each
    return None


def extent_of(loader: Any) -> Extent:
    """Return the measures of the data of a loader."""
    batch_size = getattr(loader, "batch_size", None)
    if batch_size is None:
        batch_size = getattr(getattr(loader, "batch_sampler", None), "batch_size", None)
    try:
        size = len(getattr(loader, "dataset", ()))
    except TypeError:
        size = 0
    _, world_size = get_data_info()
    return Extent((batch_size or 1) * world_size, size, world_size)


def own_seed(seed: int, number: int) -> int:
    """Return a seed that differs from pass to pass and from process to process."""
    rank, world_size = get_data_info()
    return (seed + number) * world_size + rank
