# Dilated convolutions at several rates, on maps that don't shrink at last.
_base_ = ["_base_/default_runtime.py", "_base_/r18_small.py", "_base_/digits.py"]

model = dict(
    backbone=dict(strides=(2, 2, 2, 1), dilations=(1, 1, 1, 2)),
    decode_head=dict(
        type="DeepLabV3PlusHead",
        channels=64,
        low_channels=16,
        dilations=(1, 2, 4),  # the coarsest map has 8×8 pixels
        num_classes=11,
    ),
)
