# A pyramid of features with their context, and an auxiliary head.
_base_ = ["_base_/default_runtime.py", "_base_/r18_small.py", "_base_/digits.py"]

model = dict(
    decode_head=dict(type="UPerHead", channels=32, pool_scales=(1, 2, 4), num_classes=11),
    auxiliary_head=dict(
        type="FCNHead",
        in_index=2,
        channels=32,
        num_convs=1,
        num_classes=11,
        loss=dict(type="CrossEntropyLoss", loss_weight=0.4),
    ),
)
