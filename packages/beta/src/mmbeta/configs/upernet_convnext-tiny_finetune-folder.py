# Fine-tuning an UPerNet with a ConvNeXt of timm on photos and masks of your own. Set the classes as
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
    backbone=dict(type="timm.convnext_tiny.fb_in22k_ft_in1k", pretrained=True, drop_path_rate=0.2),
    decode_head=dict(
        type="UPerHead",
        channels=256,
        in_index=None,
        num_classes=2,
        loss=[dict(type="OHEMCrossEntropyLoss"), dict(type="DiceLoss")],
    ),
)
