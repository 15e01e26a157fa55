"""The paper on one page and in pictures: each figure and table as printed, beside what was measured."""

from itlm_kit.report.page import write_report
from itlm_kit.report.pictures import pictures, write_pictures

__all__ = ["pictures", "write_pictures", "write_report"]
