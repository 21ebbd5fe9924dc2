from ._manager import ManagerMixin as ManagerMixin
from ._near import did_you_mean as did_you_mean
from ._near import near as near
from ._url import is_url as is_url

__all__ = ["ManagerMixin", "did_you_mean", "is_url", "near"]
