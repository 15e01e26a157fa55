import numpy as np

from itlm_kit.plots.style import ROLES
from itlm_kit.plots.suspects import suspects

IMAGES = np.zeros((3, 3, 4, 5), np.uint8)
IMAGES[:, 0] = 200
GIVEN, LIKELY = ["cat", "dog", "cat"], ["dog", "dog", "cow"]


def titles(figure):
    return [axis.title for axis in figure.axes if axis.get_title()]


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
