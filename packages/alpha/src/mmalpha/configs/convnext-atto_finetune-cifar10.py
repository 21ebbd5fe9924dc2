# Fine-tuning a small ConvNeXt of timm on CIFAR-10, enlarged; `--data-root` says where the archive
# or its folder is. Needs `engine[timm]` and `engine[torchvision]`.
_base_ = ["_base_/finetune.py", "_base_/cifar10.py"]

_enlarge = dict(type="torchvision.Resize", size=96, antialias=True)

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(
        type="ImgDataPreprocessor", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(type="timm.convnext_atto.d2_in1k", pretrained=True),
    head=dict(
        type="LinearClsHead",
        num_classes=10,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),
    ),
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type="RandomShift", max_shift=4),
            dict(type="RandomFlip"),
            dict(type="torchvision.TrivialAugmentWide"),
            _enlarge,
            dict(type="PackClsInputs"),
        ]
    )
)
val_dataloader = dict(dataset=dict(pipeline=[_enlarge, dict(type="PackClsInputs")]))
test_dataloader = val_dataloader
inferencer = dict(type="ClsInferencer", color="rgb", size=(96, 96))
