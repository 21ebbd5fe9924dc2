# Fine-tuning the network of `unet_r18_digits.py` on small gray images of your own, below
# `images/train`, `images/val` and `images/test` of `--data-root`, and masks below `masks`. Set
# `_classes`, `model.decode_head.num_classes`, and `init_cfg` of the backbone to its weights.
_base_ = ["_base_/r18_small.py", "_base_/finetune.py"]

_classes = ("background", *"0123456789")
_load = [dict(type="LoadImageFromFile", color="gray"), dict(type="LoadAnnotations")]
_data = dict(
    type="BaseSegDataset",
    data_root="data/digits",
    img_suffix=".png",
    metainfo=dict(classes=_classes),
)

model = dict(
    data_preprocessor=dict(type="SegDataPreprocessor", size_divisor=32),
    # backbone=dict(
    #     init_cfg=dict(type="Pretrained", checkpoint="weights.pth", prefix="backbone.")
    # ),
    decode_head=dict(
        type="UNetHead",
        channels=16,
        num_classes=len(_classes),
        loss=[dict(type="CrossEntropyLoss"), dict(type="DiceLoss")],
    ),
)
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        _data,
        data_prefix=dict(img_path="images/train", seg_map_path="masks/train"),
        pipeline=[
            *_load,
            dict(type="RandomResize", scale=(64, 64), ratio_range=(0.8, 1.25)),
            dict(type="RandomCrop", crop_size=(64, 64)),
            dict(type="PackSegInputs"),
        ],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_dataloader = dict(
    batch_size=20,
    dataset=dict(
        _data,
        data_prefix=dict(img_path="images/val", seg_map_path="masks/val"),
        pipeline=[*_load, dict(type="PackSegInputs")],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
test_dataloader = dict(
    batch_size=20,
    dataset=dict(
        _data,
        data_prefix=dict(img_path="images/test", seg_map_path="masks/test"),
        pipeline=[*_load, dict(type="PackSegInputs")],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
val_evaluator = dict(type="IoUMetric")
test_evaluator = [val_evaluator, dict(type="BoundaryIoUMetric"), dict(type="HausdorffMetric")]
# Handwritten digits mean nothing mirrored.
custom_hooks = [
    dict(type="CurvesHook"),
    dict(type="EMAHook", momentum=2e-2),
    dict(type="EarlyStoppingHook", monitor="mIoU", min_delta=0.0, patience=20),
]
# The weights come from images like these, and may go far from where they begin.
optim_wrapper = dict(
    optimizer=dict(lr=1e-2), paramwise_cfg=dict(layer_decay=None, custom_keys=None)
)
default_hooks = dict(checkpoint=dict(save_best="mIoU"))

inferencer = dict(type="SegInferencer", color="gray")
