"""Saving of checkpoints at intervals and of the best ones."""

from __future__ import annotations

import hashlib
import io
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch

from engine.checkpoint import (
    CheckpointError,
    read_checkpoint,
    remove_abandoned_folders,
    remove_folder,
)
from engine.dist import is_main_process, master_only
from engine.evaluator import get_metric_value
from engine.fileio import (
    exists,
    get_file_backend,
    isdir,
    isfile,
    join_path,
    put,
    put_text,
    remove,
    remove_abandoned,
)
from engine.registry import HOOKS, needs_trust
from engine.registry.restrictions import NAMES_FILES_OF_RUN, SETS_STORAGE, WRITES_ELSEWHERE
from engine.utils import check_types, deprecated_api_warning, improvement, is_url

from ._hook import Hook, RunnerLike
from ._metric_rule import GREATER, LESS, checked_rule, rule_of

_KEPT, _BEST = "kept_checkpoints", "kept_best_checkpoints"


@HOOKS.register_module()
@needs_trust(
    out_dir=WRITES_ELSEWHERE,
    filename_tmpl=NAMES_FILES_OF_RUN,
    backend_args=SETS_STORAGE,
    file_client_args=SETS_STORAGE,
)
class CheckpointHook(Hook):
    """Saves checkpoints at intervals, and the best one by a metric.

    Args:
        interval: How many epochs (or iterations) lie between two checkpoints; less than 1 means
            none.
        by_epoch: Whether epochs are counted; None means what the training loop counts.
        save_optimizer: Whether the state of the optimizer belongs in.
        save_param_scheduler: Whether the state of the schedulers belongs in.
        out_dir: A folder, or a URL that fsspec knows (`s3://...`); the checkpoints go to a folder
            in it that has the name of the work directory. None means the work directory itself.
        max_keep_ckpts: How many of those at intervals are kept; -1 means all.
        save_last: Whether the end of the training is saved though no interval ends there.
        save_best: The metric, or several, by which the best checkpoint is kept; `'auto'` means
            the first one that the validation gives.
        rule: `'greater'` or `'less'`, one for all metrics or one for each; None infers it from the
            metric's name. A NaN is never the best.
        greater_keys: Parts of the names of metrics for which greater is better; None means names
            such as `acc` and `mIoU`.
        less_keys: Parts of the names of metrics for which less is better; None means `loss`
            and `error`.
        filename_tmpl: The name of a file, with `{}` for the number; None means `epoch_{}.pth` or
            `iter_{}.pth`, without the suffix for a folder. That of the best checkpoint has
            `best_<metric>_` in front.
        backend_args: Arguments of the backend of `out_dir`.
        published_keys: What of the last checkpoint (with `save_last`) and the best ones is written
            once more when the training ends, with a part of the SHA-256 of the file in its name:
            `'state_dict'` gives files with weights alone. None means nothing.
        save_begin: The epoch (or iteration) from which on checkpoints are saved.
        layout: What a checkpoint is: `'file'`, which the first process writes, or `'folder'`, into
            which each process writes its own part: with parameters that are sharded nothing is
            gathered. It needs `engine[safetensors]`, and a folder or storage that all processes
            share.
        background: Whether a folder is written while the training goes on. Its tensors are copied
            to main memory first. What goes wrong is raised at the next checkpoint, or when the
            training ends.

    Raises:
        ValueError: If `save_begin` is negative; if `background` is set for files; if `rule` does
            not fit `save_best`, or is needed and not given; if the best checkpoints by two metrics
            would have one name.
    """

    priority: str | int = "VERY_LOW"

    names_metrics: tuple[str, ...] = ("save_best",)

    @deprecated_api_warning({"file_client_args": "backend_args"})
    @check_types
    def __init__(
        self,
        interval: int = -1,
        by_epoch: bool | None = None,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        out_dir: str | Path | None = None,
        max_keep_ckpts: int = -1,
        save_last: bool = True,
        save_best: str | Sequence[str] | None = None,
        rule: str | Sequence[str] | None = None,
        greater_keys: Sequence[str] | None = None,
        less_keys: Sequence[str] | None = None,
        filename_tmpl: str | None = None,
        backend_args: Mapping[str, Any] | None = None,
        published_keys: str | Sequence[str] | None = None,
        save_begin: int = 0,
        layout: Literal["file", "folder"] = "file",
        background: bool = False,
    ) -> None:
        if save_begin < 0:
            raise ValueError(f"CheckpointHook: save_begin is at least 0; got {save_begin}")
        if background and layout == "file":
            raise ValueError(
                "CheckpointHook: background=True is for layout='folder'; a file is written at once"
            )
        self.layout: Literal["file", "folder"] = layout
        self.background = background
        self.interval = interval
        self.by_epoch: bool = by_epoch is not False
        self._number = 0  # among the hooks of this kind, each of which keeps its own files
        self._others: list[CheckpointHook] = []
        self._resumed_at = 0
        self._said = by_epoch, filename_tmpl
        self.out_dir = out_dir
        self.max_keep_ckpts = max_keep_ckpts
        self.save_last = save_last
        self.save_begin = save_begin
        self.filename_tmpl: str = self._template()
        self.backend_args = backend_args
        self.published_keys: list[str] = _as_list(published_keys)
        self._parts: dict[str, Any] = {
            "save_optimizer": save_optimizer,
            "save_param_scheduler": save_param_scheduler,
        }
        self._keys = (greater_keys or GREATER, less_keys or LESS)
        self._metrics = _as_list(save_best)
        rules = [checked_rule(each) for each in _as_list(rule)] or [
            "" if metric == "auto" else self._rule_of(metric) for metric in self._metrics
        ]
        self._rules = rules * len(self._metrics) if len(rules) == 1 else rules
        if len(self._rules) != len(self._metrics) or (rule and not self._metrics):
            raise ValueError(
                f"rule {rule!r} does not fit save_best {save_best!r}: give one rule for all "
                "metrics, or one for each"
            )
        files: dict[str, str] = {}
        for metric in self._metrics:
            if (other := files.setdefault(_in_file_name(metric), metric)) != metric:
                raise ValueError(
                    f"the best checkpoints by {other!r} and {metric!r} would have one name; give "
                    "one of these metrics another name, or leave it out of save_best"
                )

    def before_run(self, runner: RunnerLike) -> None:
        """Count what the training loop counts, if nothing else was said.

        Raises:
            ValueError: If epochs are to be counted, and the loop counts iterations.
        """
        self.by_epoch = runner.counts_epochs(self._said[0], type(self).__name__)
        self.filename_tmpl = self._template()
        hooks = [hook for hook in runner.hooks if isinstance(hook, CheckpointHook)]
        self._number = hooks.index(self) if self in hooks else 0  # or another hook calls this one
        self._others = [hook for hook in hooks if hook is not self]

    def before_train(self, runner: RunnerLike) -> None:
        """Say where the checkpoints go, and remove what a run that was killed left there."""
        get_file_backend(
            self._folder(runner), backend_args=self.backend_args
        )  # raises if they misfit
        runner.logger.info("Checkpoints will be saved to %s", self._folder(runner))
        self._resumed_at = self._done(runner)
        self._clean(runner)

    def after_train_epoch(self, runner: RunnerLike) -> None:
        """Save where an interval of epochs ends."""
        last = self.save_last and self.is_last_train_epoch(runner)
        if last or self.every_n_epochs(runner, self.interval, self.save_begin):
            self._save(runner, runner.epoch + 1)

    def after_train_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Save where an interval of iterations ends."""
        last = self.save_last and self.is_last_train_iter(runner)
        if last or self.every_n_train_iters(runner, self.interval, self.save_begin):
            self._save(runner, runner.iter + 1)

    def after_val_epoch(self, runner: RunnerLike, metrics: dict[str, float] | None = None) -> None:
        """Save the model if it is the best so far."""
        if not metrics or runner.train_loop is None:
            return
        for metric, rule in zip(self._metrics, self._rules, strict=True):
            self._save_if_best(
                runner, next(iter(metrics)) if metric == "auto" else metric, rule, metrics
            )

    def after_train(self, runner: RunnerLike) -> None:
        """Save the end of a training that was stopped early; publish what was asked for."""
        kept = self._kept(runner)
        number = self._done(runner)
        if self.save_last and number and kept[-1:] != [self.filename_tmpl.format(number)]:
            self._save(runner, number, is_counted=True)
        if self.layout == "folder":
            runner.finish_saving()
        for metric in self._best(runner):
            if is_main_process():
                self._delete(self._former_best(runner, metric))
        if self.published_keys:
            names = self._kept(runner)[-1:] if self.save_last else []
            for name in dict.fromkeys([*names, *self._best(runner).values()]):
                self._publish(runner, name)

    def outcome(self, runner: RunnerLike) -> dict[str, str]:
        """Return the best checkpoints with their scores, and the last one."""
        facts: dict[str, str] = {}
        for metric, name in self._best(runner).items():
            score = runner.message_hub.get_info(self._key(f"best_{metric}"))
            facts[f"best {metric}"] = f"{score:.4f}, {self._file(runner, name)}"
        if kept := self._kept(runner):
            facts["last"] = self._file(runner, kept[-1])
        return facts

    def _overrides(self, point: str) -> bool:
        other = "after_train_iter" if self.by_epoch else "after_train_epoch"
        return super()._overrides(point) and point != other

    def _save(self, runner: RunnerLike, number: int, is_counted: bool = False) -> None:
        name = self.filename_tmpl.format(number)
        before = self._kept(runner)
        # With those that are removed below, in case that this run ends before it has done so.
        kept = [*(other for other in before if other != name), name]
        runner.message_hub.update_info(self._key(_KEPT), kept)
        runner.logger.info("Saving checkpoint at %s", name.removesuffix(".pth").replace("_", " "))
        surplus = self._surplus(kept)
        removed = self._not_of_others(runner, surplus)

        def committed() -> None:
            file = self._file(runner, name)
            if not is_url(file):
                file = os.path.relpath(file, runner.work_dir)
            put_text(file, Path(runner.work_dir) / "last_checkpoint")
            self._delete(removed)  # only now, so that there is a whole one at any moment

        self._write(runner, name, None if is_counted else self.by_epoch, committed)
        runner.message_hub.update_info(self._key(_KEPT), kept[len(surplus) :])

    def _save_if_best(
        self, runner: RunnerLike, metric: str, rule: str, metrics: dict[str, float]
    ) -> None:
        score = float(get_metric_value(metric, metrics))
        hub = runner.message_hub
        former = hub.get_info(self._key(f"best_{metric}"))
        if math.isnan(score):
            runner.logger.warning("The %s is NaN, so that this is not the best checkpoint", metric)
        if improvement(score, former, rule or self._rule_of(metric)) <= 0:
            return
        number = self.filename_tmpl.format(self._done(runner))
        name = f"best_{_in_file_name(metric)}_{number}"
        files = self._best(runner)
        if other := next((each for each in files if each != metric and files[each] == name), None):
            raise ValueError(
                f"the best checkpoint by {metric!r} would take the place of that by {other!r}, "
                f"{name}; give one of these metrics another name"
            )
        old = files.get(metric)
        hub.update_info(self._key(f"best_{metric}"), score)
        hub.update_info(self._key(_BEST), {**files, metric: name})
        removed = self._former_best(runner, metric)
        if old is not None and old != name:
            removed += self._not_of_others(runner, [old])

        def committed() -> None:
            self._delete(removed)
            runner.logger.info("The best %s so far is %.4f, saved as %s", metric, score, name)

        self._write(runner, name, None, committed)

    def _write(
        self,
        runner: RunnerLike,
        name: str,
        by_epoch: bool | None,
        committed: Callable[[], object],
    ) -> None:
        """Save a checkpoint; `committed` is called in the first process once it is there."""
        options = {"by_epoch": by_epoch, "backend_args": self.backend_args, **self._parts}
        if self.layout == "folder":
            options |= {"layout": "folder", "background": self.background, "committed": committed}
        runner.save_checkpoint(self._folder(runner), name, **options)
        if self.layout == "file" and is_main_process():
            committed()

    @master_only
    def _publish(self, runner: RunnerLike, name: str) -> None:
        if not exists(self._file(runner, name), self.backend_args):
            # The run was resumed from a checkpoint in another folder, and that one stayed there.
            runner.logger.warning("%s is not published: it is in another folder", name)
            return
        file = self._file(runner, name)
        checkpoint = read_checkpoint(file, backend_args=self.backend_args, mmap=True)
        if missing := [key for key in self.published_keys if key not in checkpoint]:
            runner.logger.warning(
                "%s has no %s to publish; it has %s",
                name,
                " and no ".join(missing),
                ", ".join(checkpoint),
            )
        stream = io.BytesIO()
        torch.save(
            {key: checkpoint[key] for key in checkpoint if key in self.published_keys}, stream
        )
        stem, suffix = os.path.splitext(name) if self.layout == "file" else (name, ".pth")
        published = f"{stem}-{hashlib.sha256(stream.getbuffer()).hexdigest()[:8]}{suffix}"
        put(stream.getvalue(), self._file(runner, published), self.backend_args)
        runner.logger.info("Published %s as %s", name, published)

    def _surplus(self, kept: list[str]) -> list[str]:
        """Return which of the checkpoints, the oldest first, are too many."""
        return kept[: -self.max_keep_ckpts] if self.max_keep_ckpts > 0 else []

    def _clean(self, runner: RunnerLike) -> None:
        folder = self._folder(runner)
        if is_main_process():
            for place in {runner.work_dir, folder}:
                removed = [] if is_url(place) else remove_abandoned(place)
                removed += [] if is_url(place) else remove_abandoned_folders(place)
                for name in removed:
                    runner.logger.info("Removed %s, which a run that was killed had begun", name)
        is_here = folder == runner.work_dir
        interrupted = runner.message_hub.pop_info("interrupted_checkpoint") if is_here else None
        # It counts as one of this hook's, so that it goes when there are newer ones.
        kept = [*self._kept(runner), *([] if interrupted is None else [interrupted])]
        surplus = self._surplus(kept)
        if is_main_process():
            self._delete(self._not_of_others(runner, surplus))
        if surplus or interrupted is not None:
            runner.message_hub.update_info(self._key(_KEPT), kept[len(surplus) :])

    def _former_best(self, runner: RunnerLike, metric: str) -> list[str]:
        """Return what a run that was killed saved as the best after the checkpoint of a resume."""
        folder = self._folder(runner)
        if not self._resumed_at or not os.path.isdir(folder):  # a URL is no such folder
            return []
        best, prefix = self._best(runner)[metric], f"best_{_in_file_name(metric)}_"
        others = {name for name in os.listdir(folder) if name.startswith(prefix)} - {best}
        numbers = range(self._resumed_at, self._done(runner) + 1) if others else ()
        since = {prefix + self.filename_tmpl.format(number) for number in numbers}
        return self._not_of_others(runner, sorted(others & since))

    def _not_of_others(self, runner: RunnerLike, names: Iterable[str]) -> list[str]:
        """Return the files of checkpoints that no other hook keeps."""
        files = [self._file(runner, name) for name in names]
        return [
            file for file in files if not any(hook._keeps(runner, file) for hook in self._others)
        ]

    def _delete(self, files: Iterable[str]) -> None:
        for file in files:
            if isfile(file, self.backend_args):
                remove(file, self.backend_args)
            elif isdir(file, self.backend_args):
                remove_folder(file, self.backend_args)

    def _keeps(self, runner: RunnerLike, file: str) -> bool:
        names = [*self._kept(runner), *self._best(runner).values()]
        return any(join_path(self._folder(runner), name) == file for name in names)

    def _kept(self, runner: RunnerLike) -> list[str]:
        names = runner.message_hub.get_info(self._key(_KEPT), [])
        return _names(names, names if isinstance(names, (list, tuple)) else None)

    def _best(self, runner: RunnerLike) -> dict[str, str]:
        files = runner.message_hub.get_info(self._key(_BEST), {})
        names = _names(files, files.values() if isinstance(files, Mapping) else None)
        return dict(zip(files, names, strict=True))

    def _key(self, name: str) -> str:
        """Return under what this hook keeps a record: the first one under the plain name."""
        return f"{name}#{self._number + 1}" if self._number else name

    def _folder(self, runner: RunnerLike) -> str:
        if self.out_dir is None:
            return str(runner.work_dir)
        return join_path(self.out_dir, os.path.basename(runner.work_dir))

    def _file(self, runner: RunnerLike, name: str) -> str:
        if _leads_out(name) and not _leads_out(self.filename_tmpl):
            raise CheckpointError(
                f"the run goes on from a checkpoint by which {name!r} is one of its checkpoints; "
                "that is outside of their folder"
            )
        return join_path(self._folder(runner), name)

    def _done(self, runner: RunnerLike) -> int:
        """Return the number of epochs, or of iterations, done so far."""
        return runner.epoch if self.by_epoch else runner.iter

    def _template(self) -> str:
        suffix = ".pth" if self.layout == "file" else ""
        return self._said[1] or f"{'epoch' if self.by_epoch else 'iter'}_{{}}{suffix}"

    def _rule_of(self, metric: str) -> str:
        return rule_of(metric, "save_best", *self._keys)


def _names(record: Any, names: Iterable[Any] | None) -> list[str]:
    """Return the names of files in a record, which a checkpoint may have brought."""
    listed = [] if names is None else [*names]
    if names is None or not all(isinstance(name, str) for name in listed):
        raise CheckpointError(
            f"the run goes on from a checkpoint whose list of files is {record!r}"
        )
    return listed


def _leads_out(name: str) -> bool:
    return os.path.isabs(name) or is_url(name) or ".." in name.replace("\\", "/").split("/")


def _in_file_name(metric: str) -> str:
    return metric.replace("/", "_")


def _as_list(value: str | Sequence[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
