"""Base class of datasets with an annotation file."""

from __future__ import annotations

import copy
import functools
import gc
import os
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Concatenate, ParamSpec, Protocol, Self, TypeVar

from torch.utils.data import Dataset

from engine.fileio import isfile, join_path, list_from_file, load
from engine.registry import DATASETS, TRANSFORMS, needs_trust
from engine.registry.restrictions import READS_LOCAL_FILES
from engine.utils import check_types

from ._compose import Compose, Transform
from ._packed_records import PackedRecords


class _Lazy(Protocol):
    _fully_initialized: bool

    def full_init(self) -> None: ...


D = TypeVar("D", bound=_Lazy)
P = ParamSpec("P")
R = TypeVar("R")


def force_full_init(old_func: Callable[Concatenate[D, P], R]) -> Callable[Concatenate[D, P], R]:
    """Make a method of a dataset read the annotations first, if that was put off.

    Args:
        old_func: The method.
    """

    @functools.wraps(old_func)
    def wrapper(self: D, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not getattr(self, "_fully_initialized", False):
            self.full_init()
        return old_func(self, *args, **kwargs)

    return wrapper


@DATASETS.register_module()
@needs_trust(
    ann_file=READS_LOCAL_FILES,
    data_root=READS_LOCAL_FILES,
    data_prefix=READS_LOCAL_FILES,
    metainfo=READS_LOCAL_FILES,
)
class BaseDataset(Dataset[Any]):
    """A dataset whose samples are described by a list of dictionaries.

    The list comes from an annotation file of the form

        {"metainfo": {"classes": ["cat", "dog"]},
         "data_list": [{"img_path": "a.png", "gt_label": 0}, ...]}

    (JSON or YAML), or from a subclass that overrides `load_data_list`. A sample is what the
    pipeline makes of such a dictionary.

    Args:
        ann_file: The annotation file.
        metainfo: What is known about the dataset as a whole, the names of the classes for
            example. It goes before the class attribute `METAINFO`, and that before the annotation
            file. A value that names a file means the list of its lines.
        data_root: The folder of the data, put in front of `ann_file` and `data_prefix`.
        data_prefix: For keys of the dictionaries, the folder that their values are in.
        filter_cfg: What `filter_data` of a subclass may want to know.
        indices: Use only the first `indices` samples, the last `-indices`, or these.
        serialize_data: Whether to keep the list as bytes in one buffer that worker processes share.
            It must hold plain data, arrays and tensors then.
        pipeline: The transforms, as callables or configs; the first takes the dictionary.
        test_mode: Whether a sample that the pipeline gives up (None) is an error; else another one
            takes its place.
        lazy_init: Whether to read the annotations only when they are needed.
        max_refetch: How many other samples to try in place of one that was given up.
    """

    METAINFO: ClassVar[dict[str, Any]] = {}
    """What is known about every dataset of this class."""

    # The state of a dataset whose class has a constructor of its own, and does not call this one.
    data_root: str = ""
    ann_file: str = ""
    filter_cfg: Any = None
    serialize_data: bool = True
    test_mode: bool = False
    max_refetch: int = 1000
    data_list: Sequence[dict[str, Any]] = ()
    _indices: int | Sequence[int] | None = None
    _fully_initialized: bool = False

    @check_types
    def __init__(
        self,
        ann_file: str = "",
        metainfo: Mapping[str, Any] | None = None,
        data_root: str | None = "",
        data_prefix: Mapping[str, Any] | None = None,
        filter_cfg: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        pipeline: Sequence[Mapping[str, Any] | Transform] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
        max_refetch: int = 1000,
    ) -> None:
        self.data_root = data_root or ""
        self.ann_file = ann_file or ""
        self.data_prefix: dict[str, Any] = (
            {"img_path": ""} if data_prefix is None else dict(data_prefix)
        )
        self.filter_cfg = copy.deepcopy(filter_cfg)  # a subclass knows what is in it
        self.serialize_data = serialize_data
        self.pipeline: Compose = Compose(pipeline, TRANSFORMS.of_library(self))
        self.test_mode = test_mode
        self.max_refetch = max_refetch
        self.data_list = []
        self._indices = indices
        self._metainfo = self._load_metainfo(metainfo)
        self._fully_initialized = False
        self._join_prefix()
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict[str, Any]:
        """A copy of what is known about the dataset as a whole."""
        return copy.deepcopy(self._metainfo)

    def full_init(self) -> None:
        """Read the annotations, unless that was done.

        Raises:
            FileNotFoundError: If there is no annotation file.
            ValueError: If it does not have the form that this class reads.
            TypeError: If a sample can't be serialized.
        """
        if self._fully_initialized:
            return
        with _gc_paused():
            self.data_list = self.load_data_list()
            self.data_list = self.filter_data()
            if self._indices is not None:
                self.data_list = self._get_unserialized_subset(self._indices)
            if self.serialize_data:
                self.data_list = PackedRecords.pack(self.data_list)
        self._fully_initialized = True

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotation file; a subclass with another source overrides this.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file does not have the form that this class reads.
        """
        if not self.ann_file:
            raise ValueError(
                f"{type(self).__name__} needs an ann_file, or a load_data_list of its own"
            )
        annotations = load(self.ann_file)
        if not isinstance(annotations, dict) or not {"metainfo", "data_list"} <= set(annotations):
            raise ValueError(
                f"{self.ann_file}: an annotation file holds a dictionary with 'metainfo' and "
                f"'data_list', not {_describe(annotations)}"
            )
        for key, value in annotations["metainfo"].items():
            self._metainfo.setdefault(key, value)
        return self._parse(annotations["data_list"])

    def parse_data_info(
        self, raw_data_info: dict[str, Any]
    ) -> dict[str, Any] | list[dict[str, Any]]:
        """Turn an entry of the annotation file into a sample's dictionary, or into several.

        Args:
            raw_data_info: The entry.

        Raises:
            KeyError: If it lacks a key that `data_prefix` names.
        """
        for key, prefix in self.data_prefix.items():
            name = raw_data_info[key]
            if prefix:
                raw_data_info[key] = join_path(prefix, name)
        return raw_data_info

    def filter_data(self) -> Sequence[dict[str, Any]]:
        """Return the samples to keep of `data_list`: all, unless a subclass overrides this."""
        return self.data_list

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the dictionary of a sample, its index included as `sample_idx`.

        Args:
            idx: The index; a negative one counts from the end.
        """
        if not self._fully_initialized:
            self.full_init()
        record = self.data_list[idx]
        data_info = record if self.serialize_data else copy.deepcopy(record)
        data_info["sample_idx"] = idx if idx >= 0 else len(self) + idx
        return data_info

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the classes that are in a sample, as `ClassBalancedDataset` wants to know.

        Args:
            idx: The index.

        Raises:
            NotImplementedError: If the dictionary of the sample has no `gt_label`, and the subclass
                does not override this.
        """
        info = self.get_data_info(idx)
        if "gt_label" not in info:
            raise NotImplementedError(
                f"{type(self).__name__} has no get_cat_ids, and its samples have no 'gt_label'"
            )
        label = info["gt_label"]
        return [int(each) for each in label] if isinstance(label, list) else [int(label)]

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline for a sample.

        Args:
            idx: The index.
        """
        return self.pipeline(self.get_data_info(idx))

    @force_full_init
    def get_subset_(self, indices: int | Sequence[int]) -> None:
        """Keep only a part of the samples.

        Args:
            indices: Keep the first `indices` samples, the last `-indices`, or these.

        Raises:
            TypeError: If it is neither an integer nor a sequence of integers.
        """
        if isinstance(self.data_list, PackedRecords):
            self.data_list = self.data_list.subset(self._chosen(indices))
        else:
            self.data_list = self._get_unserialized_subset(indices)

    @force_full_init
    def get_subset(self, indices: int | Sequence[int]) -> Self:
        """Return a dataset of a part of the samples; this one stays as it is.

        Args:
            indices: Take the first `indices` samples, the last `-indices`, or these.

        Raises:
            TypeError: If it is neither an integer nor a sequence of integers.
        """
        subset = copy.copy(self)
        subset._metainfo = self.metainfo
        subset.get_subset_(indices)
        return subset

    @force_full_init
    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.data_list)

    def __getitem__(self, idx: int) -> Any:
        """Return a sample as the pipeline makes it.

        Raises:
            RuntimeError: If the pipeline gave the sample up, and those that were tried instead.
        """
        data = self.prepare_data(idx)
        return self._substitute(idx) if data is None else data

    def _substitute(self, idx: int) -> Any:
        if self.test_mode:
            raise RuntimeError(f"the pipeline gave up sample {idx} of a dataset in test mode")
        # The substitutes follow from the index alone, so that a resumed run draws the same ones.
        substitutes = random.Random(idx)
        for _ in range(self.max_refetch):
            data = self.prepare_data(substitutes.randrange(len(self)))
            if data is not None:
                return data
        raise RuntimeError(
            f"the pipeline gave up sample {idx} and {self.max_refetch} others; "
            "look for what its transforms drop"
        )

    def _join_prefix(self) -> None:
        """Put `data_root` in front of `ann_file` and of the values of `data_prefix`."""
        self.ann_file = self._below_root(self.ann_file) if self.ann_file else ""
        for key, value in self.data_prefix.items():
            self.data_prefix[key] = self._below_root(value)

    def _below_root(self, name: Any) -> Any:
        """Put the data root in front of a relative name; what isn't a name stays as it is."""
        if not self.data_root or not isinstance(name, str) or os.path.isabs(name) or "://" in name:
            return name
        return join_path(self.data_root, name)

    def _load_metainfo(self, metainfo: Mapping[str, Any] | None) -> dict[str, Any]:
        merged = {**copy.deepcopy(self.METAINFO), **copy.deepcopy(dict(metainfo or {}))}
        for key, value in merged.items():
            if isinstance(value, str) and isfile(value):
                merged[key] = list_from_file(value)
        return merged

    def _parse(self, entries: Iterable[Any]) -> list[dict[str, Any]]:
        data_list: list[dict[str, Any]] = []
        for position, raw in enumerate(entries):
            if not isinstance(raw, dict):
                raise ValueError(f"{self._at(position)} must be a dictionary, not {_describe(raw)}")
            try:
                parsed = self.parse_data_info(raw)
            except KeyError as error:
                raise ValueError(
                    f"{self._at(position)} lacks {error}; it has {', '.join(raw)}"
                ) from error
            if isinstance(parsed, dict):
                data_list.append(parsed)
            else:
                data_list += self._several(parsed)
        return data_list

    def _at(self, position: int) -> str:
        return f"{self.ann_file}: entry {position} of data_list"

    def _several(self, parsed: Any) -> list[dict[str, Any]]:
        if isinstance(parsed, list) and all(isinstance(info, dict) for info in parsed):
            return parsed
        raise TypeError(
            f"{type(self).__name__}.parse_data_info must return a dictionary or a list of "
            f"dictionaries, not {_describe(parsed)}"
        )

    def _get_unserialized_subset(self, indices: int | Sequence[int]) -> list[dict[str, Any]]:
        return [self.data_list[index] for index in self._chosen(indices)]

    def _chosen(self, indices: int | Sequence[int]) -> Sequence[int]:
        everything = range(len(self.data_list))
        if isinstance(indices, int):
            return everything[:indices] if indices >= 0 else everything[indices:]
        if isinstance(indices, Sequence) and not isinstance(indices, str):
            return [everything[index] for index in indices]
        raise TypeError(f"indices are an integer or a sequence of them, not {_describe(indices)}")


def _describe(value: object) -> str:
    if isinstance(value, dict):
        return f"one with {', '.join(map(str, value)) or 'no keys'}"
    return f"a {type(value).__name__}"


@contextmanager
def _gc_paused() -> Iterator[None]:
    """Keep Python from looking for garbage in a block.

    While annotations are read there are more and more objects and none of them is garbage; to look
    for it again and again would take half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
