"""A program that trains a line with engine alone; test_installation runs it in an environment."""

from __future__ import annotations

import importlib.util

import torch
from torch import Tensor, nn

from engine.model import BaseModel
from engine.registry import MODELS
from engine.runner import Runner


@MODELS.register_module()
class Line(BaseModel):
    """Fits `y = a x + b`."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(1, 1)

    def forward(
        self, x: Tensor, y: Tensor | None = None, mode: str = "tensor"
    ) -> Tensor | dict[str, Tensor]:
        """Return the line at `x` (N, 1), or its loss to `y` (N, 1)."""
        out: Tensor = self.line(x)
        if mode == "loss" and y is not None:
            return {"loss": (out - y).square().mean()}
        return out


def main() -> None:
    """Build by name, train, and see that the line fits."""
    for library in ("mmalpha", "mmbeta"):
        if importlib.util.find_spec(library) is not None:
            raise RuntimeError(f"{library} is installed, and was not to be")
    if not isinstance(MODELS.build(dict(type="Line")), Line):
        raise TypeError("MODELS did not build a Line")

    x = torch.linspace(-1, 1, 32).unsqueeze(1)
    runner = Runner(
        model=dict(type="Line"),
        work_dir="work_dir",
        train_dataloader=dict(
            dataset=[dict(x=point, y=3 * point + 1) for point in x],
            batch_size=8,
            sampler=dict(type="DefaultSampler", shuffle=True),
            collate_fn=dict(type="default_collate"),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=20),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.3)),
    )
    runner.train()
    slope = runner.model.line.weight.item()
    print(f"slope {slope:.3f}")


if __name__ == "__main__":
    main()
