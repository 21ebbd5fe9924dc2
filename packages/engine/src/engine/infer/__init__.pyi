from ._inferencer import BaseInferencer as BaseInferencer

__all__ = ["BaseInferencer"]
