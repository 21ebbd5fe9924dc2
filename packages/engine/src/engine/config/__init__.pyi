from ._config import Config as Config
from ._config_dict import ConfigDict as ConfigDict
from ._diff import Change as Change
from ._diff import changes as changes
from ._errors import ConfigError as ConfigError
from ._flatten import leaves as leaves
from ._options import DictAction as DictAction
from ._options import Options as Options
from ._options import parse_options as parse_options
from ._paths import shipped_configs as shipped_configs
from ._provenance import Provenance as Provenance
from ._provenance import Site as Site
from ._read_base import read_base as read_base

__all__ = [
    "Change",
    "Config",
    "ConfigDict",
    "ConfigError",
    "DictAction",
    "Options",
    "Provenance",
    "Site",
    "changes",
    "leaves",
    "parse_options",
    "read_base",
    "shipped_configs",
]
