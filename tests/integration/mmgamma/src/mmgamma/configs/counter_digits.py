# Counts the digits on a canvas of mmbeta, with a network of mmalpha under a head of mmbeta.
default_scope = "mmgamma"

model = dict(
    type="Counter",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[32.0], std=[65.0]),
    backbone=dict(
        type="mmalpha.ResNet",
        depth=18,
        in_channels=1,
        base_channels=16,
        stem="cifar",
        strides=(2, 2, 2, 1),
        channels_last=True,
    ),
    density_head=dict(
        type="mmbeta.FCNHead",
        in_channels=128,
        channels=16,
        num_convs=1,
        num_classes=1,
        dropout_ratio=0.0,
    ),
)

canvas = dict(type="mmbeta.DigitsCanvas", split="train")
train_dataloader = dict(
    dataset=dict(type="Counted", images=canvas, key="scans"),
    batch_size=16,
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_dataloader = dict(
    dataset=dict(type="Counted", images=dict(canvas, split="test"), key="scans"),
    batch_size=50,
    sampler=dict(type="DefaultSampler", shuffle=False),
)
val_evaluator = dict(type="CountError")
val_cfg = {}

train_cfg = dict(by_epoch=True, max_epochs=8)
optim_wrapper = dict(optimizer=dict(type="AdamW", lr=3e-3))
param_scheduler = [dict(type="CosineAnnealingLR", T_max=8, convert_to_iter_based=True)]
