"""Visualizer: drawing on images, and writing to backends."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np
from torch import Tensor, nn

from engine.registry import VISBACKENDS, VISUALIZERS, needs_trust
from engine.registry.restrictions import WRITES_ELSEWHERE
from engine.structures import BaseDataElement
from engine.utils import ManagerMixin, check_types, mutable_copy

from ._backend import BaseVisBackend, Image
from ._drawing import ImageDrawer
from ._featmap import draw_featmap
from ._image_io import show_image
from ._sample import draw_fields

if TYPE_CHECKING:
    from engine.config import Config

# After a failure a backend is left alone for so many times as long as that took, so that one whose
# server is away takes a tenth of the run's time at most.
_REST = 9

_logger = logging.getLogger(__name__)


@VISUALIZERS.register_module()
@needs_trust(save_dir=WRITES_ELSEWHERE)
class Visualizer(ImageDrawer, ManagerMixin):
    """Draws on an image, and hands images and numbers to all backends.

    A backend that fails does not end the run: its first failure is logged.

    Args:
        name: The name under which `get_instance` finds the visualizer.
        image: The image to draw on, RGB of shape (H, W, 3).
        vis_backends: The backends, or configs of ones, which may have a `name`.
        save_dir: The folder of the run; the backends write to `vis_data` in it.
        fig_save_cfg: Arguments of matplotlib's figure behind the image, such as `dpi`.
        fig_show_cfg: Arguments of that in the window of `show`.

    Raises:
        ValueError: If two backends have the same name.
    """

    @check_types
    def __init__(
        self,
        name: str = "visualizer",
        image: Image | None = None,
        vis_backends: Sequence[Mapping[str, Any] | BaseVisBackend] | None = None,
        save_dir: str | os.PathLike[str] | None = None,
        fig_save_cfg: Mapping[str, Any] | None = None,
        fig_show_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        ImageDrawer.__init__(self, fig_save_cfg)
        ManagerMixin.__init__(self, name)
        self.fig_show_cfg: dict[str, Any] = (
            {"frameon": False} if fig_show_cfg is None else dict(fig_show_cfg)
        )
        self.dataset_meta: Mapping[str, Any] = {}
        self._vis_backends: dict[str, BaseVisBackend] = {}
        self._failed: set[str] = set()
        self._rests_until: dict[str, float] = {}
        for given in vis_backends or ():
            self._add_backend(given, save_dir)
        if image is not None:
            self.set_image(image)

    def get_backend(self, name: str) -> BaseVisBackend:
        """Return a backend.

        Args:
            name: The name that its config gave it, else that of its class.

        Raises:
            KeyError: If there is no such backend.
        """
        if name not in self._vis_backends:
            known = ", ".join(self._vis_backends) or "none"
            raise KeyError(f"there is no visual backend {name!r}; there are {known}")
        return self._vis_backends[name]

    def check_installed(self) -> None:
        """Check that what the backends need is installed, which they import when they are used.

        Raises:
            ImportError: If it is not; it says what to install.
        """
        for backend in self._vis_backends.values():
            if isinstance(backend, BaseVisBackend):
                backend.check_installed()

    def show(
        self,
        drawn_img: Image | None = None,
        win_name: str = "image",
        wait_time: float = 0.0,
        continue_key: str = " ",
        backend: str = "matplotlib",
    ) -> None:
        """Show an image in a window.

        Args:
            drawn_img: RGB of shape (H, W, 3); by default the image with what was drawn on it.
            win_name: The title of the window.
            wait_time: How long it stays, in seconds; 0 means until it is closed or
                `continue_key` is pressed.
            continue_key: The key that ends it.
            backend: What opens the window: `'matplotlib'`.

        Raises:
            RuntimeError: If there is no screen.
            ValueError: If the backend is another one.
        """
        if backend != "matplotlib":
            raise ValueError(f"images are shown by matplotlib, not by {backend!r}")
        image = self.get_image() if drawn_img is None else drawn_img
        show_image(image, win_name, wait_time, continue_key, self.fig_show_cfg)

    @staticmethod
    def draw_featmap(
        featmap: Tensor,
        overlaid_image: Image | None = None,
        channel_reduction: str | None = "squeeze_mean",
        topk: int = 20,
        arrangement: tuple[int, int] = (4, 5),
        resize_shape: tuple[int, int] | None = None,
        alpha: float = 0.5,
    ) -> Image:
        """Return an image of a feature map: of one channel, or of several side by side.

        Args:
            featmap: The feature map, of shape (C, H, W).
            overlaid_image: An image to lay it over, RGB of shape (H, W, 3).
            channel_reduction: `'squeeze_mean'` shows the mean of the channels, `'select_max'` the
                channel with the greatest sum, None the `topk` channels with the greatest sums.
            topk: How many channels None shows; -1 takes the one or three that there are for a
                image.
            arrangement: The rows and columns of several channels.
            resize_shape: The height and width that the map is brought to; by default those of the
                image, if there is one.
            alpha: How much of the image is seen through the map, in [0, 1].

        Raises:
            ValueError: If the shapes or options don't fit.
        """
        return draw_featmap(
            featmap, overlaid_image, channel_reduction, topk, arrangement, resize_shape, alpha
        )

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Hand the config of the run to the backends.

        Args:
            config: The config.
            kwargs: What a backend offers beyond.
        """
        self._tell("add_config", config, **kwargs)

    def add_graph(self, model: nn.Module, data_batch: Sequence[Any] | None, **kwargs: Any) -> None:
        """Hand a model to the backends, which show its structure or watch its gradients.

        Args:
            model: The model.
            data_batch: What it is called with.
            kwargs: What a backend offers beyond.
        """
        self._tell("add_graph", model, data_batch, **kwargs)

    def add_image(self, name: str, image: Image, step: int = 0) -> None:
        """Hand an image to the backends.

        Args:
            name: The name of the image.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
        """
        self._tell("add_image", name, image, step)

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Hand a number to the backends.

        Args:
            name: The name of the number.
            value: The number.
            step: The time to which it belongs.
            kwargs: What a backend offers beyond.
        """
        self._tell("add_scalar", name, value, step, **kwargs)

    def add_scalars(
        self,
        scalar_dict: Mapping[str, SupportsFloat],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Hand several numbers to the backends.

        Args:
            scalar_dict: Names and numbers.
            step: The time to which they belong.
            file_path: A file to write them to as well, where a backend writes files.
            kwargs: What a backend offers beyond.
        """
        self._tell("add_scalars", scalar_dict, step, file_path, **kwargs)

    def add_datasample(
        self,
        name: str,
        image: Image,
        data_sample: BaseDataElement | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        step: int = 0,
    ) -> None:
        """Draw the annotations and predictions of a sample side by side, for the backends.

        Fields whose names start with `gt_` are annotations, with `pred_` predictions: maps of
        classes as colors, boxes of instances, labels as text. The names and colors of the classes
        come from `classes` and `palette` of `dataset_meta`.

        Args:
            name: The name of the image.
            image: The image of the sample, RGB of shape (H, W, 3) or gray of shape (H, W).
            data_sample: The sample.
            draw_gt: Whether to draw annotations.
            draw_pred: Whether to draw predictions.
            show: Whether to show the image in a window as well.
            wait_time: How long the window stays, in seconds; 0 means until somebody ends it.
            step: The time to which the image belongs.
        """
        data = {} if data_sample is None else dict(data_sample.items())
        panels = []
        for prefix, wanted in (("gt_", draw_gt), ("pred_", draw_pred)):
            fields = {key: value for key, value in data.items() if key.startswith(prefix)}
            if wanted and fields:
                self.set_image(image)
                draw_fields(self, fields, self.dataset_meta)
                panels.append(self.get_image())
        self.set_image(np.concatenate(panels, axis=1) if panels else image)
        if show:
            self.show(win_name=name, wait_time=wait_time)
        self.add_image(name, self.get_image(), step)

    def close(self) -> None:
        """Let the backends finish what is pending, each as long as its `close_timeout` allows."""
        closing = {
            name: Thread(target=self._ask, args=(name, "close"), daemon=True)
            for name in self._vis_backends
        }
        started = time.monotonic()
        for thread in closing.values():
            thread.start()
        for name, thread in closing.items():
            backend = self._vis_backends[name]
            limit = getattr(backend, "close_timeout", BaseVisBackend.close_timeout)
            thread.join(max(0, started + limit - time.monotonic()))
            if thread.is_alive():
                _logger.error(
                    "The visual backend %s did not close within %g s; what it has not sent may "
                    "be lost",
                    name,
                    limit,
                )

    def state_dict(self) -> dict[str, dict[str, str]]:
        """Return what a resumed run needs to go on in the same runs of the trackers."""
        states = {name: self._ask(name, "state_dict") for name in self._vis_backends}
        return {name: state for name, state in states.items() if state}

    def load_state_dict(self, state_dict: Mapping[str, Mapping[str, str]]) -> None:
        """Go on in the runs of the trackers that `state_dict` names.

        Args:
            state_dict: What `state_dict` returned; backends that are not there are left out.
        """
        for name in self._vis_backends.keys() & state_dict.keys():
            self._ask(name, "load_state_dict", state_dict[name])

    def _add_backend(
        self, given: Mapping[str, Any] | BaseVisBackend, save_dir: str | os.PathLike[str] | None
    ) -> None:
        if isinstance(given, Mapping):
            cfg = mutable_copy(given)
            name = cfg.pop("name", None)
            folder = {} if save_dir is None else {"save_dir": os.path.join(save_dir, "vis_data")}
            if not folder and "save_dir" not in cfg:
                _logger.warning("%s is left out: the visualizer has no save_dir", cfg.get("type"))
                return
            backend = VISBACKENDS.build(cfg, default_args=folder)
        else:
            name, backend = None, given
        name = name or type(backend).__name__
        if name in self._vis_backends:
            raise ValueError(
                f"there are two visual backends {name!r}; give one of them another name"
            )
        self._vis_backends[name] = backend

    def _tell(self, method: str, *args: Any, **kwargs: Any) -> None:
        for name in self._vis_backends:
            if time.monotonic() >= self._rests_until.get(name, 0.0):
                self._ask(name, method, *args, **kwargs)

    def _ask(self, name: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Return what a method of a backend returns; log its failure if it is the first.

        A backend of another library need not have all methods.
        """
        call = getattr(self._vis_backends[name], method, None)
        if call is None:
            return None
        started = time.monotonic()
        try:
            return call(*args, **kwargs)
        except Exception:
            now = time.monotonic()
            self._rests_until[name] = now + _REST * (now - started)
            if name not in self._failed:
                self._failed.add(name)
                _logger.exception(
                    "The visual backend %s failed in %s; the run goes on, and further failures "
                    "of it are not shown",
                    name,
                    method,
                )
