# Three digits in a row, and which of the ten are there: images of several classes.
_base_ = ["_base_/default_runtime.py", "_base_/resnet18_small.py"]

model = dict(
    data_preprocessor=dict(mean=[78.0], std=[96.0]),
    backbone=dict(base_channels=32, strides=(1, 2, 2, 1)),
    head=dict(
        _delete_=True,
        type="MultiLabelHead",
        num_classes=10,
        in_channels=256,
        loss=dict(type="FocalLoss", alpha=None),
    ),
)

# There is no third split: the test images serve for validation too, and nothing but the `best_*`
# checkpoint is chosen by them.
test_dataloader = dict(
    batch_size=250,
    dataset=dict(
        type="DigitRows",
        split="test",
        pipeline=[dict(type="PackClsInputs")],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
val_dataloader = test_dataloader
train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        type="DigitRows",
        split="train",
        pipeline=[dict(type="RandomShift", max_shift=1), dict(type="PackClsInputs")],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_evaluator = [
    dict(type="AveragePrecision"),
    dict(type="PrecisionRecallF1", threshold=0.5),
]
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=15, val_interval=5)
optim_wrapper = dict(optimizer=dict(type="AdamW", lr=3e-3, weight_decay=0.05))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, end=1, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", eta_min_ratio=0.01, begin=1, end=15, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(save_best="mAP"))

inferencer = dict(type="ClsInferencer", color="gray", size=(8, 24), threshold=0.5)
