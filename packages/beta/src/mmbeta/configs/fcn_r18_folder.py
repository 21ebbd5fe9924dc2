# Your own images and masks, below `images` and `masks` of the folder that `--data-root` names.
# `scripts/digits_folder.py` makes such a folder. Set `_classes` to the names of yours, and for
# color `color`, `in_channels`, `mean` and `std`.
_base_ = ["fcn_r18_digits.py"]

_classes = ("background", *"0123456789")
_load = [dict(type="LoadImageFromFile", color="gray"), dict(type="LoadAnnotations")]
_data = dict(
    _delete_=True,
    type="BaseSegDataset",
    data_root="data/digits",
    data_prefix=dict(img_path="images/train", seg_map_path="masks/train"),
    img_suffix=".png",
    metainfo=dict(classes=_classes),
    pipeline=[
        *_load,
        dict(type="RandomResize", scale=(64, 64), ratio_range=(0.8, 1.25)),
        dict(type="RandomCrop", crop_size=(64, 64), cat_max_ratio=0.95),
        dict(type="PhotoMetricDistortion"),
        dict(type="PackSegInputs"),
    ],
)

model = dict(
    data_preprocessor=dict(type="SegDataPreprocessor", size=(64, 64)),
    backbone=dict(base_channels=32),
    decode_head=dict(in_channels=(32, 64, 128, 256)),
)
train_dataloader = dict(num_workers=2, persistent_workers=True, dataset=_data)
test_dataloader = dict(
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        _data,
        data_prefix=dict(img_path="images/test", seg_map_path="masks/test"),
        pipeline=[*_load, dict(type="PackSegInputs")],
        test_mode=True,
    ),
)
val_dataloader = test_dataloader
