# Fine-tuning a ResNet-50 of torchvision on your own photos; set `model.head.num_classes`.
# `model.backbone.pretrained` is True for the download of torchvision, or a folder or file of
# weights.
_base_ = ["_base_/finetune.py", "_base_/photo_folder.py"]

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(
        type="ImgDataPreprocessor", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(
        type="torchvision.resnet50",
        pretrained=True,
        frozen_stages=1,  # the stem and the first stage: edges and colors are the same everywhere
        norm_eval=True,
    ),
    head=dict(
        type="LinearClsHead",
        num_classes=2,
        in_channels=2048,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),  # and class_weight=[...]
    ),
)
