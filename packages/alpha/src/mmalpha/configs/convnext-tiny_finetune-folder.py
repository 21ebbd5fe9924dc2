# Fine-tuning a ConvNeXt of timm on your own photos; set `model.head.num_classes`. Needs
# `engine[timm]`. `model.backbone.pretrained` is True for the Hub, or a folder or file of weights.
_base_ = ["_base_/finetune.py", "_base_/photo_folder.py"]

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(
        type="ImgDataPreprocessor", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(type="timm.convnext_tiny.fb_in22k_ft_in1k", pretrained=True, drop_path_rate=0.1),
    head=dict(
        type="LinearClsHead",
        num_classes=2,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),  # and class_weight=[...]
    ),
)

optim_wrapper = dict(paramwise_cfg=dict(layer_decay=0.8))
