"""Pages whose formulas are MathML: browsers draw it by themselves, where MathJax is a script from elsewhere."""

import html
import re

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_ARG = re.compile(r"\\arg(?![a-z])")  # which the converter does not know


class OfflineExporter(HTMLExporter):
    """Notebook to HTML that asks for no script, style or font from elsewhere."""

    def __init__(self, **kwargs):
        super().__init__(mathjax_url="", require_js_url="", mermaid_js_url="", **kwargs)

    @pass_context
    def markdown2html(self, context, source):
        """Markdown to HTML, formulas to MathML."""
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


def as_mathml(latex, display):
    """A formula as MathML, as it was written where it cannot be read; display: "inline" or "block"."""
    try:
        return convert(_ARG.sub(r"\\operatorname{arg}", latex), display=display)
    except Exception:  # whatever it is that the converter cannot read stands there as it was written
        return f"<code>{html.escape(latex)}</code>"
