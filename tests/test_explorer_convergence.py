"""The convergence explorer beyond what every explorer must do: paths, bounds, common random numbers, residuals."""

import numpy as np
import pytest
from explored import SMALL, content, drawn

from itlm_kit import explorers, glm
from itlm_kit.errors import InputError
from itlm_kit.explorers.convergence import draw_alike
from itlm_kit.glm.theory import lemma5_terms


def test_convergence_shows_the_path_that_the_clear_engine_takes():
    explorer = explorers.ConvergenceExplorer(**SMALL, seed=3, clean=0.7, alpha=0.65)
    data = draw_alike("random", n=200, d=5, seed=(3, 0), clean=0.7, sigma=0.1, link=glm.IDENTITY)
    path = glm.clear_path(data.x, data.y, alpha=0.65, rounds=12)
    figure = explorer.figure_at()
    rounds, errors = drawn(figure, "‖θ − θ*‖")
    assert rounds.tolist() == list(range(13))
    assert errors == pytest.approx(np.linalg.norm(path.thetas - data.theta, axis=1))
    _, shares = drawn(figure, "clean samples (%)", panel=2)
    assert shares == pytest.approx([100 * data.is_clean[kept].mean() for kept in path.kept])
    oracle = np.linalg.lstsq(data.x[data.is_clean], data.y[data.is_clean], rcond=None)[0]
    assert drawn(figure, "oracle")[1] == pytest.approx(2 * [np.linalg.norm(oracle - data.theta)])
    assert drawn(figure, "least squares")[1] == pytest.approx(errors[[0, 0]])


SETTING = dict(kind="random", n=300, d=5, clean=0.7, sigma=0.1, link=glm.SMOOTH, seed=(0, 3))


@pytest.mark.parametrize("kind", ["random", "arbitrary", "adversary", "mixture of 2", "mixture of 3"])
@pytest.mark.parametrize("change", [{"clean": 0.9}, {"sigma": 1.0}, {"link": glm.KINKED}, {"kind": "other"}])
def test_common_random_numbers(kind, change):
    """Moving a slider changes only what it must: here, what stays. alpha, update, runs and round change no data."""
    setting = {**SETTING, "kind": kind}
    change = {"kind": "arbitrary" if kind == "random" else "random"} if "kind" in change else change
    one, other = draw_alike(**setting), draw_alike(**{**setting, **change})
    assert (one.x == other.x).all() and (one.theta == other.theta).all()
    if (kind, "kind" in change) == ("adversary", True):
        return  # who alone looks at the features before he picks
    assert (~one.is_clean >= ~other.is_clean).all() and ("clean" in change or (one.is_clean == other.is_clean).all())
    noise = [_noise(one, SETTING), _noise(other, {**SETTING, **change})]
    assert noise[0][one.is_clean] == pytest.approx(noise[1][one.is_clean], abs=1e-9)
    still = ~one.is_clean & ~other.is_clean & (one.component == other.component)
    if "clean" in change:  # who stays bad is so as before; of a mixture of 3 the parts have to move
        assert still.sum() >= (0.5 if kind == "mixture of 3" else 1) * (~other.is_clean).sum()
        assert (one.y[still] == other.y[still]).all()
    if kind == "random" and "link" in change:
        assert (one.y[still] == other.y[still]).all()


def _noise(data, setting):
    """(n,) what was added to the outputs of clean samples, in units of sigma."""
    return (data.y - setting["link"].value(data.x @ data.theta)) / setting["sigma"]


def test_draws_are_those_of_the_experiments_where_half_are_clean_or_the_kind_is_another():
    for kind, clean in (("random", 0.5), ("mixture", 0.8), ("arbitrary", 0.8)):
        ours = draw_alike({"mixture": "mixture of 2"}.get(kind, kind), n=200, d=5, clean=clean, sigma=0.1, seed=1)
        assert (ours.y == glm.draw(kind, n=200, d=5, clean=clean, sigma=0.1, seed=1).y).all()
    random = draw_alike("random", n=100_000, d=1, clean=0.8, sigma=0.0, seed=0)
    assert (~random.is_clean).sum() == 20_000 and random.y[~random.is_clean].std() == pytest.approx(1, abs=0.02)


def test_convergence_without_bad_samples_does_not_depend_on_their_kind():
    explorer = explorers.ConvergenceExplorer(**SMALL, clean=1.0, alpha=1.0)
    kinds = [drawn(explorer.figure_at(kind=kind), "‖θ − θ*‖")[1] for kind in ("random", "arbitrary", "mixture of 3")]
    assert np.allclose(kinds[0], kinds[1]) and np.allclose(kinds[0], kinds[2])


def test_an_adversary_who_picks_wins_where_chance_does_not():
    """Both move a fifth of the outputs onto a model of their own; large M comes home from chance's, not from his."""
    explorer = explorers.ConvergenceExplorer(**SMALL, clean=0.7, alpha=0.65, sigma=0.01)
    ends = {kind: drawn(explorer.figure_at(kind=kind), "‖θ − θ*‖")[1][-1] for kind in ("adversary", "mixture of 2")}
    assert ends["adversary"] > 0.9 > 0.05 > ends["mixture of 2"]


@pytest.mark.parametrize("name", ["least squares", "oracle"])
def test_convergence_levels_stay_when_alpha_or_the_update_moves(name):
    explorer = explorers.ConvergenceExplorer(**SMALL)
    level = drawn(explorer.figure_at(), name)[1]
    assert drawn(explorer.figure_at(alpha=0.5), name)[1] == pytest.approx(level)
    assert drawn(explorer.figure_at(update="M = 1"), name)[1] == pytest.approx(level)
    assert drawn(explorer.figure_at(sigma=1.0), name)[1] != pytest.approx(level)


