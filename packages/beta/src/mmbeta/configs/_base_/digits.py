# Gray images of 64×64 pixels with handwritten digits, which need no download.
# There is no third split: the test images serve for validation too, and nothing but the `best_*`
# checkpoint is chosen by them.
test_dataloader = dict(
    batch_size=50,
    dataset=dict(
        type="DigitsCanvas",
        split="test",
        pipeline=[dict(type="PackSegInputs")],
        test_mode=True,
    ),
    sampler=dict(type="DefaultSampler", shuffle=False),
)
val_dataloader = test_dataloader
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        type="DigitsCanvas",
        split="train",
        pipeline=[dict(type="PackSegInputs")],
    ),
    sampler=dict(type="DefaultSampler", shuffle=True),
)
val_evaluator = dict(type="IoUMetric")
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=12, val_interval=3)
optim_wrapper = dict(optimizer=dict(type="AdamW", lr=1e-2, weight_decay=0.02))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, end=1, convert_to_iter_based=True),
    dict(type="CosineAnnealingLR", eta_min_ratio=0.01, begin=1, end=12, convert_to_iter_based=True),
]

inferencer = dict(type="SegInferencer", color="gray")
