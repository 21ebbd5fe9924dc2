from .boundary import BoundaryIoUMetric as BoundaryIoUMetric
from .boundary import HausdorffMetric as HausdorffMetric
from .iou import IoUMetric as IoUMetric
