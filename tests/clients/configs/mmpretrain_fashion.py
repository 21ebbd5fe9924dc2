"""ResNet-18 on a part of Fashion-MNIST."""

_base_ = ["mmpretrain::_base_/models/resnet18.py", "mmpretrain::_base_/default_runtime.py"]

model = dict(
    backbone=dict(in_channels=1, norm_cfg=dict(type="BN", requires_grad=True)),
    head=dict(num_classes=10, topk=(1,)),
    data_preprocessor=dict(num_classes=10, mean=[72.9], std=[90.0]),
)
data = dict(type="FashionMNIST", data_root="{{$DATA:data}}/fashion")
pipeline = [dict(type="RandomFlip", prob=0.5), dict(type="PackInputs")]
loader = dict(batch_size=32, num_workers=0, persistent_workers=False)
train_dataloader = dict(
    **loader,
    dataset=dict(**data, split="train", indices=1600, pipeline=pipeline),
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_dataloader = dict(
    **loader,
    dataset=dict(**data, split="test", indices=500, pipeline=[dict(type="PackInputs")]),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="Accuracy", topk=(1,))
test_evaluator = val_evaluator
train_cfg = dict(by_epoch=True, max_epochs=2, val_interval=1)
val_cfg = {}
test_cfg = {}
optim_wrapper = dict(
    optimizer=dict(type="SGD", lr=0.02, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, begin=0, end=20),
    dict(type="CosineAnnealingLR", T_max=2, by_epoch=True, begin=0, end=2),
]
default_hooks = dict(logger=dict(interval=10))
randomness = dict(seed=0)
