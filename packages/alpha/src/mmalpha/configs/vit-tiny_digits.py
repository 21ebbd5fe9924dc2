# A small transformer over patches of 2×2 pixels.
_base_ = ["_base_/default_runtime.py", "_base_/digits.py"]

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[78.0], std=[96.0]),
    backbone=dict(
        type="VisionTransformer",
        arch=dict(embed_dims=96, num_layers=6, num_heads=3),
        img_size=8,
        patch_size=2,
        in_channels=1,
        drop_path_rate=0.1,
    ),
    head=dict(
        type="LinearClsHead",
        num_classes=10,
        in_channels=96,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),
    ),
    batch_augments=dict(augments=[dict(type="Mixup", alpha=0.2)], probs=[0.5]),
    val_loss=True,
)

train_cfg = dict(max_epochs=60, val_interval=10)
optim_wrapper = dict(optimizer=dict(lr=2e-3), clip_grad=dict(max_norm=1.0))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", eta_min_ratio=0.01, begin=5, end=60, convert_to_iter_based=True),
]
