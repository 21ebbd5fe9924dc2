from ._dump import DumpResults as DumpResults
from ._evaluator import Evaluator as Evaluator
from ._metric import BaseMetric as BaseMetric
from ._value import get_metric_value as get_metric_value
