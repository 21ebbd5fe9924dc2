# Fine-tuning a vision transformer of timm on your own photos; set `model.head.num_classes`. Needs
# `engine[timm]`. `model.backbone.pretrained` is True for the Hub, or a folder or file of weights.
_base_ = ["_base_/finetune.py", "_base_/photo_folder.py"]

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[127.5] * 3, std=[127.5] * 3),
    backbone=dict(
        type="timm.vit_small_patch16_224.augreg_in21k_ft_in1k",
        pretrained=True,
        drop_path_rate=0.1,
    ),
    head=dict(
        type="LinearClsHead",
        num_classes=2,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),  # and class_weight=[...]
    ),
)

optim_wrapper = dict(paramwise_cfg=dict(layer_decay=0.7))
