"""A list of suspects as people look at it: each image with the label given and the likely one."""

import matplotlib.pyplot as plt
import numpy as np

from itlm_kit.plots.style import ROLES, with_source


def suspects(images, given, likely, *, source, is_clean=None, columns=9):
    """Images (m, c, h, w) uint8 with "given → likely" above each; likely is left out where it is the same.

    given, likely: (m,) labels or names. is_clean: (m,) bool where the truth is known: a tick for a right label, a cross
    and another colour for a wrong one.
    """
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(0.85 * columns, rows), layout="constrained", squeeze=False)
    plt.close(figure)
    roles = ["all"] * len(images) if is_clean is None else np.where(is_clean, "clean", "bad")
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, title, role in zip(axes.flat, images, _titles(given, likely), roles, strict=False):
        axis.imshow(_pixels(image), cmap="gray_r", vmin=0, vmax=255)
        mark = {"clean": " ✓", "bad": " ✗"}.get(role, "")
        axis.set_title(title + mark, fontsize=9, color=ROLES[role]["color"])
    return with_source(figure, source)


def _titles(given, likely):
    return [f"{g}" if g == other else f"{g} → {other}" for g, other in zip(given, likely, strict=True)]


def _pixels(image):
    return image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
