"""Names at the ends of lines, moved apart where they would cover each other, and at the two sides of a cut."""

import numpy as np

from itlm_kit.plots.style import ROLES

_GAP = 0.065  # of an axis' height, between two names
NOWHERE = -1.0  # the height of a name without a line


def share_of(value, ends, log=False):
    """How high a value lies on an axis that runs between `ends`, as a share in [0, 1]."""
    value, low, high = np.log10([value, *ends]) if log else (value, *ends)
    return float(np.clip((value - low) / (high - low), 0, 1))


def log_ticks(ends):
    """Where a log axis between `ends` is marked: 1, 2 and 5 of each decade."""
    decades = range(int(np.floor(np.log10(ends[0]))), int(np.ceil(np.log10(ends[1]))) + 1)
    ticks = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    return [tick for tick in ticks if ends[0] * 0.999 <= tick <= ends[1] * 1.001]


def spread(heights, gap=_GAP):
    """Move heights (m,) apart to at least `gap`, as little as need be, in their order; a list."""
    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(order))
    placed = np.empty(len(order))
    placed[order] = _rising(np.asarray(heights, float)[order] - steps) + steps
    return placed.tolist()


def names_at_end(axis, heights, texts, roles):
    """Write names (m,) at the right edge of a matplotlib axis, at these shares of its height."""
    for height, text, role in zip(spread(heights), texts, roles, strict=True):
        axis.annotate(
            text, (1, height), xycoords="axes fraction", xytext=(5, 0), textcoords="offset points", va="center",
            color=ROLES[role]["color"], annotation_clip=False, fontsize=9,
        )  # fmt: skip


def name_lines(axis, lines):
    """Write the names of lines where they end, within the axis' ends as they are now. lines: {role: (name, value)}."""
    heights = [share_of(value, axis.get_ylim()) for _, value in lines.values()]
    names_at_end(axis, heights, [name for name, _ in lines.values()], list(lines))


def label_end(axis, x, y, text, role):
    """Write a line's name at its right end, in its colour."""
    axis.annotate(
        text, (x, y), xytext=(5, 0), textcoords="offset points", va="center",
        color=ROLES[role]["color"], annotation_clip=False,
    )  # fmt: skip


def label_ends(axis, ends):
    """Write each line's name beside its end, (text, x, y, color), moved apart where they would cover each other."""
    tall = 0.7 * axis.figure.get_figheight() * 72  # points, roughly: the layout is settled later
    lowest = -np.inf
    for text, x, y, color in sorted(ends, key=lambda end: end[2]):
        place = tall * axis.transAxes.inverted().transform(axis.transData.transform((x, y)))[1]
        lifted = max(place, lowest)
        axis.annotate(text, (x, y), xytext=(7, lifted - place), textcoords="offset points", va="center",
                      color=color, annotation_clip=False, fontsize=9)  # fmt: skip
        lowest = lifted + 12


def sides_of_cut(axis, x):
    """Draw a cut at x into a matplotlib axis, and say on which side samples are kept."""
    axis.axvline(x, color="#222222", linewidth=1)
    name_sides(axis, x, ("← kept", "dropped →"))


def name_sides(axis, x, words, height=0.96):
    """Write what lies left and what right of x, at a share of the height of a matplotlib axis."""
    for text, side, away in zip(words, ("right", "left"), (-4, 4), strict=True):
        axis.annotate(
            text, (x, height), xycoords=("data", "axes fraction"), xytext=(away, 0), textcoords="offset points",
            ha=side, va="center", fontsize=9, annotation_clip=False,
        )  # fmt: skip


def _rising(values):
    """The rising sequence nearest to `values`: neighbours that fall are pooled to their mean."""
    pools = []
    for value in values:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (b, n), (a, m) = pools.pop(), pools.pop()
            pools.append(((a * m + b * n) / (m + n), m + n))
    return np.concatenate([np.full(count, value) for value, count in pools])
