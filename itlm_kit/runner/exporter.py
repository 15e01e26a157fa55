"""Notebooks as pages to be read: nothing from elsewhere, nothing that is only for those who run them."""

import re

from jinja2 import pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets.config import Config

from itlm_kit.runner.formulas import as_mathml

# Pictures first: a widget is nothing without a kernel.
_SHOWN = ["image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/latex", "text/plain"]
_HIDDEN = ["parameters", "injected-parameters"]  # tags of cells
# Without a font made for formulas a browser sets subscripts hardly lower than the line. Those that systems bring along.
_STYLE = """<style>
math { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math; }
figcaption { max-width: 950px; }
</style>
"""


class OfflineExporter(HTMLExporter):
    """Notebook to HTML that asks for no script, style or font from elsewhere."""

    def __init__(self):
        hidden = {"enabled": True, "remove_cell_tags": _HIDDEN}
        config = {"NbConvertBase": {"display_data_priority": _SHOWN}, "TagRemovePreprocessor": hidden}
        super().__init__(config=Config(config), mathjax_url="", require_js_url="", mermaid_js_url="")

    def from_notebook_node(self, nb, resources=None, **options):
        page, resources = super().from_notebook_node(nb, resources, **options)
        return page.replace("</head>", f"{_STYLE}</head>", 1), resources

    @pass_context
    def markdown2html(self, context, source):
        """Markdown to HTML, formulas to MathML, links to notebooks to links to their pages."""
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = _Renderer(escape=False, attachments=attachments, anchor_link_text=self.anchor_link_text)
        return MarkdownWithMath(renderer=renderer).render(source)


class _Renderer(IPythonRenderer):
    def block_math(self, body):
        return as_mathml(body, "block")

    def inline_math(self, body):
        return as_mathml(body, "inline")

    def latex_environment(self, name, body):
        return as_mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def link(self, text, url, title=None):
        return super().link(text, re.sub(r"^([^:/?#]+)\.ipynb(?=#|$)", r"\1.html", url), title)
