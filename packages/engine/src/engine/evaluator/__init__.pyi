from ._dump import DumpResults as DumpResults
from ._evaluator import Evaluator as Evaluator
from ._evaluator import get_metric_value as get_metric_value
from ._metric import BaseMetric as BaseMetric
from ._sum_metric import SumMetric as SumMetric
