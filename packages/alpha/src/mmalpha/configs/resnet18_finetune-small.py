# Fine-tuning the network of `resnet18_fashion-mnist.py` on small gray images of your own, in a
# folder for each class below `train`, `val` and `test` of `--data-root`. Set
# `model.head.num_classes`, and `init_cfg` of the backbone to weights of such a network.
_base_ = ["_base_/resnet18_small.py", "_base_/finetune.py"]

_load = [
    dict(type="LoadImageFromFile", color="gray"),
    dict(type="torchvision.Resize", size=(28, 28), antialias=True),
]
_pack = dict(type="PackClsInputs")
_at_test = dict(
    batch_size=250,
    dataset=dict(
        type="ImageFolder",
        data_root="data/images",
        split="val",
        pipeline=[*_load, _pack],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)

model = dict(
    data_preprocessor=dict(mean=[73.0], std=[90.0]),
    backbone=dict(
        strides=(2, 2, 2, 1),
        # init_cfg=dict(type="Pretrained", checkpoint="weights.pth", prefix="backbone."),
    ),
)
train_dataloader = dict(
    batch_size=20,
    dataset=dict(
        type="ImageFolder",
        data_root="data/images",
        split="train",
        pipeline=[*_load, dict(type="RandomShift", max_shift=2), dict(type="RandomFlip"), _pack],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_dataloader = _at_test
test_dataloader = dict(_at_test, dataset=dict(_at_test["dataset"], split="test"))
val_evaluator = dict(type="Accuracy")
test_evaluator = val_evaluator

optim_wrapper = dict(optimizer=dict(lr=1e-3))
custom_hooks = [
    dict(type="CurvesHook"),
    dict(type="EMAHook", momentum=2e-2),
    dict(type="EarlyStoppingHook", monitor="accuracy/top1", min_delta=0.0, patience=20),
    dict(type="PrepareTTAHook", tta_cfg=dict(type="ClsTTAModel")),
]
default_hooks = dict(checkpoint=dict(save_best="accuracy/top1"))
inferencer = dict(type="ClsInferencer", color="gray", size=(28, 28))
