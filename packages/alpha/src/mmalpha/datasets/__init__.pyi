from .cifar import CIFAR10 as CIFAR10
from .cifar import CIFAR100 as CIFAR100
from .digit_rows import DigitRows as DigitRows
from .digits import Digits as Digits
from .idx import read_idx as read_idx
from .image_folder import ImageFolder as ImageFolder
from .image_list import ImageList as ImageList
from .in_memory import InMemoryDataset as InMemoryDataset
from .mnist import MNIST as MNIST
from .mnist import FashionMNIST as FashionMNIST
from .restricted_pickle import read_plain_pickle as read_plain_pickle
from .transforms import LoadImageFromFile as LoadImageFromFile
from .transforms import PackClsInputs as PackClsInputs
from .transforms import RandomFlip as RandomFlip
from .transforms import RandomShift as RandomShift

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "MNIST",
    "DigitRows",
    "Digits",
    "FashionMNIST",
    "ImageFolder",
    "ImageList",
    "InMemoryDataset",
    "LoadImageFromFile",
    "PackClsInputs",
    "RandomFlip",
    "RandomShift",
    "read_idx",
    "read_plain_pickle",
]
