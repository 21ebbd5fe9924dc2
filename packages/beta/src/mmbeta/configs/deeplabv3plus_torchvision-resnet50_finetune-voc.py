# Fine-tuning a DeepLabV3+ with a ResNet-50 of torchvision on Pascal VOC 2012; `--data-root` says
# where `VOCdevkit/VOC2012` is. `model.backbone.pretrained` is True for the download of
# torchvision, or a folder or file of weights. Needs `engine[torchvision]`.
_base_ = ["deeplabv3plus_r50_voc.py"]

model = dict(
    backbone=dict(
        _delete_=True,
        type="torchvision.resnet50",
        pretrained=True,
        replace_stride_with_dilation=(False, False, True),
        norm_eval=True,
    ),
    decode_head=dict(in_index=(1, -1)),  # the first map is that of the stem
)
optim_wrapper = dict(
    _delete_=True,
    type="AmpOptimWrapper",
    dtype="bfloat16",
    optimizer=dict(type="AdamW", lr=2e-4, weight_decay=0.05),
    paramwise_cfg=dict(
        layer_decay=0.8,
        norm_decay_mult=0,
        bias_decay_mult=0,
        custom_keys=dict(head=dict(lr_mult=10)),
    ),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(_delete_=True, type="LinearLR", start_factor=0.01, end=500, by_epoch=False),
    dict(type="CosineAnnealingLR", begin=500, end=20000, by_epoch=False),
]
custom_hooks = [
    dict(type="CurvesHook"),
    dict(type="PredictionsHook"),
    dict(type="EMAHook", momentum=2e-3),
    dict(
        type="PrepareTTAHook",
        tta_cfg=dict(type="SegTTAModel", scales=(0.75, 1.0, 1.25)),
    ),
]
