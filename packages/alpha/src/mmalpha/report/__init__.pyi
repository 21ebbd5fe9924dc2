from .calibration import Reliability as Reliability
from .calibration import fit_temperature as fit_temperature
from .calibration import plot_reliability as plot_reliability
from .calibration import scale_scores as scale_scores
from .cls_report import ClsReport as ClsReport
