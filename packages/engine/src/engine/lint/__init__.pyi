from ._check import check as check
from ._report import Finding as Finding
from ._report import Report as Report
from ._schema import schema as schema
from .explorer._explore import explore as explore
from .explorer._page import Explorer as Explorer
