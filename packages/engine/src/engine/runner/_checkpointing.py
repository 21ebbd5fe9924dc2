"""The runner's verbs of saving, loading and going on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from engine.checkpoint import (
    WITHOUT_WRAPPER,
    CheckpointLoader,
    ReviseKeys,
    facts_of,
    owned,
    save_checkpoint,
)
from engine.dist import broadcast_object_list, is_main_process
from engine.fileio import join_path, put_text
from engine.logging import MessageHub

from ._checkpoint import check_state, load_weights, newest_training
from ._persist import gather, restore, trained_weights
from ._standing import Standing

if TYPE_CHECKING:
    from ._runner import Runner


class KeepsCheckpoints(Standing):
    """The runner's verbs of saving, loading and going on."""

    work_dir: str
    logger: logging.Logger
    message_hub: MessageHub
    call_hook: Callable[..., None]
    _load_from: str | None
    _is_loaded: bool
    _resumed: str | None
    _random_state: dict[str, Any] | None

    def _training_to_resume(self, resume: bool | str, hooks: Iterable[Any]) -> str | None:
        """Find the checkpoint to go on from; all processes take the one that the first finds.

        Args:
            resume: As the runner takes it.
            hooks: The hooks or their configs, which say where checkpoints are written to.
        """
        filename = resume if isinstance(resume, str) else self._load_from
        if not resume or filename is not None:
            return filename if resume else None
        found = [newest_training(self.work_dir, _out_dirs(hooks)) if is_main_process() else None]
        broadcast_object_list(found)
        if found[0] is None:
            self.logger.info("There is no checkpoint in %s: a new start", self.work_dir)
        return found[0]

    def load_or_resume(self) -> None:
        """Load the weights, or go on with a training, as the arguments of the runner say."""
        if self._is_loaded:
            return
        if self._resumed is not None and self.train_loop is not None:
            self.resume(self._resumed)
        elif self._load_from is not None:
            self.load_checkpoint(self._load_from)
        self._is_loaded = True

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | torch.device = "cpu",
        strict: bool = False,
        revise_keys: ReviseKeys = WITHOUT_WRAPPER,
    ) -> dict[str, Any]:
        """Load the weights of a checkpoint; see `engine.runner.load_checkpoint`."""
        checkpoint = CheckpointLoader.load_checkpoint(filename, map_location, mmap=True)
        self._take_weights(filename, checkpoint, strict, revise_keys)
        self.logger.info("Loaded the weights of %s", filename)
        return facts_of(checkpoint)

    def resume(
        self,
        filename: str,
        resume_optimizer: bool = True,
        resume_param_scheduler: bool = True,
        map_location: str | torch.device = "cpu",
    ) -> None:
        """Go on with the training that a checkpoint was made of.

        Args:
            filename: The checkpoint.
            resume_optimizer: Whether to restore the state of the optimizer.
            resume_param_scheduler: Whether to restore the state of the schedulers.
            map_location: The device to which its tensors go.

        Raises:
            CheckpointError: If the file can't be read, or does not fit the run.
        """
        runner = cast("Runner", self)
        checkpoint = CheckpointLoader.load_checkpoint(filename, map_location, mmap=True)
        check_state(checkpoint, filename)
        checkpoint = trained_weights(runner, checkpoint)
        self._take_weights(filename, checkpoint, strict=True, revise_keys=WITHOUT_WRAPPER)
        self._random_state = restore(
            runner,
            facts_of(checkpoint) | {"optimizer": owned(checkpoint.get("optimizer"))},
            filename,
            resume_optimizer=resume_optimizer,
            resume_param_scheduler=resume_param_scheduler,
        )
        self.logger.info(
            "Going on with %s after epoch %d, iteration %d", filename, self.epoch, self.iter
        )

    def _take_weights(
        self, filename: str, checkpoint: dict[str, Any], strict: bool, revise_keys: ReviseKeys
    ) -> None:
        self._is_loaded = True
        load_weights(self.model, checkpoint, filename, strict, self.logger, revise_keys)
        self.call_hook("after_load_checkpoint", checkpoint=checkpoint)

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: Mapping[str, Any] | None = None,
        by_epoch: bool | None = True,
        backend_args: Mapping[str, Any] | None = None,
    ) -> None:
        """Save all that is needed to go on; all processes call it together.

        Args:
            out_dir: The folder, or a URL.
            filename: The name of the file in it.
            save_optimizer: Whether the state of the optimizer belongs in.
            save_param_scheduler: Whether the state of the schedulers belongs in.
            meta: More facts about the run.
            by_epoch: What the loop is about to count as done: True (at `after_train_epoch`) the
                present epoch, False (at `after_train_iter`) the present iteration, None neither.
            backend_args: Options of the file system behind a URL.

        Raises:
            CheckpointError: If it can't be written.
        """
        checkpoint = gather(
            cast("Runner", self),
            save_optimizer=save_optimizer,
            save_param_scheduler=save_param_scheduler,
            meta=meta,
            by_epoch=by_epoch,
        )
        self.call_hook("before_save_checkpoint", checkpoint=checkpoint)
        if is_main_process():
            save_checkpoint(checkpoint, join_path(out_dir, filename), backend_args)

    def _save_interrupted(self) -> None:
        name = f"interrupted_iter_{self.iter}.pth"
        self.message_hub.update_info("interrupted_checkpoint", name)
        self.save_checkpoint(self.work_dir, name, by_epoch=None)
        if is_main_process():
            put_text(name, Path(self.work_dir) / "last_checkpoint")
        self.logger.info("Saved %s; the same command with --resume goes on from there", name)


def _out_dirs(hooks: Iterable[Any]) -> list[str | Path]:
    """Return the folders and URLs to which hooks, or their configs, say that they write."""
    told = [
        each.get("out_dir") if isinstance(each, Mapping) else getattr(each, "out_dir", None)
        for each in hooks
    ]
    return [out_dir for out_dir in told if isinstance(out_dir, (str, Path))]
