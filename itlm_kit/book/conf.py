"""Sphinx's settings for the book. Nothing is executed, and nothing is fetched when it is built or opened."""

from pathlib import Path

import itlm_kit

_KIT = Path(itlm_kit.__file__).parent
project, author = "itlm_kit", "the authors of itlm_kit"
version = release = itlm_kit.__version__
copyright = f"{author}, MIT licence"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_codeautolink",
    "itlm_kit.book.mathml",
    "itlm_kit.book.docstrings",
]
exclude_patterns = ["report_body.html"]
default_role = "py:obj"

nb_execution_mode = "off"  # `itlm run` did
nb_ipywidgets_js = {}  # widgets show their picture
nb_mime_priority_overrides = [
    ("html", "application/vnd.jupyter.widget-view+json", None),
    ("html", "application/javascript", None),
    ("html", "image/png", 1),
]
suppress_warnings = ["mystnb.unknown_mime_type"]  # recorded figures are for machines
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_dmath_double_inline = True  # as Jupyter reads it: a formula on lines of its own within a paragraph
myst_heading_anchors = 3
html_math_renderer = "mathml"

autosummary_generate = True
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
codeautolink_concat_default = True
codeautolink_search_css_classes = ["highlight-ipython3"]

html_theme = "furo"
html_title = "Learning from bad data"
html_static_path = [str(_KIT / name) for name in ("pages/colours.css", "report/template/report.css", "book/book.css")]
html_css_files = ["colours.css", "report.css", "book.css"]
html_search_scorer = str(_KIT / "book/scorer.js")
html_show_search_summary = False  # a browser may not fetch them from files
html_show_sourcelink = False
html_copy_source = False
templates_path = [str(_KIT / "book" / "templates")]
