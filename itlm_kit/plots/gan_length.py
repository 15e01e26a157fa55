"""A figure of how long a GAN is trained: how clean is what it keeps, by steps and by epochs."""

from itlm_kit.plots.style import ROLES, panels, plain_numbers, stroke, with_source

LOOKS = ("clean", "oracle", "itlm-2")  # of piles, the smallest first: as many as can be drawn


def by_length(along, ended, *, given, source):
    """Clean share of S_0 by the length of a GAN's training, in steps and in epochs, a line for each size of the pile.

    along: columns pictures, step, epoch, clean_share, low, high (over seeds, percent). ended: the same, one row per
    pile: the mark where a rule ends its training. given: clean share of the piles, percent.
    """
    figure, axes = panels(2, width=4.9, height=3.6, sharey=True)
    looks = dict(zip(sorted(along["pictures"].unique()), LOOKS, strict=False))
    for axis, unit in zip(axes, ("step", "epoch"), strict=True):
        for pictures, role in looks.items():
            _draw(axis, unit, *(rows[rows["pictures"] == pictures] for rows in (along, ended)), ROLES[role])
        axis.axhline(given, **stroke("all"), linewidth=1, label="the pile itself")
        axis.set(xscale="log", xlabel=f"{unit}s, naive training")
        plain_numbers(axis, "x")
    axes[0].set(ylabel="clean images in S₀ (%)")
    axes[0].set_title("By steps; marked: where the rule ends", loc="left")
    axes[1].set_title("By epochs", loc="left")
    axes[1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)
    return with_source(figure, source)


def _draw(axis, unit, along, ended, look):
    color, name = look["color"], f"{along['pictures'].iloc[0]:,} images"
    axis.plot(along[unit], along["clean_share"], color=color, linestyle=look["linestyle"], label=name)
    axis.fill_between(along[unit], along["low"], along["high"], color=color, alpha=0.12, linewidth=0)
    axis.plot(ended[unit], ended["clean_share"], color=color, marker=look["marker"], markersize=9, linestyle="")
