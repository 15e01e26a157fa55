"""Figures of the GAN chapter: piles of images, what a discriminator says of them, what a generator draws."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from itlm_kit.plots.labels import name_lines, name_sides
from itlm_kit.plots.style import ROLES, framed, mark, panels, stacked_bars, with_source

ROWS, COLUMNS = 3, 10  # of images on each side of a cut
SIDES = "← dropped", "kept →"  # of a cut
VIEWS = {  # which images are shown -> what they are
    "nearest": "Just outside and just inside the cut",
    "farthest": "The lowest D and the highest",
    "mistakes": "Clean images that are dropped, bad ones that are kept",
}
_SIDE = 44  # pixels that an image is enlarged to, at least
_COLUMNS = 16  # of a pile
_PANELS = 3  # of generated images in a row, so that each can be seen
_MARK = 0.34  # of an image's height: room for the mark under it


class NearCut(NamedTuple):
    """Images on both sides of a cut, in the order of D: dropped ones on its left, kept ones on its right."""

    images: np.ndarray  # (m, c, h, w) uint8
    is_clean: np.ndarray  # (m,) bool
    kept: np.ndarray  # (m,) bool
    column: np.ndarray  # (m,) in 0..2 COLUMNS - 1
    row: np.ndarray  # (m,) in 0..ROWS - 1


def near_cut(images, losses, is_clean, k, show="nearest"):
    """The NearCut of images (n, c, h, w) when the k with the smallest losses (n,) are kept.

    show: which of them, a name in VIEWS.
    """
    order = np.argsort(losses, kind="stable")
    inside, outside = _chosen(order[:k][::-1], ~is_clean, show), _chosen(order[k:], is_clean, show)
    chosen = np.concatenate([outside, inside])
    kept = np.arange(len(chosen)) >= len(outside)
    rank = np.concatenate([np.arange(len(outside)), np.arange(len(inside))])
    column = np.where(kept, COLUMNS + rank // ROWS, COLUMNS - 1 - rank // ROWS)
    return NearCut(np.asarray(images[chosen]), is_clean[chosen], kept, column, rank % ROWS)


def _chosen(side, wrong, show):
    """Those shown of one side of a cut. side: indices, nearest first; wrong: (n,) bool, what should not be there."""
    most = ROWS * COLUMNS
    return side[-most:] if show == "farthest" else (side[wrong[side]] if show == "mistakes" else side)[:most]


def pile(images, is_clean, *, source):
    """Images as they lie in the pile, with a disc under each clean one and a cross under each bad one.

    images: (m, c, h, w) uint8. is_clean: (m,) bool, or None to leave the marks out.
    """
    row, column = np.divmod(np.arange(len(images)), _COLUMNS)
    figure, axis = _board(_COLUMNS, row[-1] + 1)
    draw_cells(axis, images, column, row, is_clean)
    return with_source(figure, source)


def around_cut(near, *, source, title=VIEWS["nearest"]):
    """The images of a NearCut, with a disc under each clean one and a cross under each bad one."""
    figure, axis = _board(2 * COLUMNS, ROWS)
    draw_near_cut(axis, near)
    axis.set_title(title, loc="left", pad=16)
    return with_source(figure, source)


def draw_near_cut(axis, near):
    """Draw a NearCut into a matplotlib axis."""
    axis.set(xlim=(0, 2 * COLUMNS), ylim=(ROWS, 0))
    draw_cells(axis, near.images, near.column, near.row, near.is_clean)
    axis.axvline(COLUMNS, color="#222222", linewidth=1.5)
    name_sides(axis, COLUMNS, SIDES, 1.04)


def draw_cells(axis, images, column, row, is_clean=None):
    """Draw images (m, c, h, w) into cells (column, row) of a matplotlib axis, with marks where the truth is given."""
    (right, _), (bottom, _) = sorted(axis.get_xlim(), reverse=True), sorted(axis.get_ylim(), reverse=True)
    axis.imshow(cells(images, column, row, (int(right), int(bottom))), extent=(0, right, bottom, 0), aspect="auto")
    axis.axis("off")
    if is_clean is not None:
        for role, chosen in kinds(is_clean).items():
            axis.plot(*mark_places(column[chosen], row[chosen]), **mark(role), markersize=5, clip_on=False, label=role)
        axis.legend(frameon=False, loc="upper right", bbox_to_anchor=(1, 0), ncols=2, borderpad=0, fontsize=9)
    axis.set(xlim=(0, right), ylim=(bottom, 0))


def cells(images, column, row, shape):
    """One picture (height, width, 3) uint8 of images (m, c, h, w) in the cells (column, row) of a board.

    shape: columns and rows of the board. Grey images are drawn dark on light, their pixels enlarged as squares.
    """
    times = -(-_SIDE // max(images.shape[2:])) if len(images) else 1
    high, wide = (times * side for side in images.shape[2:])
    step_x, step_y = round(1.08 * wide), round((1 + _MARK) * high)
    board = np.full((shape[1] * step_y, shape[0] * step_x, 3), 255, np.uint8)
    for image, x, y in zip(images, column, row, strict=True):
        board[y * step_y : y * step_y + high, x * step_x : x * step_x + wide] = _enlarged(image, times)
    return board


def mark_places(column, row):
    """Where the marks under images in these cells stand, in columns and rows of the board."""
    return column + 0.46, row + 1 - 0.42 * _MARK / (1 + _MARK)


def montage(images, columns=8):
    """One picture (height, width, 3) uint8 of images (m, c, h, w), row by row without marks, a pixel apart."""
    rows, (high, wide) = -(-len(images) // columns), images.shape[2:]
    board = np.full((rows * (high + 1) - 1, columns * (wide + 1) - 1, 3), 255, np.uint8)
    for i, image in enumerate(images):
        y, x = i // columns * (high + 1), i % columns * (wide + 1)
        board[y : y + high, x : x + wide] = _enlarged(image, 1)
    return board


def generated(panels_of_images, names, *, source):
    """What generators draw from the same latent vectors, one panel per generator, at most three in a row. Figure 3.

    panels_of_images: (T, m, c, h, w) uint8. names: T titles.
    """
    rows = -(-len(names) // _PANELS)
    columns = -(-len(names) // rows)
    figure, axes = framed(plt.subplots, rows, columns, figsize=(3.5 * columns, 2.05 * rows))
    for axis in np.ravel(axes)[len(names) :]:
        axis.remove()
    for axis, images, name in zip(np.ravel(axes), panels_of_images, names, strict=False):
        axis.imshow(montage(images), interpolation="nearest")
        axis.axis("off")
        axis.set_title(name, fontsize=9)
    return with_source(figure, source)


def histogram_of_d(d, is_clean, *, source, cut=None, title="What the discriminator says"):
    """Histogram of D (n,), the probability of being real, for clean and bad images; cut: the smallest D kept."""
    figure, (axis,) = panels(width=5.6)
    edges = np.linspace(0, 1, 41)
    draw_histogram(axis, edges, {r: np.histogram(d[m], edges)[0] for r, m in kinds(is_clean).items()}, cut)
    axis.set_title(title, loc="left")
    return with_source(figure, source)


def kinds(is_clean):
    """Role -> mask of its images."""
    return {"clean": is_clean, "bad": ~is_clean}


def draw_histogram(axis, edges, counts, cut=None):
    """Draw stacked bars of clean and bad images over D into a matplotlib axis, with the cut where given."""
    stacked_bars(axis, edges, counts, "images")
    top = 1.15 * sum(counts.values()).max()
    axis.set(xlabel="D, the probability of being real", ylabel="images", xlim=(0, 1), ylim=(0, top))
    if cut is not None:
        axis.axvline(cut, color="#222222", linewidth=1)
        name_sides(axis, cut, SIDES)
    axis.legend(frameon=False, loc="best")


def along_training(frame, *, source, stop=None):
    """Figure 1(c), and how well the losses tell bad from clean, along one training.

    frame: columns epoch, clean_accuracy, bad_accuracy (shares with D > 1/2, percent), auc. stop: epoch at which a round
    of ITLM stops, where given.
    """
    figure, (left, right) = panels(2, width=4.9)
    for role in ("clean", "bad"):
        left.plot(frame["epoch"], frame[f"{role}_accuracy"], **ROLES[role], markersize=5, markevery=2)
    left.set(xlabel="epoch", ylabel="images with D > 1/2 (%)", ylim=(0, 104))
    left.set_title("Taken for real", loc="left")
    name_lines(left, {role: (f"{role} images", frame[f"{role}_accuracy"].iloc[-1]) for role in ("clean", "bad")})
    right.plot(frame["epoch"], frame["auc"], **ROLES["itlm"], markersize=5, markevery=2)
    right.axhline(0.5, color="#888888", linewidth=0.8)
    right.set(xlabel="epoch", ylabel="area under the ROC curve", ylim=(0, 1.04))
    right.set_title("Bad told from clean", loc="left")
    name_lines(right, {"all": ("a coin", 0.5)})
    for axis in (left, right) if stop is not None else ():
        axis.axvline(stop, color="#222222", linewidth=1, linestyle=":")
        axis.annotate("a round stops", (stop, 0.04), xycoords=("data", "axes fraction"), xytext=(4, 0),
                      textcoords="offset points", fontsize=9)  # fmt: skip
    return with_source(figure, source)


def cleaner(piles, *, source):
    """Clean share of the kept images by round, one panel per pile.

    piles: {title: (clean shares (T,) in percent, clean share of the pile)}.
    """
    figure, axes = panels(len(piles), width=3.6 if len(piles) > 1 else 5.6, sharey=True)
    low = min(min(*shares, given) for shares, given in piles.values())
    for axis, (title, (shares, given)) in zip(axes, piles.items(), strict=True):
        axis.plot(range(len(shares)), shares, **ROLES["clean"])
        axis.axhline(given, color=ROLES["all"]["color"])
        axis.set(xlabel="round t", ylim=(10 * np.floor((low - 2) / 10), 102), xticks=range(len(shares)))
        axis.set_title(title, loc="left")
        name_lines(axis, {"clean": ("kept", shares[-1]), "all": ("pile", given)})
    axes[0].set_ylabel("clean images (%)")
    return with_source(figure, source)


def _board(columns, rows):
    figure, axis = framed(plt.subplots, figsize=(0.5 * columns, 0.66 * rows + 0.5))
    axis.set(xlim=(0, columns), ylim=(rows, 0))
    return figure, axis


def _enlarged(image, times):
    pixels = 255 - image.repeat(3, 0) if len(image) == 1 else image
    return np.moveaxis(pixels, 0, -1).repeat(times, 0).repeat(times, 1)
