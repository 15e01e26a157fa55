"""A list of suspects as people look at it: each image with the label given and the likely one."""

import matplotlib.pyplot as plt
import numpy as np

from itlm_kit.plots.style import ROLES, with_source
from itlm_kit.plots.words import columns_of, literal

_NAME = 13  # columns of text that a label may take; longer ones lose their middle
_LINE = 11  # that a title of one line may take
_IMAGE, _GAP = 0.85, 0.15  # inches: of an image, between titles
_MARKS = {"clean": " ✓", "bad": " ✗"}


def suspects(images, given, likely, *, source, is_clean=None, columns=9):
    """Images (m, c, h, w) uint8 with "given → likely" above each; likely is left out where it is the same.

    given, likely: (m,) labels or names, shown as they are, "?" for None. is_clean: (m,) bool where the truth is known:
    a tick for a right label, a cross and another colour for a wrong one.
    """
    roles = ["all"] * len(images) if is_clean is None else np.where(is_clean, "clean", "bad")
    titles, how = _titles(given, likely, roles)
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, layout="constrained", squeeze=False)
    plt.close(figure)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, title, role in zip(axes.flat, images, titles, roles, strict=False):
        axis.imshow(_pixels(image), cmap="gray_r", vmin=0, vmax=255)
        axis.set_title(title, fontsize=9, color=ROLES[role]["color"], **how)
    _make_room(figure, axes)
    return with_source(figure, source)


def _titles(given, likely, roles):
    """A title an image, and how matplotlib is to show them."""
    pairs = [["?" if label is None else label for label in pair] for pair in zip(given, likely, strict=True)]
    words, how = literal([label for pair in pairs for label in pair], room=_NAME)
    shown = zip(pairs, words[::2], words[1::2], roles, strict=True)
    return [
        (one if label == other else _joined(one, likeliest)) + _MARKS.get(role, "")
        for (label, other), one, likeliest, role in shown
    ], how


def _joined(given, likely):
    line = f"{given} → {likely}"
    return line if columns_of(line) <= _LINE else f"{given}\n→ {likely}"


def _make_room(figure, axes):
    """Make a figure large enough for its images and their titles."""
    boxes = [axis.title.get_window_extent() for axis in axes.flat if axis.get_title()]
    width = max((box.width / figure.dpi for box in boxes), default=0)
    height = max((box.height / figure.dpi for box in boxes), default=0)
    rows, columns = axes.shape
    figure.set_size_inches(columns * max(_IMAGE, width + _GAP), rows * (_IMAGE + height))


def _pixels(image):
    return image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
