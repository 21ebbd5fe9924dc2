# A backbone of timm under a decoder of segmentation_models_pytorch, each by its name, predicted in
# windows. Needs `engine[smp]` and `engine[timm]`.
_base_ = ["_base_/default_runtime.py", "_base_/digits.py"]

model = dict(
    type="EncoderDecoder",
    data_preprocessor=dict(type="SegDataPreprocessor", mean=[32.0], std=[65.0], size_divisor=32),
    backbone=dict(type="timm.resnet18", in_chans=1, features_only=True),
    decode_head=dict(
        type="NamedDecodeHead",
        decoder="smp_FPN",
        decoder_args=dict(pyramid_channels=64, segmentation_channels=32),
        num_classes=11,
    ),
    test_cfg=dict(mode="slide", crop_size=(64, 64), stride=(32, 32)),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
