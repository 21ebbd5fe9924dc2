# The maps of the backbone from the coarsest to the finest, under three losses.
_base_ = ["_base_/default_runtime.py", "_base_/r18_small.py", "_base_/digits.py"]

model = dict(
    decode_head=dict(
        type="UNetHead",
        channels=16,
        num_classes=11,
        loss=[
            dict(type="FocalLoss"),
            dict(type="DiceLoss", loss_weight=0.5),
            dict(type="LovaszLoss", loss_weight=0.5),
        ],
    ),
    val_loss=True,
)
val_evaluator = dict(iou_metrics=("mIoU", "mDice"))
test_evaluator = val_evaluator
