# The 1,797 handwritten digits of scikit-learn, in about a minute on a CPU.
_base_ = ["_base_/default_runtime.py", "_base_/resnet18_small.py", "_base_/digits.py"]

model = dict(
    data_preprocessor=dict(mean=[78.0], std=[96.0]),
    backbone=dict(base_channels=32, strides=(1, 2, 2, 1)),  # the images have 8×8 pixels
    head=dict(in_channels=256),
)
