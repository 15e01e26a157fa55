"""Figures of convergence: what was given is what is drawn, told apart without colour, and labelled."""

import numpy as np
import pandas as pd
from figures import SOURCE, check, drawn, texts
from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg

from itlm_kit.glm import draw, fast_path
from itlm_kit.glm.basin import Basin
from itlm_kit.glm.theory import parameter_errors
from itlm_kit.plots import convergence as plots


def tidy(panel, axis, values, methods=("naive", "oracle", "itlm-1", "itlm-2"), **more):
    rows = [
        {"panel": panel, axis: v, "method": m, "error": e, "low": 0.9 * e, "high": 1.1 * e, **more}
        for i, m in enumerate(methods)
        for v, e in zip(values, 0.1 / (1 + i) / np.arange(1, len(values) + 1), strict=True)
    ]
    return pd.DataFrame(rows)


def test_errors_by_sample_size():
    frame = pd.concat([tidy("a", "n", [100, 1000, 10_000], sigma=0.1), tidy("b", "n", [100, 1000, 10_000], sigma=1.0)])
    left, right = check(plots.by_sample_size(frame, source=SOURCE), panels=2)
    assert left.get_xscale() == left.get_yscale() == "log"
    assert set(texts(left)) == {"least squares", "oracle", "ITLM-1", "ITLM-2"}
    assert "1" in right.get_title(loc="left") and "0.1" in left.get_title(loc="left")
    assert len(left.collections) == 4  # one band per method
    ys = list(drawn(left).values())
    assert any(np.allclose(y, 0.1 / np.arange(1, 4)) for y in ys)


def test_labels_of_lines_that_end_together_do_not_meet():
    frame = tidy("a", "n", [100, 1000, 10_000], sigma=0.1)
    frame["error"] = 0.1 * (1 + 0.001 * frame.groupby("method").ngroup())
    (axis,) = check(plots.by_sample_size(frame.assign(low=0.09, high=0.11), source=SOURCE))
    renderer = FigureCanvasAgg(axis.figure).get_renderer()
    boxes = sorted((text.get_window_extent(renderer) for text in axis.texts), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 2 for low, high in zip(boxes, boxes[1:], strict=False))


def by_kind(**columns):
    """Rows of two kinds; columns: name -> values, of the second kind half as large but for x (the first column)."""
    (x, values), (y, rates) = columns.items()
    frames = [
        pd.DataFrame({"kind": k, x: values, y: f * np.array(rates)}) for k, f in (("mixture", 1), ("random", 0.5))
    ]
    return pd.concat(frames)


def test_orange_is_for_bad_samples_alone():
    orange = {colors.to_hex(plots.ROLES["bad"]["color"])}
    assert (
        orange.isdisjoint(map(colors.to_hex, plots.STEPS))
        and colors.to_hex(plots.ROLES["bound"]["color"]) not in orange
    )


def test_drift_shows_marks_measured_and_lines_foretold():
    measured = by_kind(n=[1000, 10_000, 100_000], ratio=[1.3, 1.4, 2.6])
    foretold = by_kind(n=[1000, 3000, 10_000, 100_000], ratio=[1.3, 1.3, 1.5, 2.4])
    (axis,) = check(plots.drift(measured, foretold, source=SOURCE))
    marks, lines = (
        {tuple(y) for shape, y in drawn(axis).items() if (shape[1] == "None") == none} for none in (True, False)
    )
    assert marks == {(1.3, 1.4, 2.6), (0.65, 0.7, 1.3)} and lines == {(1.3, 1.3, 1.5, 2.4), (0.65, 0.65, 0.75, 1.2)}
    assert set(texts(axis)) == {"mixture", "random"} and axis.get_xscale() == "log"


