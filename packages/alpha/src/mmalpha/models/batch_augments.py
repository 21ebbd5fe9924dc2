"""Mixup and CutMix: augmentations that mix the images and targets of a batch.

All draws come from torch's generator on the CPU, whose state a checkpoint holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Beta

from mmalpha.registry import TASK_UTILS


class _Mixing:
    """What Mixup and CutMix share.

    Args:
        alpha: Both parameters of the beta distribution of the share that an image keeps.

    Raises:
        ValueError: If `alpha` is not positive.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        if alpha <= 0:
            raise ValueError(f"alpha of {type(self).__name__} is greater than 0; got {alpha}")
        self.alpha = alpha

    def _share(self) -> float:
        """Draw how much of itself an image keeps."""
        return Beta(self.alpha, self.alpha, validate_args=False).sample().item()


@TASK_UTILS.register_module()
class Mixup(_Mixing):
    """Adds up two images with their targets.

    The other one is that before it in the batch. Source: Zhang et al., mixup: Beyond Empirical Risk
    Minimization, 2018.

    Args:
        alpha: Both parameters of the beta distribution of the share that an image keeps.

    Raises:
        ValueError: If `alpha` is not positive.
    """

    def __call__(self, inputs: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Mix images `(N, C, H, W)` and their targets `(N, num_classes)`."""
        share = self._share()
        return inputs.roll(1, 0).lerp(inputs, share), target.roll(1, 0).lerp(target, share)


@TASK_UTILS.register_module()
class CutMix(_Mixing):
    """Puts a box of another image into each, and mixes their targets by area.

    The other one is that before it in the batch. Source: Yun et al., CutMix: Regularization
    Strategy to Train Strong Classifiers, 2019.

    Args:
        alpha: Both parameters of the beta distribution of the share that an image keeps.

    Raises:
        ValueError: If `alpha` is not positive.
    """

    def __call__(self, inputs: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Mix images `(N, C, H, W)` and their targets `(N, num_classes)`."""
        height, width = inputs.shape[-2:]
        side = math.sqrt(1 - self._share())
        rows = _part(height, side)
        columns = _part(width, side)
        mixed = inputs.clone()
        mixed[..., rows, columns] = inputs.roll(1, 0)[..., rows, columns]
        cut = (rows.stop - rows.start) * (columns.stop - columns.start)
        return mixed, target.lerp(target.roll(1, 0), cut / (height * width))


class BatchAugments:
    """Applies one of several augmentations to a batch, or none.

    Args:
        augments: Their configs, which are looked up in `TASK_UTILS`.
        probs: The probability of each; with what is missing to 1 the batch stays as it is. None
            means equal ones.

    Raises:
        ValueError: If there are no `augments`, or `probs` don't fit them.
    """

    def __init__(
        self,
        augments: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        probs: Sequence[float] | None = None,
    ) -> None:
        given = [augments] if isinstance(augments, Mapping) else list(augments)
        if not given:
            raise ValueError("augments of a batch has at least one config")
        self.augments: list[Any] = [TASK_UTILS.build(each) for each in given]
        self.probs: list[float] = [1 / len(given)] * len(given) if probs is None else list(probs)
        if len(self.probs) != len(given) or min(self.probs) < 0 or sum(self.probs) > 1 + 1e-9:
            raise ValueError(
                f"probs has a probability for each of the {len(given)} augments, together at most "
                f"1; got {probs}"
            )

    def __call__(self, inputs: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Mix images `(N, C, H, W)` and their targets `(N, num_classes)`."""
        drawn = torch.rand(()).item()
        for augment, prob in zip(self.augments, self.probs, strict=True):
            drawn -= prob
            if drawn < 0:
                mixed: tuple[Tensor, Tensor] = augment(inputs, target)
                return mixed
        return inputs, target


def _part(length: int, share: float) -> slice:
    """Draw a part of an axis: about a share of it around a random middle, as far as it goes."""
    half = int(length * share) // 2
    middle = int(torch.randint(length, ()).item())
    return slice(max(middle - half, 0), min(middle + half, length))
