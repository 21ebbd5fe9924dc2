"""Feature maps of torchvision's models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from ._named_weights import load_torchvision

_SIDE = 224  # of the image by which the maps of a model are found


class TorchvisionMaps(nn.Module):
    """What a model of torchvision computes on its way.

    Args:
        name: The name of the model.
        return_nodes: Where in it the maps are taken, as
            `torchvision.models.feature_extraction.create_feature_extractor` calls them:
            `['layer1', 'layer2', 'layer3', 'layer4']` of a ResNet for example. None means the last
            map of each size, each half as high and wide as the one before.
        **kwargs: The arguments of the model.

    Attributes:
        out_channels: The channels of each map, where `return_nodes` is None.

    Raises:
        ValueError: If the model has no such node, or no maps that are found by themselves.
    """

    def __init__(self, name: str, return_nodes: Sequence[str] | None = None, **kwargs: Any) -> None:
        super().__init__()
        model = load_torchvision(name, **kwargs)
        if return_nodes is None:
            found = _last_of_each_size(model, name)
            return_nodes, self.out_channels = list(found), [*found.values()]
        self.model: nn.Module = create_feature_extractor(model, return_nodes)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps of images `(N, C, H, W)`, one tensor for each node."""
        return tuple(self.model(images).values())


def without_classifier(model: nn.Module) -> nn.Module:
    """Return a model with nothing in place of its last linear layer, the scores of classes.

    It has `num_features` then, the number of features of an image.

    Args:
        model: The model.

    Raises:
        ValueError: If it has no linear layer.
    """
    names = [name for name, each in model.named_modules() if isinstance(each, nn.Linear)]
    if not names:
        raise ValueError(f"{type(model).__name__} has no linear layer in front of its scores")
    model.num_features = model.get_submodule(names[-1]).in_features  # as models of timm have it
    model.set_submodule(names[-1], nn.Identity())
    return model


def _last_of_each_size(model: nn.Module, name: str) -> Mapping[str, int]:
    """Return the nodes of the last map of each size and their channels, the largest map first."""
    model.eval()
    try:
        in_training, in_evaluation = get_graph_node_names(model)
        nodes = [node for node in in_evaluation if node in set(in_training)]
        extractor = create_feature_extractor(model, nodes).eval()
        with torch.no_grad():
            outputs = extractor(torch.zeros(1, 3, _SIDE, _SIDE))
    except Exception as error:
        raise ValueError(
            f"the feature maps of torchvision's {name} are not found by themselves; name their "
            "nodes by return_nodes=[...]"
        ) from error
    finally:
        model.train()
    last: dict[int, tuple[str, int]] = {}
    for node, out in outputs.items():
        if isinstance(out, Tensor) and out.ndim == 4 and 1 < out.shape[2] == out.shape[3] < _SIDE:
            last[round(math.log2(_SIDE / out.shape[2]))] = node, out.shape[1]
    if len(last) < 2:  # one size is that of the patches of a transformer, before it has seen them
        raise ValueError(
            f"torchvision's {name} makes no feature maps (N, C, H, W) of several sizes; name nodes "
            "by return_nodes=[...], or take another model"
        )
    return dict(last[scale] for scale in sorted(last))
