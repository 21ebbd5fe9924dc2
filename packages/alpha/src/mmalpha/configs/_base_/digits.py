# The 1,797 handwritten digits of scikit-learn, 8×8 pixels.
# There is no third split: the test scans serve for validation too, and nothing but the `best_*`
# checkpoint is chosen by them.
test_dataloader = dict(
    batch_size=360,
    dataset=dict(
        type="Digits",
        split="test",
        pipeline=[dict(type="PackClsInputs")],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
val_dataloader = test_dataloader
train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        type="Digits",
        split="train",
        pipeline=[dict(type="RandomShift", max_shift=1), dict(type="PackClsInputs")],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_evaluator = dict(type="Accuracy")
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=5)
optim_wrapper = dict(optimizer=dict(type="AdamW", lr=3e-3, weight_decay=0.05))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, end=1, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", eta_min_ratio=0.01, begin=1, end=20, convert_to_iter_based=True),
]

inferencer = dict(type="ClsInferencer", color="gray", size=(8, 8))
