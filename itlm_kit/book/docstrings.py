"""Docstrings for Sphinx: they are plain text, in which `name` alone is markup."""

import re
from itertools import pairwise

_MARKUP = re.compile(r"([*|\\]|_(?!\w))")


def setup(app):
    app.connect("autodoc-process-docstring", _escape)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True}


def _escape(app, what, name, obj, options, lines):
    lines[:] = ["`".join(_escaped(line.split("`"))) for line in _spaced(lines)]


def _spaced(lines):
    """The lines, with an empty one before and after each list."""
    for before, line in pairwise(["", *lines]):
        if before and line and _is_listed(before) != _is_listed(line):
            yield ""
        yield line


def _is_listed(line):
    return line.startswith(("- ", "  "))


def _skip(app, what, name, obj, skip, options):
    """Whether to leave out a member: fields of named tuples, which say nothing, and what other packages add."""
    is_others = not (getattr(obj, "__module__", None) or "itlm_kit").startswith("itlm_kit")
    return True if type(obj).__name__ == "_tuplegetter" or is_others else None


def _escaped(pieces):
    # What stands between backticks is every second piece.
    return [piece if i % 2 else _MARKUP.sub(r"\\\1", piece) for i, piece in enumerate(pieces)]
