from ._labels import class_names as class_names
from .accuracy import Accuracy as Accuracy
from .average_precision import AveragePrecision as AveragePrecision
from .average_precision import average_precision as average_precision
from .confusion import ConfusionMatrix as ConfusionMatrix
from .confusion import plot_confusion_matrix as plot_confusion_matrix
from .precision_recall import PrecisionRecallF1 as PrecisionRecallF1
