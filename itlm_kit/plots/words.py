"""Words from the user's data, such as class names and file names, as a figure can show them."""

from functools import lru_cache
from unicodedata import east_asian_width

import matplotlib.pyplot as plt
from matplotlib import font_manager

from itlm_kit.names import readable

_STAND_IN = "Last Resort"  # fonts of this name have a box for every character


def literal(words, room=None):
    """What matplotlib's text functions take to show some words as they are: a list of texts, and keywords for all.

    Nothing in them is taken for a formula. A character that matplotlib's font lacks comes from an installed font that
    has it, or is written out, as \\u732b. room: the most columns that each may take, CJK characters taking two; longer
    ones lose their middle.
    """
    texts, own = [readable(each) for each in words], _own_fonts()
    strange = {c for c in set("".join(texts)) if not (c.isprintable() and _has(own, c))}
    installed = tuple((font.fname, font.name) for font in font_manager.fontManager.ttflist)
    families = _families(frozenset(strange), installed)
    pieces = [[c if c not in strange or c in families else _written_out(c) for c in text] for text in texts]
    fonts = [*plt.rcParams["font.family"], *sorted(set(families.values()))]
    return [_shortened(each, room) for each in pieces], {"parse_math": False, "usetex": False, "fontfamily": fonts}


def columns_of(text):
    """How many columns a text takes: two for a wide character, one for any other."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _own_fonts():
    families = plt.rcParams["font.family"]
    return [font_manager.findfont(font_manager.FontProperties(family=[family])) for family in families]


@lru_cache(maxsize=64)
def _families(characters, installed):
    """{character: family} of the first installed font, (path, family) each, that has it; none for those nobody has."""
    wanted, found = {c for c in characters if c.isprintable()}, {}
    for path, family in installed:
        if not wanted:
            break
        if not family.startswith(_STAND_IN):
            found |= {c: family for c in wanted if _has([path], c)}
            wanted -= found.keys()
    return found


def _has(paths, character):
    return any(font_manager.get_font(path).get_char_index(ord(character)) for path in paths)


def _written_out(character):
    return character.encode("ascii", "backslashreplace").decode() if not character.isascii() else repr(character)[1:-1]


def _shortened(pieces, room):
    if room is None or columns_of("".join(pieces)) <= room:
        return "".join(pieces)
    left, right = pieces[: len(pieces) // 2], pieces[len(pieces) // 2 :]
    while columns_of("".join(left + right)) > room - 1 and left + right:
        longer = left if len(left) > len(right) else right
        longer.pop(-1 if longer is left else 0)
    return "".join([*left, "…", *right])
