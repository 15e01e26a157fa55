"""A person's own data in; suspects, how much to keep, and a clean copy out."""

from itlm_kit.examine.examination import Examination
from itlm_kit.examine.report import Report

__all__ = ["Examination", "Report"]
