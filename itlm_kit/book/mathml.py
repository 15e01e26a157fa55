"""Formulas as MathML, which browsers draw by themselves: Sphinx's own way loads a script from elsewhere."""

from itlm_kit.runner.formulas import as_mathml


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True}


def _inline(translator, node):
    _write(translator, as_mathml(node.astext(), "inline"))


def _block(translator, node):
    _write(translator, f"<div>{as_mathml(node.astext(), 'block')}</div>")


def _write(translator, markup):
    from docutils.nodes import SkipNode  # comes with Sphinx

    translator.body.append(markup)
    raise SkipNode
