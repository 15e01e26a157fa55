"""A person's own data in; suspects, how much to keep, and a clean copy out."""

from itlm_kit.examine.columns import TableColumns
from itlm_kit.examine.examination import Examination
from itlm_kit.examine.pictures import folder
from itlm_kit.examine.recordings import recording
from itlm_kit.examine.report import Report
from itlm_kit.examine.tables import table

__all__ = ["Examination", "Report", "TableColumns", "folder", "recording", "table"]
