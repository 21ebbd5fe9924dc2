# Articles of clothing; `--data-root` says where the idx files are.
_base_ = ["_base_/default_runtime.py", "_base_/resnet18_small.py"]

model = dict(
    data_preprocessor=dict(mean=[73.0], std=[90.0]),
    backbone=dict(strides=(2, 2, 2, 1)),  # 28×28 pixels
)

# There is no third split: the test images serve for validation too, and nothing but the `best_*`
# checkpoint is chosen by them.
test_dataloader = dict(
    batch_size=500,
    dataset=dict(
        type="FashionMNIST",
        data_root="data/fashion-mnist",
        split="test",
        pipeline=[dict(type="PackClsInputs")],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
val_dataloader = test_dataloader
train_dataloader = dict(
    batch_size=256,
    dataset=dict(
        type="FashionMNIST",
        data_root="data/fashion-mnist",
        split="train",
        pipeline=[
            dict(type="RandomShift", max_shift=2),
            dict(type="RandomFlip"),
            dict(type="PackClsInputs"),
        ],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_evaluator = dict(type="Accuracy", topk=(1, 5))
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=18)
optim_wrapper = dict(
    optimizer=dict(type="SGD", lr=0.2, momentum=0.9, nesterov=True, weight_decay=5e-4)
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, end=2, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", eta_min_ratio=1e-3, begin=2, end=18, convert_to_iter_based=True),
]
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=1))

inferencer = dict(type="ClsInferencer", color="gray", size=(28, 28))
