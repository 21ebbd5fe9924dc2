from ._config import Config as Config
from ._config_dict import ConfigDict as ConfigDict
from ._errors import ConfigError as ConfigError
from ._options import DictAction as DictAction
from ._options import parse_options as parse_options

__all__ = ["Config", "ConfigDict", "ConfigError", "DictAction", "parse_options"]
