from .accuracy import Accuracy as Accuracy

__all__ = ["Accuracy"]
