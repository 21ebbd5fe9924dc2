# A network of mmalpha, of a quarter of the usual width, for small gray images.
model = dict(
    type="EncoderDecoder",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[32.0], std=[65.0]),
    backbone=dict(
        type="mmalpha.ResNet",
        depth=18,
        in_channels=1,
        base_channels=16,
        stem="cifar",
        strides=(2, 2, 2, 2),
        out_indices=(0, 1, 2, 3),
        channels_last=True,
    ),
)
