"""Formulas as MathML, which browsers draw by themselves: Sphinx's own way loads a script from elsewhere."""

from docutils.nodes import SkipNode

from itlm_kit.runner.formulas import as_mathml


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True}


def _inline(translator, node):
    translator.body.append(as_mathml(node.astext(), "inline"))
    raise SkipNode


def _block(translator, node):
    translator.body.append(f"<div>{as_mathml(node.astext(), 'block')}</div>")
    raise SkipNode