def test_first_rates_by_kind_and_features():
    one = by_kind(clean=[0.6, 0.8, 0.9], first_rate=[1.1, 0.9, 0.1])
    measured = pd.concat([one.assign(d=5), one.assign(d=100, first_rate=0.9 * one["first_rate"])])
    foretold = pd.DataFrame({"clean": [0.6, 0.7, 0.8, 0.9], "first_rate": [1.1, 1.2, 0.9, 0.0]})
    (axis,) = check(plots.first_rates(measured, foretold, source=SOURCE, titles={"random": "by chance"}))
    assert [tuple(np.round(y, 3)) for y in drawn(axis).values()][-1] == (1.1, 1.2, 0.9, 0.0) and len(drawn(axis)) == 5
    named = [text.get_text() for text in axis.get_legend().get_texts()]
    assert {"mixture, d = 5", "mixture, d = 100", "by chance, d = 5", "by chance, d = 100"} < set(named)
    assert {"halved", "no progress"} == set(texts(axis))


def test_errors_by_clean_share():
    (axis,) = check(plots.by_clean_share(tidy("c", "clean", [0.6, 0.7, 0.8]), source=SOURCE))
    assert axis.get_yscale() == "log" and len(drawn(axis)) == 4
    assert any(label.get_text() for label in axis.get_yticklabels())


def test_errors_by_misspecification():
    frame = pd.concat([tidy("d", "alpha", c - np.array([0.0, 0.1, 0.2]), clean=c) for c in (0.7, 0.8, 0.9)])
    (axis,) = check(plots.by_misspecification(frame, source=SOURCE))
    assert {"α* = 0.7", "α* = 0.8", "α* = 0.9"} <= set(texts(axis))
    np.testing.assert_allclose(next(x for x in axis.lines if len(x.get_xdata()) > 2).get_xdata(), [0, 0.1, 0.2])


def test_errors_by_round_end_soon_after_their_floor():
    path = np.r_[0.3 * 0.5 ** np.arange(8), np.full(40, 0.3 * 0.5**7)]
    rows = [tidy("f", "round", range(48), ["itlm-2"], sigma=s, follow="itlm-2").assign(error=path) for s in (0.01, 0.1)]
    frame = pd.concat([*rows, tidy("f", "round", [0], ["oracle"], sigma=0.01, follow="itlm-2")])
    (axis,) = check(plots.by_round(frame.assign(low=0.001, high=0.4), source=SOURCE, titles={"f": "short steps"}))
    assert axis.get_title(loc="left") == "short steps"
    assert set(texts(axis)) == {"σ = 0.01", "σ = 0.1"}
    lengths = {len(y) for y in drawn(axis).values()}
    assert lengths.issubset(range(8, 16))


def test_paths_of_methods_keep_their_roles():
    (axis,) = check(plots.paths({"itlm-1": np.array([1, 0.1, 0.01]), "itlm-2": np.array([1, 0.5, 0.2])}, source=SOURCE))
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["ITLM-1 (large M)", "ITLM-2 (M = 1)"]
    assert len({colour for colour, _, _ in drawn(axis)}) == 2


def test_basins_show_each_destination_in_colour_and_mark():
    plane = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    basin = Basin(plane, np.array([[0.0, 0], [1, 1]]), np.array([0, 1, -1, 1]), np.zeros(4), np.zeros(4), np.zeros(4))
    (axis,) = check(plots.basins(basin, source=SOURCE))
    assert [t.get_text() for t in axis.get_legend().get_texts()] == [
        "ends at none", "ends at component 0", "ends at component 1",
    ]  # fmt: skip
    assert [len(c.get_offsets()) for c in axis.collections] == [1, 1, 2, 1, 1]  # destinations, then components


def test_a_path_of_one_start_is_drawn_whole():
    data = draw("random", n=100, d=3, seed=0)
    errors = parameter_errors(data, fast_path(data.x, data.y, alpha=0.75, rounds=5))
    (axis,) = check(plots.paths({"my data": errors}, source=SOURCE))
    assert np.array_equal(axis.lines[0].get_ydata(), errors)
