import numpy as np
import pandas as pd
import pytest

from itlm_kit.plots import alpha as draw

ROWS = [
    {"noise": noise, "clean": clean, "seed": seed, "chooser": chooser, "alpha": clean - 0.05 + shift + 0.01 * seed}
    | {"regret": 10 * shift + seed}
    for noise in ("systematic", "random")
    for clean in (0.6, 0.9)
    for seed in (0, 1, 4)  # not the same way up and down
    for chooser, shift in zip(draw.CHOOSERS, (0.0, 0.1, 0.2, 0.3), strict=True)
]
FRAME = pd.DataFrame(ROWS)


@pytest.mark.parametrize("figure, what", [(draw.chosen_alpha, "alpha"), (draw.regrets, "regret")])
def test_every_chooser_has_a_line_a_range_and_a_name(figure, what):
    drawn = figure(FRAME, source="made up")
    assert [axis.get_title(loc="left") for axis in drawn.axes] == ["Systematic errors", "Random errors"]
    for axis in drawn.axes:
        assert len(axis.containers) == 4 and {text.get_text() for text in axis.texts} >= set(draw.CHOOSERS)
        styles = {(bars[0].get_linestyle(), bars[0].get_marker()) for bars in axis.containers}
        assert len(styles) == 4  # told apart without colour
    agreement = drawn.axes[0].containers[0]
    scale = 100 if what == "alpha" else 1
    rows = FRAME[(FRAME["noise"] == "systematic") & (FRAME["chooser"] == "agreement")]
    np.testing.assert_allclose(
        agreement[0].get_ydata().astype(float), rows.groupby("clean")[what].mean().to_numpy() * scale
    )
    (_, low), (_, high) = agreement[2][0].get_segments()[0]
    first = rows[rows["clean"] == 0.6][what] * scale
    assert (low, high) == pytest.approx((first.min(), first.max()))
    assert drawn._supxlabel.get_text() == "made up"


@pytest.mark.parametrize("alpha", [0.1 * i for i in range(1, 11)])
def test_seeds_that_agree_have_a_range_of_nothing(alpha):
    (axis,) = draw.chosen_alpha(FRAME[FRAME["noise"] == "random"].assign(alpha=alpha), source="").axes
    for bars in axis.containers:
        (_, low), (_, high) = bars[2][0].get_segments()[0]
        assert low == pytest.approx(high)


def test_the_cost_of_a_wrong_alpha_has_a_line_a_band_and_a_name_per_noise():
    off, cost = np.array([-0.1, 0.0, 0.1]), (np.array([1.5, 1.0, 3.0]), np.ones(3), np.full(3, 4.0))
    (axis,) = draw.cost_of_wrong_alpha(off, {"little": cost, "much": cost}, source="made up").axes
    one, other = (line for line in axis.lines if len(line.get_xdata()) == 3)
    assert one.get_xydata().tolist() == [[-10, 1.5], [0, 1], [10, 3]] and axis.get_yscale() == "log"
    assert len(axis.collections) == 2 and {"little", "much"} <= {text.get_text() for text in axis.texts}
    assert one.get_marker() != other.get_marker()
