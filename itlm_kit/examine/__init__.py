"""A person's own data in; suspects, how much to keep, and a clean copy out."""

from itlm_kit.examine.columns import TableColumns
from itlm_kit.examine.examination import Examination
from itlm_kit.examine.recordings import recording
from itlm_kit.examine.report import Report
from itlm_kit.examine.tables import table

__all__ = ["Examination", "Report", "TableColumns", "folder", "recording", "table"]


def __getattr__(name):
    # Networks judge pictures, and bring torch, which tables and recordings do without.
    if name != "folder":
        raise AttributeError(f"module 'itlm_kit.examine' has no attribute {name!r}")
    from itlm_kit.examine.pictures import folder

    return folder
