# Handwritten digits on a canvas: a network of mmalpha under a head of mmbeta.
_base_ = ["_base_/default_runtime.py", "_base_/r18_small.py", "_base_/digits.py"]

model = dict(
    decode_head=dict(
        type="FCNHead",
        in_channels=(16, 32, 64, 128),
        in_index=(0, 1, 2, 3),
        channels=32,
        num_convs=1,
        kernel_size=1,
        num_classes=11,
    ),
)
