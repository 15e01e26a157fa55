"""Figures of the chapter on links: arrays in, a matplotlib Figure out."""

from itlm_kit.plots.style import panels, with_source

LOOKS = (
    {"color": "#222222", "linestyle": ":"}, {"color": "#0072B2", "linestyle": "-"},
    {"color": "#009E73", "linestyle": "--"}, {"color": "#D55E00", "linestyle": "-."},
)  # fmt: skip


def link_curves(u, links, *, source):
    """Links w(u), left, and their slopes, right; u: (m,), links: up to four of them."""
    figure, (left, right) = panels(2, width=4.4, height=3.4)
    for link, look in zip(links, LOOKS, strict=False):
        left.plot(u, link.value(u), **look, label=link.name)
        right.plot(u, link.slope(u), **look, label=link.name)
    left.set(xlabel="u", ylabel="w(u)")
    left.set_title("Links", loc="left")
    right.set(xlabel="u", ylabel="w'(u)", ylim=(0, None))
    right.set_title("Their slopes", loc="left")
    left.legend(frameon=False)
    return with_source(figure, source)
