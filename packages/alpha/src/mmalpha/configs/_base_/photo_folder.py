# Photos in a folder for each class, below `train`, `val` and `test` of the folder that
# `--data-root` names. The names of the classes are those of the folders. Needs
# `engine[torchvision]`.
_at_test = [
    dict(type="LoadImageFromFile", color="rgb", min_side=256),
    dict(type="torchvision.Resize", size=256, antialias=True),
    dict(type="torchvision.CenterCrop", size=224),
    dict(type="PackClsInputs"),
]
train_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type="ImageFolder",
        data_root="data/images",
        split="train",
        pipeline=[
            dict(type="LoadImageFromFile", color="rgb"),
            dict(type="torchvision.RandomResizedCrop", size=224, scale=(0.25, 1.0)),
            dict(type="torchvision.RandomHorizontalFlip"),
            dict(type="torchvision.RandAugment", num_ops=2, magnitude=9),
            dict(type="PackClsInputs"),
        ],
    ),
    # Each class as often as any other: dict(type="ClassWeightedSampler").
    sampler=dict(type="DefaultSampler", shuffle=True),
    collate_fn=dict(type="default_collate"),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type="ImageFolder",
        data_root="data/images",
        split="val",
        pipeline=_at_test,
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="default_collate"),
)
test_dataloader = dict(val_dataloader, dataset=dict(val_dataloader["dataset"], split="test"))
val_evaluator = [dict(type="Accuracy"), dict(type="PrecisionRecallF1")]
test_evaluator = [*val_evaluator, dict(type="ConfusionMatrix")]

inferencer = dict(type="ClsInferencer")
