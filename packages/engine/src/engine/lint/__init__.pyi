from ._check import check as check
from ._report import Finding as Finding
from ._report import Report as Report
from ._schema import schema as schema
