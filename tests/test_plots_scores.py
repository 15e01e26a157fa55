import numpy as np
import pandas as pd
import pytest

from itlm_kit.plots import scores as draw
from itlm_kit.plots.style import ROLES
from itlm_kit.trajectories import SCORES
from itlm_kit.trajectories.separation import Roc

FRAME = pd.DataFrame([
    {"epoch": e, "score": name, "seed": seed, "auc": 0.6 + 0.1 * e + 0.02 * seed + 0.01 * i}
    for e in range(3) for i, name in enumerate(SCORES) for seed in (0, 1)
])  # fmt: skip


def test_every_score_has_a_name_and_a_look_of_its_own():
    assert set(draw.TITLES) == set(SCORES)
    looks = [ROLES[name] for name in SCORES]
    assert len({look["color"] for look in looks}) == len({look["marker"] for look in looks}) == len(SCORES)


def test_auc_is_the_mean_over_seeds_in_the_band_of_all():
    axis = draw.auc_by_epoch(FRAME, source="made up").axes[0]
    assert axis.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert axis.lines[0].get_ydata() == pytest.approx([0.61, 0.71, 0.81])
    band = axis.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.6, 0.82))
    assert {text.get_text() for text in axis.texts} == set(draw.TITLES.values())


def test_scores_worse_than_a_coin_are_not_cut_off():
    assert draw.auc_by_epoch(FRAME.assign(auc=0.2), source="").axes[0].get_ylim()[0] == 0.2


def test_roc_curves_are_in_percent_and_named():
    curve = Roc(np.array([0, 0.5, 1]), np.array([0, 0.1, 1]), np.array([-1, 4, 2]))
    axis = draw.roc_curves({"aum": curve, "last_loss": curve}, source="").axes[0]
    assert axis.lines[0].get_xdata().tolist() == [0, 10, 100] and axis.lines[0].get_ydata().tolist() == [0, 50, 100]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["margin (AUM)", "last loss"]


def test_a_data_map_has_both_kinds_apart():
    is_clean = np.array([True, True, False])
    axis = draw.data_map(np.array([0.9, 0.8, 0.1]), np.array([0.1, 0.2, 0.3]), is_clean, source="made up").axes[0]
    clean, bad = axis.collections
    assert clean.get_offsets().tolist() == [[0.1, 0.9], [0.2, 0.8]] and bad.get_offsets().tolist() == [[0.3, 0.1]]
    assert len(clean.get_paths()[0].vertices) != len(bad.get_paths()[0].vertices)  # another marker, not only a colour