@pytest.mark.parametrize("update, link", [("large M", "identity"), ("M = 1", "identity"), ("M = 1", "kinked")])
@pytest.mark.parametrize("kind", ["random", "arbitrary", "adversary", "mixture of 3"])
def test_convergence_keeps_below_its_bound(update, link, kind):
    figure = explorers.ConvergenceExplorer(**SMALL, update=update, link=link, kind=kind).figure_at()
    errors = dict(zip(*drawn(figure, "‖θ − θ*‖"), strict=True))
    rounds, bound = drawn(figure, "bound")
    shown = ~np.isnan(bound)
    assert shown.any() and all(errors[t] <= limit for t, limit in zip(rounds[shown], bound[shown], strict=True))
    assert any(note.text == "bound" for note in figure.layout.annotations)


def test_convergence_bound_is_that_of_the_lemma():
    explorer = explorers.ConvergenceExplorer(**SMALL)
    data = draw_alike("random", n=200, d=5, seed=(0, 0), clean=0.8, sigma=0.1)
    terms = lemma5_terms(data, glm.clear_path(data.x, data.y, alpha=0.75, rounds=12))
    bound = drawn(explorer.figure_at(), "bound")[1]
    assert bound[-1] == pytest.approx(terms.right[-1])
    assert f"ends at {terms.right[-1]:.3g}." in explorer.scene(**explorer.values).words


@pytest.mark.parametrize(
    "values, words",
    [
        ({"alpha": 0.8}, "No bound is drawn: the theorems ask for α below α*."),
        ({"link": "smooth"}, "No bound is drawn: with this link the theorems are about M = 1."),
        ({"d": 100, "alpha": 0.4}, "No bound is drawn: so few kept samples do not settle θ."),
        ({"d": 100}, "It leaves the plot above: at most it is "),
    ],
)
def test_convergence_says_where_there_is_no_bound_to_be_seen(values, words):
    explorer = explorers.ConvergenceExplorer(**{**SMALL, **values})
    assert words in explorer.scene(**explorer.values).words
    assert "leaves" in words or not len(drawn(explorer.figure, "bound")[0])


def test_convergence_scrubs_through_the_residuals():
    explorer = explorers.ConvergenceExplorer(**SMALL)
    data = draw_alike("random", n=200, d=5, seed=(0, 0), clean=0.8, sigma=0.1)
    path = glm.clear_path(data.x, data.y, alpha=0.75, rounds=12)
    for t in (0, 3):
        scene = explorer.scene(**{**explorer.values, "round": t})
        residuals = np.abs(data.y - data.x @ path.thetas[t])
        counts = {role: int(scene.below.counts[role].sum()) for role in ("clean", "bad")}
        assert counts == {"clean": 160, "bad": 40}
        assert scene.below.cut == pytest.approx(np.sort(residuals)[149])
        bad = (path.kept[t] & ~data.is_clean).sum()
        assert scene.below.kept == f"150 are kept, {bad} of them bad" and scene.below.kept in scene.words
        ring = drawn(explorer.figure_at(round=t), "this round")
        assert ring[0] == t and ring[1] == pytest.approx(np.linalg.norm(path.thetas[t] - data.theta))


def test_the_scrubber_has_as_many_rounds_as_the_update():
    explorer = explorers.ConvergenceExplorer(**SMALL, round=40, update="M = 1")
    assert explorer.values["round"] == 40 and explorer.controls["round"].max == 79
    explorer.controls["update"].value = "large M"
    assert explorer.values["round"] == explorer.controls["round"].max == 11
    assert content(explorer.figure) == content(explorer.figure_at())
    with pytest.raises(InputError, match=r"round must lie in 0\.\.11"):
        explorer.figure_at(round=12)


def test_a_hundred_runs_stay_until_something_moves():
    explorer = explorers.ConvergenceExplorer(**SMALL)
    said = []
    explorer.words.observe(lambda change: said.append(change["new"]), "value")
    explorer.controls["hundred"].value = True
    assert "Computing 100 runs" in said[0] and "Mean of 100 runs" in said[1]
    assert "Mean of 100 runs" in explorer.words.value and "100 draws of" in explorer.figure.layout.annotations[3].text
    assert explorer.figure.layout.annotations[3].text.endswith("the mean, in a band that holds all")
    explorer.controls["alpha"].value = 0.5
    assert explorer.values["hundred"] is False and "Mean of" not in explorer.words.value
    assert content(explorer.figure) == content(explorer.figure_at(alpha=0.5))


def test_convergence_of_twenty_runs_is_their_mean_in_a_band():
    explorer = explorers.ConvergenceExplorer(**SMALL, runs=20)
    curve = explorer.scene(**explorer.values).left.curve
    one = explorers.ConvergenceExplorer(**SMALL)
    first = one.scene(**one.values).left.curve.mean
    assert (curve.low <= first).all() and (first <= curve.high).all() and (curve.low < curve.high).all()
    assert (curve.low < curve.mean).all() and (curve.mean < curve.high).all()
    assert explorer.scene(**explorer.values).words.startswith("Mean of 20 runs: ")


def test_convergence_says_where_itlm_is_the_worse():
    explorer = explorers.ConvergenceExplorer(n=1000, d=100)
    assert "times nearer than least squares" in explorer.scene(**explorer.values).words
    lost = explorer.scene(**{**explorer.values, "sigma": 1.0})
    assert "times as far as least squares" in lost.words
    assert lost.left.curve.mean[-1] > lost.left.curve.mean[0]
