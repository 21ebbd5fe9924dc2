"""Models of other tasks than segmentation, and of several tasks, by the factory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine import MODEL_FACTORY_REGISTRY, lint
from engine.config import Config
from engine.registry import DefaultScope, UntrustedError
from engine.runner import Runner
from engine.structures import PixelData
from mmbeta import SegDataSample
from mmbeta.models import EncoderDecoder, RegressionLoss
from mmbeta.registry import MODELS

SMALL: dict[str, Any] = dict(
    backbone="mmalpha_resnet18",
    backbone_in_channels=1,
    backbone_base_channels=4,
    decoder="FCNDecoder",
    decoder_channels=8,
)
TASKS: dict[str, dict[str, Any]] = {
    "segmentation": dict(num_classes=3),
    "regression": dict(num_outputs=2),
    "classification": dict(num_classes=3),
    "scalar_regression": dict(num_outputs=2),
}
PREDICTED = {
    "segmentation": ("pred_sem_seg", (1, 32, 32)),
    "regression": ("pred_values", (2, 32, 32)),
    "classification": ("pred_label", (1,)),
    "scalar_regression": ("pred_value", (2,)),
}


def built(task: str, **options: Any) -> EncoderDecoder:
    factory = MODEL_FACTORY_REGISTRY.build("EncoderDecoderFactory")
    model: EncoderDecoder = factory.build_model(task, **{**SMALL, **TASKS[task], **options})
    return model


def batch(count: int = 4) -> tuple[torch.Tensor, list[SegDataSample]]:
    """Images whose brightness says everything about them."""
    images = torch.arange(float(count)).reshape(-1, 1, 1, 1).expand(-1, 1, 32, 32) % 2
    samples = []
    for each in images:
        sample = SegDataSample(gt_sem_seg=PixelData(data=each.byte()))
        sample.gt_values = PixelData(data=torch.cat([each, 1 - each]))
        sample.gt_label = each[0, 0, :1].long()
        sample.gt_value = torch.stack([each[0, 0, 0], 1 - each[0, 0, 0]])
        samples.append(sample)
    generator = torch.Generator().manual_seed(0)
    return images + 0.3 * torch.randn(images.shape, generator=generator), samples


def value_of(sample: SegDataSample, field: str) -> torch.Tensor:
    found = getattr(sample, field)
    tensor: torch.Tensor = found.data if isinstance(found, PixelData) else found
    return tensor


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_learned_and_predicted(task: str) -> None:
    torch.manual_seed(0)
    model = built(task, head_dropout_ratio=0.0)
    model.init_weights()
    images, samples = batch(8)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    losses = []
    for _ in range(8):
        loss = model(images, samples, mode="loss")["loss"]
        losses.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert losses[-1] < losses[0] / 2
    field, shape = PREDICTED[task]
    for sample in model.eval()(images, mode="predict"):
        assert value_of(sample, field).shape == shape


def test_several_tasks_on_one_backbone() -> None:
    model = built(
        "segmentation",
        aux_decoders=[
            dict(name="near", decoder="FCNDecoder", decoder_in_index=1, decoder_channels=4),
            dict(name="depth", decoder="FCNDecoder", task="regression", num_outputs=2),
            dict(name="kind", decoder="FCNDecoder", task="classification", num_classes=2),
        ],
        val_loss=True,
    )
    images, samples = batch()
    losses = model(images, samples, mode="loss")
    assert {*losses} == {"decode.loss", "near.loss", "depth.loss", "kind.loss"}
    *predicted, told = model.eval()(images, samples, mode="predict")
    for sample in predicted:
        assert {"pred_sem_seg", "pred_values", "pred_label", "pred_score"} <= {*sample.keys()}
    assert {*told.loss} == {"loss"}


def test_windows_show_numbers_of_pixels_too() -> None:
    aux = [dict(name="depth", decoder="FCNDecoder", task="regression")]
    cfg = dict(mode="slide", crop_size=(16, 16), stride=(8, 8))
    model = built("segmentation", aux_decoders=aux, test_cfg=cfg).eval()
    images, _ = batch(1)
    (sample,) = model(images, mode="predict")
    assert value_of(sample, "pred_values").shape == (1, 32, 32)
    with pytest.raises(ValueError, match="predicts whole images needs test_cfg"):
        built("classification", test_cfg=cfg)


def test_unknown_numbers_do_not_count() -> None:
    target = torch.tensor([[1.0, torch.nan], [3.0, 4.0]])
    values = torch.tensor([[2.0, 9.0], [3.0, 6.0]], requires_grad=True)
    loss = RegressionLoss("l1", loss_weight=2.0)(values, target)
    torch.autograd.backward(loss)
    assert loss.item() == 2.0
    assert values.grad is not None
    assert values.grad[0, 1] == 0
    assert RegressionLoss()(values, torch.full_like(values, torch.nan)).item() == 0
    with pytest.raises(ValueError, match="kind of RegressionLoss is mse, l1, smooth_l1; got 'l3'"):
        RegressionLoss("l3")  # type: ignore[arg-type]  # the error


def test_a_missing_or_wrong_truth_is_told() -> None:
    images, samples = batch()
    with pytest.raises(ValueError, match="learns from gt_values, which is missing"):
        built("regression")(images, [SegDataSample() for _ in samples], mode="loss")
    with pytest.raises(ValueError, match="gt_values has 2 numbers for each pixel"):
        built("regression", num_outputs=1)(images, samples, mode="loss")
    with pytest.raises(ValueError, match="gt_value has 1 for an image; got 2"):
        built("scalar_regression", num_outputs=1)(images, samples, mode="loss")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (dict(task="detection"), ValueError, "task of .* is 'segmentation', .*; got 'detection'"),
        (dict(task="segmentation"), ValueError, "num_classes is missing, which segmentation needs"),
        (dict(num_classes=2, aux_decoders=[dict(name="a")]), ValueError, "a of aux_decoders needs"),
        (dict(num_classes=2, necks=[dict(indices=[0])]), ValueError, "each of necks has a name"),
        (dict(num_clases=2), TypeError, "no argument 'num_clases'; .* did you mean 'num_classes'"),
        (
            dict(num_classes=2, aux_decoders=[dict(decoder="FCNDecoder", task="segmentation")]),
            ValueError,
            "needs a field of its own",
        ),
    ],
)
def test_wrong_calls(options: dict[str, Any], error: type[Exception], message: str) -> None:
    factory = MODEL_FACTORY_REGISTRY.build("EncoderDecoderFactory")
    with pytest.raises(error, match=message):
        factory.build_model(**{**SMALL, **options})


def test_a_config_names_the_factory_and_runs(tmp_path: Path) -> None:
    images, samples = batch()
    items = [
        {"inputs": image, "data_samples": sample}
        for image, sample in zip(images, samples, strict=True)
    ]
    cfg = Config(
        dict(
            default_scope="mmbeta",
            work_dir=str(tmp_path),
            model=dict(
                type="EncoderDecoderFactory",
                task="regression",
                num_outputs=2,
                data_preprocessor=dict(type="SegDataPreprocessor"),
                **SMALL,
            ),
            train_dataloader=dict(
                dataset=items, batch_size=2, sampler=dict(type="DefaultSampler", shuffle=True)
            ),
            val_dataloader=dict(
                dataset=items, batch_size=2, sampler=dict(type="DefaultSampler", shuffle=False)
            ),
            val_evaluator=dict(
                type="torchmetrics.MeanSquaredError",
                pred_key="pred_values.data",
                target_key="gt_values.data",
            ),
            train_cfg=dict(by_epoch=True, max_epochs=2),
            val_cfg={},
            optim_wrapper=dict(optimizer=dict(type="Adam", lr=1e-2)),
        )
    )
    model = dict(cfg.model)
    assert str(lint.check(Config(dict(default_scope="mmbeta", model=model)))) == "no findings"
    runner = Runner.from_cfg(cfg)
    assert isinstance(runner.train(), EncoderDecoder)


def test_lint_and_trust_of_the_config() -> None:
    bad = dict(SMALL, type="EncoderDecoderFactory", num_classes=2, decoder="FCNDecodr")
    (found,) = lint.check(Config(dict(default_scope="mmbeta", model=bad))).errors
    assert (found.kind, found.path) == ("unknown-type", "model.decoder")
    text = """
default_scope: mmbeta
model:
  type: EncoderDecoderFactory
  backbone: timm_resnet18
  backbone_pretrained_cfg_overlay: {file: /etc/passwd}
  decoder: FCNDecoder
  num_classes: 2
"""
    cfg = Config.fromstring(text, ".yaml")
    assert [each.kind for each in lint.check(cfg).errors] == ["untrusted-option"]
    with DefaultScope.overwrite_default_scope("mmbeta"), pytest.raises(UntrustedError):
        MODELS.build(cfg.model)
