# Pascal VOC 2012; `--data-root` says where `VOCdevkit/VOC2012` is. The recipe is that of the paper,
# shorter.
_base_ = ["_base_/default_runtime.py"]

model = dict(
    type="EncoderDecoder",
    data_preprocessor=dict(
        type="SegDataPreprocessor",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        size=(512, 512),
    ),
    backbone=dict(
        type="mmalpha.ResNet",
        depth=50,
        strides=(1, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(0, 1, 2, 3),
        channels_last=True,
    ),
    decode_head=dict(type="DeepLabV3PlusHead", dilations=(1, 6, 12, 18), num_classes=21),
    auxiliary_head=dict(
        type="FCNHead",
        in_index=2,
        channels=256,
        num_convs=1,
        num_classes=21,
        loss=dict(type="CrossEntropyLoss", loss_weight=0.4),
    ),
    test_cfg=dict(mode="slide", crop_size=(512, 512), stride=(341, 341)),
)

_load = [dict(type="LoadImageFromFile", color="rgb"), dict(type="LoadAnnotations")]
_at_test = [dict(type="Resize", scale=(2048, 512), keep_ratio=True)]
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type="PascalVOCDataset",
        data_root="data/VOCdevkit/VOC2012",
        split="train",
        pipeline=[
            *_load,
            dict(type="RandomResize", scale=(2048, 512)),
            dict(type="RandomCrop", crop_size=(512, 512), cat_max_ratio=0.75),
            dict(type="RandomFlip"),
            dict(type="PhotoMetricDistortion"),
            dict(type="PackSegInputs"),
        ],
    ),
    sampler=dict(type="InfiniteSampler", shuffle=True),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type="PascalVOCDataset",
        data_root="data/VOCdevkit/VOC2012",
        split="val",
        # The mask is read behind the resizing: predictions are brought back to its size.
        pipeline=[_load[0], *_at_test, _load[1], dict(type="PackSegInputs")],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
val_dataloader = test_dataloader
val_evaluator = dict(type="IoUMetric")
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=False, max_iters=20000, val_interval=2000)
optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type="PolyLR", power=0.9, eta_min=1e-4, end=20000, by_epoch=False)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=2000))

inferencer = dict(type="SegInferencer")
