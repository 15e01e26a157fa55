"""The book: executed notebooks, the report and an API reference as a site that opens offline."""

from itlm_kit.extras import needs

needs("nbformat", "latex2mathml")

from itlm_kit.book.building import build

__all__ = ["build"]
