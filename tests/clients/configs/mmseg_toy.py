"""FCN with a ResNet-18 of a quarter of its width, on drawn shapes."""

_base_ = "mmseg::fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py"

size = (64, 64)
model = dict(
    pretrained=None,
    data_preprocessor=dict(size=size),
    backbone=dict(base_channels=16),
    decode_head=dict(in_channels=128, channels=32, num_classes=3),
    auxiliary_head=dict(in_channels=64, channels=16, num_classes=3),
)
metainfo = dict(
    classes=("background", "disc", "square"), palette=[[0, 0, 0], [200, 60, 60], [60, 60, 200]]
)
train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="RandomResize", scale=(96, 96), ratio_range=(0.8, 1.5), keep_ratio=True),
    dict(type="RandomCrop", crop_size=size, cat_max_ratio=0.95),
    dict(type="RandomFlip", prob=0.5),
    dict(type="PhotoMetricDistortion"),
    dict(type="PackSegInputs"),
]
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="Resize", scale=(96, 96), keep_ratio=True),
    dict(type="LoadAnnotations"),
    dict(type="PackSegInputs"),
]
data = dict(
    _delete_=True,
    type="BaseSegDataset",
    data_root="{{$DATA:data}}/shapes",
    metainfo=metainfo,
    img_suffix=".png",
)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        **data,
        data_prefix=dict(img_path="images/train", seg_map_path="masks/train"),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        **data,
        data_prefix=dict(img_path="images/val", seg_map_path="masks/val"),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
optimizer = dict(type="SGD", lr=0.02, momentum=0.9, weight_decay=0.0005)
optim_wrapper = dict(optimizer=optimizer)
param_scheduler = [dict(type="PolyLR", eta_min=1e-4, power=0.9, begin=0, end=100, by_epoch=False)]
train_cfg = dict(max_iters=100, val_interval=50)
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(by_epoch=False, interval=50))
randomness = dict(seed=0)
