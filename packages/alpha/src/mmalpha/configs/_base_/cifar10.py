# Small photographs; `--data-root` says where the archive or its folder is.
# There is no third split: the test images serve for validation too, and nothing but the `best_*`
# checkpoint is chosen by them.
test_dataloader = dict(
    batch_size=500,
    dataset=dict(
        type="CIFAR10",
        data_root="data/cifar10",
        split="test",
        pipeline=[dict(type="PackClsInputs")],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="default_collate"),
)
val_dataloader = test_dataloader
train_dataloader = dict(
    batch_size=128,
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        type="CIFAR10",
        data_root="data/cifar10",
        split="train",
        pipeline=[
            dict(type="RandomShift", max_shift=4),
            dict(type="RandomFlip"),
            dict(type="PackClsInputs"),
        ],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
    collate_fn=dict(type="default_collate"),
)
val_evaluator = [dict(type="Accuracy", topk=(1, 5)), dict(type="ConfusionMatrix")]
test_evaluator = val_evaluator
