# How pretrained weights are fine-tuned; docs/fine-tune-segmentation.md names the sources.
_base_ = ["default_runtime.py"]

_epochs = 50

optim_wrapper = dict(
    type="AmpOptimWrapper",
    dtype="bfloat16",
    optimizer=dict(type="AdamW", lr=2e-4, weight_decay=0.05),
    paramwise_cfg=dict(
        layer_decay=0.8,  # each layer of the backbone learns slower than the one behind it
        norm_decay_mult=0,
        bias_decay_mult=0,
        custom_keys=dict(head=dict(lr_mult=10)),  # it begins with fresh weights
    ),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, end=2, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", begin=2, end=_epochs, convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=_epochs)
default_hooks = dict(checkpoint=dict(interval=1, max_keep_ckpts=1))
custom_hooks = [
    dict(type="CurvesHook"),
    dict(type="PredictionsHook"),
    dict(type="EMAHook", momentum=2e-3),
    dict(type="EarlyStoppingHook", monitor="mIoU", min_delta=0.0, patience=10),
    dict(type="PrepareTTAHook", tta_cfg=dict(type="SegTTAModel")),  # a test predicts mirrored too
]
