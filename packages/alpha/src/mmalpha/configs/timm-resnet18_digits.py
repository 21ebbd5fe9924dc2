# Any backbone of timm by its name. Needs `engine[timm]` and `engine[torchvision]`.
_base_ = ["_base_/default_runtime.py", "_base_/digits.py"]

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[78.0], std=[96.0]),
    backbone=dict(type="TIMMBackbone", model_name="resnet18", in_channels=1),
    head=dict(
        type="LinearClsHead",
        num_classes=10,
        in_channels=512,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),
    ),
)

# The backbones of timm are for larger images.
_enlarge = dict(type="torchvision.Resize", size=(32, 32))
test_dataloader = dict(dataset=dict(pipeline=[_enlarge, dict(type="PackClsInputs")]))
val_dataloader = test_dataloader
train_dataloader = dict(
    dataset=dict(
        pipeline=[dict(type="RandomShift", max_shift=1), _enlarge, dict(type="PackClsInputs")]
    )
)
