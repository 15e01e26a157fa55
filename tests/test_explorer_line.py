"""The line explorer beyond what every explorer must do: rounds, outliers, points that are moved by hand."""

import numpy as np
import pytest
from explored import content, drawn
from plotly.callbacks import InputDeviceState, Points

from itlm_kit import explorers


def test_the_line_of_round_zero_is_least_squares():
    explorer = explorers.LineExplorer()
    scene = explorer.scene(**explorer.values)
    assert scene.thetas == pytest.approx(np.polyfit(scene.u, scene.y, 1)[::-1][None])
    assert scene.kept.sum() == 30 and scene.residuals[scene.kept].max() <= scene.residuals[~scene.kept].min()
    assert explorer.figure_at(round=3).layout.annotations[5].text == "ITLM, round 3"


def test_one_more_bad_sample_leaves_the_others_where_they_are():
    explorer = explorers.LineExplorer()
    fewer, more = (explorer.scene(**{**explorer.values, "bad": bad}) for bad in (10, 11))
    assert (fewer.y != more.y).sum() == 1 and (~more.is_clean).sum() == 11


def test_outliers_in_the_middle_are_dropped_and_leverage_points_kept():
    explorer = explorers.LineExplorer()
    beside = explorer.scene(**{**explorer.values, "round": 8})
    far = explorer.scene(**{**explorer.values, "round": 8, "position": 12.0, "size": -20.0})
    assert (beside.kept & ~beside.is_clean).sum() == 0 and "0 are bad" in beside.words
    assert (~far.is_clean)[far.kept].mean() > 0.3 == (~far.is_clean).mean()


def test_the_line_bears_a_third_of_bad_samples_as_the_notebooks_say():
    explorer = explorers.LineExplorer(round=8)

    def bears(seed, bad):
        scene = explorer.scene(**{**explorer.values, "seed": seed, "bad": bad})
        return scene.is_clean[scene.kept].all()

    most = [next(bad for bad in range(10, 30) if not bears(seed, bad + 1)) for seed in range(6)]
    assert (min(most), max(most)) == (15, 19)


def test_a_moved_point_stays_where_it_is_when_another_is_selected():
    explorer = explorers.LineExplorer(point=20)
    before = explorer.scene(**explorer.values)
    explorer.controls["up"].value, explorer.controls["right"].value = 9.0, 2.0
    explorer.controls["point"].value = 30
    assert (explorer.values["right"], explorer.values["up"]) == (0.0, 0.0)
    explorer.controls["up"].value = -4.0
    after = explorer.scene(**explorer.values)
    assert (after.u - before.u)[before.number == 20].item() == pytest.approx(2.0)
    assert [(after.y - before.y)[before.number == p].item() for p in (20, 30)] == pytest.approx([9.0, -4.0])
    assert ((after.u != before.u) | (after.y != before.y)).sum() == 2
    assert (before.is_clean & ~after.is_clean).sum() == 2 and "2 moved by hand" in after.source
    assert after.thetas[0] == pytest.approx(np.polyfit(after.u, after.y, 1)[::-1])
    explorer.controls["point"].value = 20
    assert (explorer.values["right"], explorer.values["up"]) == (2.0, 9.0)
    explorer.controls["up"].value, explorer.controls["right"].value = 0.0, 0.0
    assert "1 moved by hand" in explorer.scene(**explorer.values).source
    assert content(explorer.figure) == content(explorer.figure_at())


def test_a_figure_with_another_point_selected_leaves_the_moved_one_where_it_is():
    explorer = explorers.LineExplorer(point=20, up=9.0)
    asked = explorer.figure_at(point=30, up=-4.0)
    assert "2 moved by hand" in explorer.scene(**{**explorer.values, "point": 30, "up": -4.0}).source
    explorer.controls["point"].value = 30
    explorer.controls["up"].value = -4.0
    assert content(explorer.figure) == content(asked)


def test_a_moved_point_drags_least_squares_and_not_itlm():
    explorer = explorers.LineExplorer(bad=0, point=7, alpha=0.9)
    naive, robust = (explorer.scene(**{**explorer.values, "up": -25.0, "round": t}) for t in (0, 8))
    assert np.linalg.norm(naive.thetas[-1] - [1, 2]) > 2 * np.linalg.norm(robust.thetas[-1] - [1, 2])
    assert not robust.kept[robust.number == 7].any()


def test_a_click_selects_a_point():
    explorer = explorers.LineExplorer()
    bad = explorer.figure.data[1]
    bad._dispatch_on_click(Points(point_inds=[4]), InputDeviceState())
    here = explorer.scene(**explorer.values)
    assert explorer.values["point"] == bad.customdata[4] == here.number[~here.is_clean][4]
    assert drawn(explorer.figure, "selected") == (here.u[~here.is_clean][4], here.y[~here.is_clean][4])
