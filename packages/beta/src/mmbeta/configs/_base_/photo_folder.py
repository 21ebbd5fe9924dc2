# Photos below `images/train`, `images/val` and `images/test` of the folder that `--data-root`
# names, and masks below `masks`. Set `_classes` to the names of yours, or `metainfo` of the three
# datasets.
_classes = ("background", "object")
_load = [dict(type="LoadImageFromFile", color="rgb"), dict(type="LoadAnnotations")]
_at_test = [
    _load[0],
    dict(type="Resize", scale=(2048, 512), keep_ratio=True),
    _load[1],  # behind the resizing: predictions are brought back to its size
    dict(type="PackSegInputs"),
]
_data = dict(
    type="BaseSegDataset",
    data_root="data/photos",
    img_suffix=(".jpg", ".png"),
    metainfo=dict(classes=_classes),
)
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    dataset=dict(
        _data,
        data_prefix=dict(img_path="images/train", seg_map_path="masks/train"),
        pipeline=[
            *_load,
            dict(type="RandomResize", scale=(2048, 512)),
            dict(type="RandomCrop", crop_size=(512, 512), cat_max_ratio=0.75),
            dict(type="RandomFlip"),
            dict(type="TrivialAugmentWide"),  # of the mask too
            dict(type="PackSegInputs"),
        ],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        _data,
        data_prefix=dict(img_path="images/val", seg_map_path="masks/val"),
        pipeline=_at_test,
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        _data,
        data_prefix=dict(img_path="images/test", seg_map_path="masks/test"),
        pipeline=_at_test,
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
val_evaluator = dict(type="IoUMetric")
test_evaluator = [
    dict(type="IoUMetric", iou_metrics=("mIoU", "mDice")),
    dict(type="BoundaryIoUMetric"),
    dict(type="HausdorffMetric"),
]

inferencer = dict(type="SegInferencer")
