from ._analyzers import ActivationAnalyzer as ActivationAnalyzer
from ._analyzers import FlopAnalyzer as FlopAnalyzer
from ._analyzers import activation_count as activation_count
from ._analyzers import flop_count as flop_count
from ._report import get_model_complexity_info as get_model_complexity_info
from ._report import parameter_count as parameter_count
from ._report import parameter_count_table as parameter_count_table
