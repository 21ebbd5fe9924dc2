"""CenterNet with a ResNet-18 of a quarter of its width, on drawn shapes."""

_base_ = "mmdet::centernet/centernet_r18_8xb16-crop512-140e_coco.py"

model = dict(
    backbone=dict(base_channels=16, init_cfg=None),
    neck=dict(in_channels=128, num_deconv_filters=(64, 32, 32)),
    bbox_head=dict(in_channels=32, feat_channels=32, num_classes=2),
)
metainfo = dict(classes=("disc", "square"), palette=[(200, 60, 60), (60, 60, 200)])
load = [
    dict(type="LoadImageFromFile", to_float32=True, backend_args=None),
    dict(type="LoadAnnotations", with_bbox=True),
]
resize = dict(type="Resize", scale=(128, 128), keep_ratio=False)
meta_keys = ("img_id", "img_path", "ori_shape", "img_shape", "border")
pad = dict(
    type="RandomCenterCropPad",
    ratios=None,
    border=None,
    mean=[0, 0, 0],
    std=[1, 1, 1],
    to_rgb=True,
    test_mode=True,
    test_pad_mode=["logical_or", 31],
    test_pad_add_pix=1,
)
train_pipeline = [
    *load,
    dict(type="PhotoMetricDistortion"),
    resize,
    dict(type="RandomFlip", prob=0.5),
    dict(type="PackDetInputs"),
]
test_pipeline = [
    load[0],
    pad,
    load[1],
    dict(type="PackDetInputs", meta_keys=meta_keys),
]
root = "{{$DATA:data}}/shapes"
data = dict(_delete_=True, type="CocoDataset", data_root=root, metainfo=metainfo)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        **data,
        ann_file="train.json",
        data_prefix=dict(img="images/train"),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        **data,
        ann_file="val.json",
        data_prefix=dict(img="images/val"),
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=f"{root}/val.json")
test_evaluator = val_evaluator
optim_wrapper = dict(
    _delete_=True,
    type="OptimWrapper",
    optimizer=dict(type="Adam", lr=0.002),
    clip_grad=dict(max_norm=35, norm_type=2),
)
max_epochs = 15
param_scheduler = [dict(type="LinearLR", start_factor=0.1, by_epoch=False, begin=0, end=10)]
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
default_hooks = dict(logger=dict(interval=5), checkpoint=dict(interval=5))
randomness = dict(seed=0)
