# Your own images in a folder for each class, below `train` and `val` of the folder that
# `--data-root` names. Set `_classes` to the names of yours. Needs `engine[torchvision]`.
_base_ = ["_base_/default_runtime.py"]

_classes = ("cat", "dog")

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(
        type="ImgDataPreprocessor", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(type="ResNet", depth=50, channels_last=True),
    neck=dict(type="GlobalAveragePooling"),
    head=dict(
        type="LinearClsHead",
        num_classes=len(_classes),
        in_channels=2048,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),
    ),
)

_at_test = [
    dict(type="torchvision.Resize", size=232),
    dict(type="torchvision.CenterCrop", size=224),
]
test_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type="ImageFolder",
        data_root="data/images",
        split="val",
        metainfo=dict(classes=_classes),
        pipeline=[
            dict(type="LoadImageFromFile", color="rgb", min_side=232),
            *_at_test,
            dict(type="PackClsInputs"),
        ],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="default_collate"),
)
val_dataloader = test_dataloader
train_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type="ImageFolder",
        data_root="data/images",
        split="train",
        metainfo=dict(classes=_classes),
        pipeline=[
            dict(type="LoadImageFromFile", color="rgb"),
            dict(type="torchvision.RandomResizedCrop", size=224),
            dict(type="torchvision.RandomHorizontalFlip"),
            dict(type="torchvision.TrivialAugmentWide"),
            dict(type="PackClsInputs"),
        ],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
    collate_fn=dict(type="default_collate"),
)
val_evaluator = [
    dict(type="Accuracy"),
    dict(type="PrecisionRecallF1"),
    dict(type="ConfusionMatrix"),
]
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=100)
optim_wrapper = dict(
    optimizer=dict(type="SGD", lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-4)
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", begin=5, end=100, convert_to_iter_based=True),
]
custom_hooks = [dict(type="CurvesHook"), dict(type="ConfusionMatrixHook")]

inferencer = dict(type="ClsInferencer")
