# Fine-tuning a U-Net with a ResNet-50 of timm on photos and masks of your own. Set the classes as
# `_base_/photo_folder.py` says, and `model.decode_head.num_classes`. Needs `engine[timm]` and
# `engine[torchvision]`. `model.backbone.pretrained` is True for the Hub, or a folder or file.
_base_ = ["_base_/finetune.py", "_base_/photo_folder.py"]

model = dict(
    type="EncoderDecoder",
    data_preprocessor=dict(
        type="SegDataPreprocessor",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        size=(512, 512),
    ),
    backbone=dict(
        type="timm.resnet50.a1_in1k",
        pretrained=True,
        frozen_stages=1,  # the stem and the first stage: edges and colors are the same everywhere
        norm_eval=True,  # batches of few images would spoil the statistics
    ),
    decode_head=dict(
        type="UNetHead",
        channels=64,
        num_classes=2,
        loss=[dict(type="CrossEntropyLoss"), dict(type="DiceLoss")],
    ),
)
