"""The paper on one page and in pictures: each figure and table as printed, beside what was measured."""

from itlm_kit.report.figures import pictures, write_pictures
from itlm_kit.report.page import write_report

__all__ = ["pictures", "write_pictures", "write_report"]
