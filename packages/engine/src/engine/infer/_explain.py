"""Grad-CAM: which parts of an image a prediction rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from engine.model import evaluating, keeping_random_state
from engine.utils import did_you_mean

from ._explained import Explained
from ._exported_file import ExportedModel
from ._image import to_rgb

if TYPE_CHECKING:
    from ._inferencer import BaseInferencer, Pixels

_MOST_EXTRA = 16  # tokens beside those of the patches, of the class for example


def explain(
    inferencer: BaseInferencer,
    inputs: Sequence[Any],
    layer: str | None = None,
    target: str | None = None,
) -> list[Pixels]:
    """Return an image of each input, with the parts warm that speak for what is predicted.

    Source: Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
    Localization, 2017. It is computed by the package grad-cam.

    Args:
        inferencer: The inferencer. It says by its `explained` which number is explained.
        inputs: The inputs, images.
        layer: The module of the model whose feature map is weighted, `'backbone.layer4'` for
            example. None means the last feature map of the backbone with more than one place that
            the prediction depends on; for transformers, the last normalization of such tokens.
        target: The name of what is explained instead of the prediction, a class for example.

    Raises:
        ImportError: If the package is missing.
        ValueError: If there is no such module, or it makes no feature map, or there is no such
            target.
    """
    if isinstance(inferencer.model, ExportedModel):
        raise ValueError("an exported model has no layers to explain; its checkpoint has")
    _require_grad_cam()
    with inferencer.in_scope(), keeping_random_state(), evaluating(inferencer.model):
        return [_explain_one(inferencer, item, layer, target) for item in inputs]


def _explain_one(
    inferencer: BaseInferencer, item: Any, layer: str | None, target: str | None
) -> Pixels:
    from pytorch_grad_cam import GradCAM  # deferred: seldom wanted, and slow
    from pytorch_grad_cam.utils.image import show_cam_on_image

    batch = next(iter(inferencer.preprocess([item])))
    shown = to_rgb(batch["inputs"][0])
    (prediction,) = inferencer.forward(batch)
    model: Any = inferencer.model
    # The gradient of the images makes those of frozen layers flow too.
    images = model.data_preprocessor(batch, False)["inputs"].detach().requires_grad_()
    with torch.enable_grad():
        explained = inferencer.explained(_Logits(model)(images)[0].detach(), target)
        module = (
            _last_map(model, images, explained)
            if layer is None
            else _named(model, layer, images, explained)
        )
        with _keeping_gradients(model):
            cam = GradCAM(
                _Logits(model),
                [module],
                reshape_transform=lambda out: _as_map(out, images.shape[-2:]),
            )
            with cam:
                heat = cam(images, targets=[explained.score])[0]
    heat = heat[: shown.shape[0], : shown.shape[1]]  # without padding
    picture = show_cam_on_image(shown.astype(np.float32) / 255, heat, use_rgb=True)
    return inferencer.draw_explained(picture, prediction, explained.name)


class _Logits(nn.Module):
    """A model that gives its bare output for images."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Return the output of the mode `'tensor'`."""
        return cast("Tensor", self.model(images, mode="tensor"))


def _last_map(model: Any, images: Tensor, explained: Explained) -> nn.Module:
    """Return the last module of the backbone on whose map the score depends at several places."""
    within = getattr(model, "backbone", model)
    seen = _watch(within, model, images, explained)
    for module, out, gradient in reversed(seen):
        if module is within or (out.ndim == 3 and "Norm" not in type(module).__name__):
            continue
        places = _as_map(gradient, images.shape[-2:]).abs().sum((0, 1)).count_nonzero()
        if places > 1:
            return module
    raise ValueError(
        f"{type(within).__name__} has no feature map with several places that the prediction "
        "depends on; the layer to explain may be named"
    )


def _named(model: nn.Module, layer: str, images: Tensor, explained: Explained) -> nn.Module:
    """Return a module of the model that makes a map on which the score depends."""
    modules: dict[str, nn.Module] = dict(model.named_modules())
    if layer not in modules:
        raise ValueError(f"the model has no layer {layer!r}{did_you_mean(layer, modules)}")
    if not any(module is modules[layer] for module, *_ in _watch(model, model, images, explained)):
        raise ValueError(
            f"the layer {layer!r} gives no feature map (N, C, H, W), or tokens of one, that the "
            "prediction depends on"
        )
    return modules[layer]


def _watch(
    within: nn.Module, model: nn.Module, images: Tensor, explained: Explained
) -> list[tuple[nn.Module, Tensor, Tensor]]:
    """Run a model, and return the modules that made maps, in their order, with their gradients."""
    outputs: list[tuple[nn.Module, Tensor]] = []

    def keep(module: nn.Module, args: Any, out: Any) -> None:
        is_map = isinstance(out, Tensor) and _has_places(out, images.shape[-2:])
        if is_map and out.requires_grad:
            outputs.append((module, out))

    handles = [module.register_forward_hook(keep) for module in within.modules()]
    try:
        score = explained.score(_Logits(model)(images)[0])
    finally:
        for handle in handles:
            handle.remove()
    if not outputs:
        return []
    found = torch.autograd.grad(score, [out for _, out in outputs], allow_unused=True)
    return [
        (module, out, gradient)
        for (module, out), gradient in zip(outputs, found, strict=True)
        if gradient is not None
    ]


def _has_places(out: Tensor, size: Sequence[int]) -> bool:
    return out.ndim in (3, 4) and _layout(out, size) is not None


def _as_map(out: Tensor, size: Sequence[int]) -> Tensor:
    """Return a map, or tokens of one, as `(N, C, H, W)`."""
    layout = _layout(out, size)
    if layout is None:
        raise ValueError(f"a feature map has the shape (N, C, H, W); got {tuple(out.shape)}")
    if out.ndim == 4:
        return out if layout == tuple(out.shape[-2:]) else out.permute(0, 3, 1, 2)
    height, width = layout
    tokens = out[:, -height * width :].unflatten(1, layout)
    return cast("Tensor", tokens).permute(0, 3, 1, 2)


def _layout(out: Tensor, size: Sequence[int]) -> tuple[int, int] | None:
    """Return height and width of a map, whose proportions are those of the image."""
    if out.ndim == 4:
        _, first, second, third = out.shape
        return next(
            (pair for pair in ((second, third), (first, second)) if _is_alike(pair, size)), None
        )
    for extra in range(min(_MOST_EXTRA, out.shape[1])):
        count = out.shape[1] - extra
        height = max(1, round((count * size[0] / size[1]) ** 0.5))
        if count % height == 0 and _is_alike((height, count // height), size):
            return height, count // height
    return None


def _is_alike(pair: tuple[int, int], size: Sequence[int]) -> bool:
    """Tell whether a map divides an image into equal steps, rounded up or down."""
    height, width = pair
    steps = abs(height / size[0] - width / size[1])
    return steps < 1 / min(size) and height <= size[0] and width <= size[1]


@contextmanager
def _keeping_gradients(model: nn.Module) -> Iterator[None]:
    """Put the gradients of the parameters back after a `with` block."""
    before = [(parameter, parameter.grad) for parameter in model.parameters()]
    try:
        yield
    finally:
        for parameter, gradient in before:
            parameter.grad = gradient


def _require_grad_cam() -> None:
    try:
        import pytorch_grad_cam  # noqa: F401  # whether it is there
    except ImportError as error:
        raise ImportError(
            "an explanation needs the package grad-cam: pip install 'engine[explain]'"
        ) from error
