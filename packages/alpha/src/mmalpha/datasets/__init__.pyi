from .digits import Digits as Digits
from .idx import read_idx as read_idx
from .mnist import MNIST as MNIST
from .mnist import FashionMNIST as FashionMNIST
from .transforms import PackClsInputs as PackClsInputs
from .transforms import RandomFlip as RandomFlip
from .transforms import RandomShift as RandomShift

__all__ = [
    "MNIST",
    "Digits",
    "FashionMNIST",
    "PackClsInputs",
    "RandomFlip",
    "RandomShift",
    "read_idx",
]
