# Fine-tuning a ResNet-50 of timm on your own photos; set `model.head.num_classes`. Needs
# `engine[timm]`. `model.backbone.pretrained` is True for the Hub, or a folder or file of weights.
_base_ = ["_base_/finetune.py", "_base_/photo_folder.py"]

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(
        type="ImgDataPreprocessor", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(
        type="timm.resnet50.a1_in1k",
        pretrained=True,
        norm_eval=True,  # batches of few images would spoil the statistics
    ),
    head=dict(
        type="LinearClsHead",
        num_classes=2,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),  # and class_weight=[...]
    ),
)

# The head learns first, then all of it: Kumar et al., 2022, https://arxiv.org/abs/2202.10054.
custom_hooks = [
    dict(type="CurvesHook"),
    dict(type="UnfreezeHook", frozen_stages=(4, -1), milestones=(3,), norm_eval=True),
    dict(type="EMAHook", momentum=2e-3),
    dict(type="EarlyStoppingHook", monitor="accuracy/top1", min_delta=0.0, patience=10),
    dict(type="PrepareTTAHook", tta_cfg=dict(type="ClsTTAModel")),
]
