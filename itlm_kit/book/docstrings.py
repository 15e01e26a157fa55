"""Docstrings for Sphinx: they are plain text, in which `name` alone is markup, so that formulas need no escapes."""

import re

_MARKUP = re.compile(r"([*|\\]|_(?!\w))")


def setup(app):
    app.connect("autodoc-process-docstring", _escape)
    return {"parallel_read_safe": True}


def _escape(app, what, name, obj, options, lines):
    lines[:] = ["`".join(_escaped(line.split("`"))) for line in lines]


def _escaped(pieces):
    # What stands between backticks is every second piece.
    return [piece if i % 2 else _MARKUP.sub(r"\\\1", piece) for i, piece in enumerate(pieces)]
