"""Layers shared by backbones."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class DropPath(nn.Module):
    """Leaves a branch out for some of the images, in training.

    The others are enlarged so that the mean stays. Source: Huang et al., Deep Networks with
    Stochastic Depth, 2016.

    Args:
        prob: The probability that an image goes without the branch.
    """

    def __init__(self, prob: float = 0.0) -> None:
        super().__init__()
        self.prob = prob

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, ...)` to the same shape."""
        if not self.training or self.prob == 0:
            return x
        kept = x.new_empty((len(x),) + (1,) * (x.ndim - 1)).bernoulli_(1 - self.prob)
        return x * kept / (1 - self.prob)

    def extra_repr(self) -> str:
        """Tell the probability."""
        return f"prob={self.prob}"


class LayerNorm2d(nn.LayerNorm):
    """A layer normalization over the channels of each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, C, H, W)` to the same shape."""
        last = x.permute(0, 2, 3, 1)
        normed = functional.layer_norm(
            last, self.normalized_shape, self.weight, self.bias, self.eps
        )
        return normed.permute(0, 3, 1, 2)


class MLP(nn.Module):
    """Two linear layers with an activation between them.

    Args:
        channels: Channels that come in and go out.
        hidden: Channels in between.
        drop_rate: The probability of the dropout behind each layer.
        activation: What is between them; None means a GELU.
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        drop_rate: float = 0.0,
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.fc1: nn.Linear = nn.Linear(channels, hidden)
        self.act: nn.Module = nn.GELU() if activation is None else activation
        self.fc2: nn.Linear = nn.Linear(hidden, channels)
        self.drop: nn.Dropout = nn.Dropout(drop_rate)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(..., C)` to the same shape."""
        y: Tensor = self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))
        return y


def drop_path_rates(rate: float, depth: int) -> list[float]:
    """Return the probability of `DropPath` for each block: from 0 up to `rate`.

    Args:
        rate: That of the last block.
        depth: The number of blocks.
    """
    return [rate * index / max(depth - 1, 1) for index in range(depth)]
