# A ConvNeXt whose stem keeps small images as they are.
_base_ = ["_base_/default_runtime.py", "_base_/digits.py"]

model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[78.0], std=[96.0]),
    backbone=dict(
        type="ConvNeXt",
        arch=dict(depths=(2, 4, 2), channels=(40, 80, 160)),  # the first of atto
        in_channels=1,
        stem_stride=1,
        out_indices=(2,),
        drop_path_rate=0.1,
        layer_scale=0,  # it is for deep networks
    ),
    neck=dict(type="GlobalAveragePooling"),
    head=dict(
        type="LinearClsHead",
        num_classes=10,
        in_channels=160,
        norm=True,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),
    ),
)
