"""Figures of one round: what was given is what is drawn, told apart without colour, and labelled."""

import numpy as np
import pandas as pd
import pytest
from figures import SOURCE, check, drawn, texts

from itlm_kit.glm import draw, fast_path
from itlm_kit.glm.flow import gradient_flow
from itlm_kit.glm.population import passed_on, population
from itlm_kit.glm.theory import lemma5_terms, lemma6_terms
from itlm_kit.plots import one_round

PASSED = passed_on(population("random"), np.geomspace(1e-3, 1, 9), alpha=0.75)


def test_a_cobweb_has_the_map_its_stairs_and_the_pairs_of_a_run():
    left, right = check(
        one_round.cobweb(PASSED, [0.5, 0.2, 0.1], measured=[0.5, 0.3, 0.2], noise=0.1, source=SOURCE), 2
    )
    (intruders,) = drawn(left).values()
    np.testing.assert_allclose(intruders, 100 * PASSED.intruders)
    curve, stairs = (line for line in right.lines if len(line.get_xdata()) > 2)
    np.testing.assert_allclose(curve.get_xydata(), np.transpose([PASSED.error, PASSED.out]))
    corners = [(0.5, 0.5), (0.5, 0.2), (0.2, 0.2), (0.2, 0.1), (0.1, 0.1)]  # down to the map, across to the diagonal
    np.testing.assert_allclose(stairs.get_xydata(), corners)
    pairs = next(line for line in right.lines if line.get_label() == "path on samples")
    np.testing.assert_allclose(pairs.get_xydata(), [(0.5, 0.3), (0.3, 0.2)])
    assert texts(left) == texts(right) == ["σ"]


def test_cobwebs_stand_side_by_side():
    web = ([0.1, 0.5, 1], [0.2, 0.3, 0.4], [1, 0.4, 0.3])
    one, two = check(one_round.cobwebs({"near": web, "far": web}, source=SOURCE), panels=2)
    assert one.get_xlim() == two.get_ylim() == (0.1, 1) and one.get_title(loc="left") == "near"
    assert one.get_legend() and not two.get_legend()


def test_parts_of_an_error_fill_the_whole():
    (axis,) = check(one_round.parts_of_error(PASSED, noise=0.1, source=SOURCE))
    assert len(axis.collections) == 3 and texts(axis) == ["σ"]
    tops = [area.get_paths()[0].vertices[:, 1].max() for area in axis.collections]
    assert tops[-1] == pytest.approx(100) and tops == sorted(tops)
    assert len({area.get_hatch() for area in axis.collections}) == 3  # told apart without colour
    carried = 100 * PASSED.carried / PASSED.smallest / PASSED.out
    assert tops[0] == pytest.approx(carried.max())


def test_both_sides_of_the_lemmas():
    data = draw("random", n=100, d=3, seed=0)
    path = fast_path(data.x, data.y, alpha=0.75, rounds=5)
    for terms in (lemma5_terms(data, path), lemma6_terms(data, path, step=0.5)):
        (axis,) = check(one_round.lemma_sides(terms, source=SOURCE))
        ys = list(drawn(axis).values())
        for side in (terms.left, terms.proof, terms.right):
            assert any(np.array_equal(side, y) for y in ys)
        assert len(texts(axis)) == 3


def test_kappas_and_rates():
    values = {"random": np.array([0.4, 0.1, 0.05]), "mixture": np.array([0.6, 0.2, 0.04])}
    forms = {name: 1.5 * v for name, v in values.items()}
    left, _ = check(one_round.kappas(values, forms, source=SOURCE), panels=2)
    assert left.get_title(loc="left") == "random" and "fitted" in left.get_legend().get_texts()[1].get_text()
    (axis,) = check(one_round.kappas({"random": values["random"]}, forms, source=SOURCE))
    frame = pd.DataFrame({"round": [0, 1, 2], "error_ratio": [0.2, 0.1, 1], "residual_ratio": [0.3, 0.5, 1]})
    (axis,) = check(one_round.rate_comparison(frame, source=SOURCE))
    assert texts(axis) == ["parameters", "residuals"] or texts(axis) == ["residuals", "parameters"]


def test_residuals_with_the_cut():
    data = draw("random", n=400, d=3, seed=0)
    path = fast_path(data.x, data.y, alpha=0.75, rounds=3)
    values = data.y - data.x @ path.thetas[0]
    (axis,) = check(one_round.residuals(values, data.is_clean, kept=path.kept[0], source=SOURCE))
    cut = np.abs(values[path.kept[0]]).max()
    assert {round(float(line.get_xdata()[0]), 9) for line in axis.lines} == {round(-cut, 9), round(cut, 9)}
    assert f"{(path.kept[0] & ~data.is_clean).sum()} of 300" in axis.get_title(loc="left")


def test_intruders_and_flow():
    deltas = np.array([0.01, 0.1, 1])
    (axis,) = check(one_round.intruder_counts(deltas, deltas * 10, deltas * 12, source=SOURCE))
    assert axis.get_xscale() == "log" and len(drawn(axis)) == 2
    data = draw("random", n=50, d=3, seed=0)
    flow = gradient_flow(data.x, data.y, np.zeros(3), np.geomspace(0.01, 100, 30))
    (axis,) = check(one_round.flow_and_twin(flow, source=SOURCE))
    bound, distance = (line.get_ydata() for line in axis.lines)
    assert (distance <= bound * (1 + 1e-6)).all()
