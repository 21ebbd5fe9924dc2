from ._modules import install as install
from ._modules import uninstall as uninstall
