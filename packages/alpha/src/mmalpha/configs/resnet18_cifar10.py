# Small photographs; `--data-root` says where the archive or its folder is. The recipe is that of
# the paper's networks for CIFAR, with a cosine in place of steps.
_base_ = ["_base_/default_runtime.py", "_base_/cifar10.py"]

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(
        type="ImgDataPreprocessor", mean=[125.3, 123.0, 113.9], std=[63.0, 62.1, 66.7]
    ),
    backbone=dict(type="ResNet", depth=18, stem="cifar", channels_last=True),
    neck=dict(type="GlobalAveragePooling"),
    head=dict(type="LinearClsHead", num_classes=10, in_channels=512),
)

train_cfg = dict(by_epoch=True, max_epochs=200, val_interval=5)
optim_wrapper = dict(
    optimizer=dict(type="SGD", lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
)
param_scheduler = dict(type="CosineAnnealingLR", T_max=200, convert_to_iter_based=True)
default_hooks = dict(logger=dict(interval=50))
custom_hooks = [dict(type="CurvesHook"), dict(type="ConfusionMatrixHook")]

inferencer = dict(type="ClsInferencer", color="rgb", size=(32, 32))
