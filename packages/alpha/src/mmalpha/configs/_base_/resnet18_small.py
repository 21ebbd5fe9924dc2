# A quarter of the usual width, for small gray images.
model = dict(
    type="ImageClassifier",
    data_preprocessor=dict(type="ImgDataPreprocessor"),
    backbone=dict(
        type="ResNet",
        depth=18,
        in_channels=1,
        base_channels=16,
        stem="cifar",
        channels_last=True,
    ),
    neck=dict(type="GlobalAveragePooling"),
    head=dict(
        type="LinearClsHead",
        num_classes=10,
        in_channels=128,
        loss=dict(type="CrossEntropyLoss", label_smoothing=0.1),
    ),
)
