from ._explore import explore as explore
from ._page import Explorer as Explorer
