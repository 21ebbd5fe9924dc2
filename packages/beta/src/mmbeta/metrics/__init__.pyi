from .iou import IoUMetric as IoUMetric

__all__ = ["IoUMetric"]
