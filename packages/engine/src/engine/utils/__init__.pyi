from ._manager import ManagerMixin as ManagerMixin
from ._near import did_you_mean as did_you_mean
from ._near import near as near

__all__ = ["ManagerMixin", "did_you_mean", "near"]
