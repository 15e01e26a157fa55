"""The figure of suspects: labels as they are, readable whatever they are called."""

from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager
from silence import no_warnings

from itlm_kit.plots.style import ROLES
from itlm_kit.plots.suspects import suspects
from itlm_kit.plots.words import columns_of, literal

IMAGES = np.zeros((3, 3, 4, 5), np.uint8)
IMAGES[:, 0] = 200
GIVEN, LIKELY = ["cat", "dog", "cat"], ["dog", "dog", "cow"]


def titles(figure):
    return [axis.title for axis in figure.axes if axis.get_title()]


def drawn(figure):
    """The figure, drawn; a character without a glyph or a formula that is none would be an error."""
    with no_warnings():
        figure.savefig(BytesIO())
    return figure


def test_each_suspect_has_both_its_labels_and_its_colours():
    figure = suspects(IMAGES, GIVEN, LIKELY, source="pets", columns=2)
    assert [title.get_text() for title in titles(figure)] == ["cat → dog", "dog", "cat → cow"]
    assert (figure.axes[0].images[0].get_array()[0, 0] == [200, 0, 0]).all()
    assert len(figure.axes) == 4 and figure.get_supxlabel() == "pets"


def test_known_truth_is_a_mark_and_a_colour():
    is_clean = np.array([False, True, False])
    figure = suspects(IMAGES[:, :1], GIVEN, LIKELY, source="", is_clean=is_clean)
    assert [title.get_text()[-1] for title in titles(figure)] == ["✗", "✓", "✗"]
    colours = [ROLES[role]["color"] for role in ("bad", "clean", "bad")]
    assert [title.get_color() for title in titles(figure)] == colours


def test_labels_are_shown_as_given():
    figure = suspects(IMAGES, np.array([10, 20, -1]), np.array([10, 30, 1]), source="")
    assert [title.get_text() for title in titles(figure)] == ["10", "20 → 30", "-1 → 1"]
    figure = suspects(IMAGES, [None, True, 1.5], ["a", False, None], source="")
    assert [title.get_text() for title in titles(figure)] == ["? → a", "True\n→ False", "1.5 → ?"]


@pytest.mark.parametrize(
    "names", [["$5", "$10", "$^{"], ["a$", "$a", "$"], ["a_b", "c\\d", "\\frac"], ["%", "#", "&"], ["Bär", "ß", "é"]]
)
def test_nothing_in_a_name_is_a_formula(names):
    figure = drawn(suspects(IMAGES, names, names, source=" ".join(names)))
    assert [title.get_text() for title in titles(figure)] == names and figure.get_supxlabel() == " ".join(names)
    with plt.rc_context({"text.usetex": True}):
        assert not any(title.get_usetex() for title in titles(suspects(IMAGES, names, names, source="")))


@pytest.fixture
def own_fonts(monkeypatch):
    """Matplotlib with the fonts that it brings along, whatever else is installed; the box of all characters too."""
    bundled = [font for font in font_manager.fontManager.ttflist if "mpl-data" in font.fname]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", bundled)
    return bundled


def test_characters_that_no_font_has_are_written_out(own_fonts):
    names = ["猫", "caf\udce9", "new\nline"]
    figure = drawn(suspects(IMAGES, names, names, source="猫\t"))
    assert [title.get_text() for title in titles(figure)] == [r"\u732b", r"caf\xe9", r"new\nline"]
    assert figure.get_supxlabel() == r"\u732b\t"


def test_characters_come_from_any_font_that_has_them(own_fonts):
    own = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    (other,) = [
        font for font in own_fonts if font.name == "STIXGeneral" and font.style == "normal" and font.weight < 500
    ]
    found = font_manager.get_font(other.fname).get_charmap()
    character = next(chr(c) for c in found if c > 0x3000 and chr(c).isprintable() and not own.get_char_index(c))
    figure = drawn(suspects(IMAGES, [f"a{character}"] * 3, [character] * 3, source="", columns=2))
    assert titles(figure)[0].get_text() == f"a{character} → {character}"
    assert other.name in titles(figure)[0].get_fontfamily()


def test_fonts_of_ones_own_come_first(own_fonts):
    with plt.rc_context({"font.family": ["monospace", "serif"]}):
        assert literal(["a"])[1]["fontfamily"] == ["monospace", "serif"]


@pytest.mark.parametrize("is_clean", [None, np.array([True, False, True])])
@pytest.mark.parametrize("names", [["x" * 40, "y" * 25, "W" * 30], ["cat", "dog", "cow"], ["猫" * 20, "a", "犬" * 20]])
def test_titles_do_not_cover_each_other(names, is_clean, own_fonts):
    figure = drawn(suspects(IMAGES, names, names[1:] + names[:1], source="", is_clean=is_clean, columns=3))
    boxes = [title.get_window_extent() for title in titles(figure)]
    assert all(left.x1 < right.x0 for left, right in zip(boxes, boxes[1:], strict=False))
    assert boxes[0].x0 >= 0 and boxes[-1].x1 <= figure.bbox.x1 and all(box.y1 <= figure.bbox.y1 for box in boxes)


def test_long_names_lose_their_middle():
    (short, long, wide), _ = literal(["n0144", "golden_retriever_left", "한" * 9], room=13)
    assert short == "n0144" and long == "golden…r_left" and columns_of(wide) <= 13
    assert literal(["x" * 99])[0] == ["x" * 99]
