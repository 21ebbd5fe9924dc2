# The MLP of SegFormer on the maps of a small ConvNeXt of mmalpha.
_base_ = ["_base_/default_runtime.py", "_base_/digits.py"]

model = dict(
    type="EncoderDecoder",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[32.0], std=[65.0]),
    backbone=dict(
        type="mmalpha.ConvNeXt",
        arch=dict(depths=(2, 2, 2), channels=(32, 64, 128)),
        in_channels=1,
        stem_stride=2,
        out_indices=(0, 1, 2),
        out_norm=True,
        layer_scale=0,  # it is for deep networks
    ),
    decode_head=dict(type="SegformerHead", channels=64, num_classes=11),
)
optim_wrapper = dict(optimizer=dict(lr=3e-3))
