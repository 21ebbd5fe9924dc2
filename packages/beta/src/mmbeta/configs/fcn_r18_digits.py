# Handwritten digits on a canvas: a network of mmalpha under a head of mmbeta.
_base_ = ["_base_/default_runtime.py"]

model = dict(
    type="EncoderDecoder",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[32.0], std=[65.0]),
    backbone=dict(
        type="mmalpha.ResNet",
        depth=18,
        in_channels=1,
        base_channels=16,
        stem="cifar",
        strides=(2, 2, 2, 2),
        out_indices=(0, 1, 2, 3),
        channels_last=True,
    ),
    decode_head=dict(
        type="FCNHead",
        in_channels=(16, 32, 64, 128),
        in_index=(0, 1, 2, 3),
        channels=32,
        num_convs=1,
        kernel_size=1,
        num_classes=11,
    ),
)

# There is no third split: the test images serve for validation too, and nothing but the `best_*`
# checkpoint is chosen by them.
test_dataloader = dict(
    batch_size=50,
    dataset=dict(
        type="DigitsCanvas",
        split="test",
        pipeline=[dict(type="PackSegInputs")],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
val_dataloader = test_dataloader
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        type="DigitsCanvas",
        split="train",
        pipeline=[dict(type="PackSegInputs")],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_evaluator = dict(type="IoUMetric")
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=12, val_interval=3)
optim_wrapper = dict(optimizer=dict(type="AdamW", lr=1e-2, weight_decay=0.02))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, end=1, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", eta_min_ratio=0.01, begin=1, end=12, convert_to_iter_based=True),
]

inferencer = dict(type="SegInferencer", color="gray")
