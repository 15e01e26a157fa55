"""Formulas as MathML: browsers draw it by themselves, where MathJax is a script from elsewhere."""

import html
import re

from latex2mathml.converter import convert

_SPELLED = {r"\arg": r"\operatorname{arg}"}  # commands that the converter does not know, by others that it does
_COMMAND = re.compile(r"\\[A-Za-z]+")


def as_mathml(latex, display):
    """A formula as MathML, display "inline" or "block"; as it was written where the converter cannot read all of it."""
    maths = _converted(_COMMAND.sub(lambda found: _SPELLED.get(found[0], found[0]), latex), display)
    return maths if "\\" not in maths else f"<code>{html.escape(latex)}</code>"  # unknown commands stay in its texts


def _converted(latex, display):
    try:
        return convert(latex, display=display)
    except Exception:  # whatever it is that the converter stumbles over
        return latex
