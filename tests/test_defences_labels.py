"""ITLM's rivals on label noise: generalized cross-entropy, co-teaching, trimming in the batch, cleanlab."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch.nn import functional

from itlm_kit import InputError, data
from itlm_kit.defences import label_rivals, tasks, trimmed_batches
from itlm_kit.defences.cleanlab_issues import cleanlab_kept
from itlm_kit.defences.coteaching import coteach
from itlm_kit.defences.gce import generalized_cross_entropy
from itlm_kit.defences.tasks import LabelTask
from itlm_kit.defences.trimmed_batches import TrimmedBatches, train_trimmed
from itlm_kit.vision.models import two_layer_cnn
from itlm_kit.vision.out_of_sample import logits_out_of_sample
from itlm_kit.vision.training import Recipe, Samples, new_network, train

RECIPE = Recipe(two_layer_cnn, batch_size=50, step_size=0.1)


def digits(noise="systematic", clean=0.6, n=300):
    full = data.load("digits")
    noisy = data.LABEL_NOISE[noise](full.x[:n], full.y[:n], clean=clean, classes=10, seed=0)
    return Samples(noisy.x, noisy.y, 10), noisy.is_clean


# --- generalized cross-entropy ---


def test_gce_by_hand():
    logits = torch.log(torch.tensor([[0.25, 0.75], [0.25, 0.75]]))
    got = generalized_cross_entropy(logits, torch.tensor([0, 1]), q=0.5)
    torch.testing.assert_close(got, torch.tensor([(1 - 0.5) / 0.5, (1 - 0.75**0.5) / 0.5]))
    torch.testing.assert_close(generalized_cross_entropy(logits, torch.tensor([0, 1]), q=1), torch.tensor([0.75, 0.25]))


def test_gce_tends_to_the_cross_entropy_and_its_gradient_is_weighed_by_the_probability():
    logits = torch.randn(8, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    labels = torch.arange(8) % 4
    plain = functional.cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(generalized_cross_entropy(logits, labels, q=1e-6), plain, rtol=1e-4, atol=1e-5)
    (of_plain,) = torch.autograd.grad(plain.sum(), logits, retain_graph=True)
    (of_gce,) = torch.autograd.grad(generalized_cross_entropy(logits, labels, reduction="sum"), logits)
    torch.testing.assert_close(of_gce, of_plain * (-plain).exp()[:, None] ** 0.7)


def test_gce_is_finite_where_the_label_is_impossible():
    loss = generalized_cross_entropy(torch.tensor([[0.0, 200.0]]), torch.tensor([0]), reduction="mean")
    assert loss.item() == pytest.approx(1 / 0.7)


@pytest.mark.parametrize("q", [0, -1, 1.5])
def test_gce_refuses_another_q(q):
    with pytest.raises(InputError, match=r"q must lie in \(0, 1\]"):
        generalized_cross_entropy(torch.zeros(1, 2), torch.tensor([0]), q=q)


# --- co-teaching ---


def test_more_is_forgotten_from_epoch_to_epoch(monkeypatch):
    from itlm_kit.defences import coteaching

    taught = []
    monkeypatch.setattr(coteaching, "_teach", lambda nets, images, labels, share: taught.append(share))
    monkeypatch.setattr(coteaching.Descent, "step", lambda descent, passed: None)
    coteach(digits(n=50)[0], RECIPE, forget=0.4, epochs=6, ramp=4, seed=0)
    assert taught == pytest.approx([1, 0.9, 0.8, 0.7, 0.6, 0.6])


def test_each_network_learns_what_the_other_finds_easy(monkeypatch):
    from itlm_kit.defences import coteaching

    samples, _ = digits(n=50)
    masks, order = [], []
    whole = coteaching.trim

    def watched(losses, k):
        masks.append(whole(losses, k))
        return masks[-1]

    monkeypatch.setattr(coteaching, "trim", watched)

    def gradients(descent, passed):
        order.append([weight.grad.clone() for weight in descent.weights])

    monkeypatch.setattr(coteaching.Descent, "step", gradients)
    monkeypatch.setattr(coteaching, "num_kept", lambda share, n: 30)
    nets = coteach(samples, RECIPE, forget=0.4, epochs=1, seed=1)
    batch = torch.randperm(50, generator=torch.Generator().manual_seed(1))
    assert [int(mask.sum()) for mask in masks] == [30, 30] and not torch.equal(*masks)
    for net, mask, gradient in zip(nets, masks[::-1], order, strict=True):
        net.zero_grad()
        functional.cross_entropy(net(samples.images(batch[mask])), samples.y[batch[mask]]).backward()
        for weight, found in zip(net.parameters(), gradient, strict=True):
            torch.testing.assert_close(found, weight.grad, rtol=1e-3, atol=1e-5)


def test_coteaching_is_repeatable():
    samples, _ = digits(n=100)
    first, again, other = (coteach(samples, RECIPE, forget=0.4, epochs=1, seed=seed)[0] for seed in (1, 1, 2))
    weights = [torch.cat([w.flatten() for w in net.parameters()]) for net in (first, again, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    "wrong, words",
    [({"forget": 1.0}, "forget must lie in"), ({"forget": -0.1}, "forget must lie in"),
     ({"forget": True}, "forget must lie in"), ({"epochs": 0}, "epochs must be"), ({"ramp": 0}, "ramp must be")],
)  # fmt: skip
def test_coteaching_refuses(wrong, words):
    with pytest.raises(InputError, match=words):
        coteach(digits(n=100)[0], RECIPE, **{"forget": 0.4, "epochs": 1, "seed": 0} | wrong)


# --- trimming in the batch ---


def test_steps_go_down_the_trimmed_mean_of_their_batch():
    samples, _ = digits(n=50)
    (net,), weights = _first_steps(samples, epochs=1), new_network(samples, RECIPE, 2)
    batch = torch.randperm(50, generator=torch.Generator().manual_seed(2))
    losses = functional.cross_entropy(weights(samples.images(batch)), samples.y[batch], reduction="none")
    losses.sort().values[:30].mean().backward()
    for weight, start in zip(net.parameters(), weights.parameters(), strict=True):
        torch.testing.assert_close(weight, start - RECIPE.step_size * start.grad, rtol=1e-4, atol=1e-6)


def test_a_warm_up_on_all_samples_comes_first():
    samples, _ = digits(n=50)
    trimmed, warm, plain = (_first_steps(samples, epochs=2, **how) for how in ({}, {"warm_up": 1}, {"warm_up": 2}))
    assert not _equal(trimmed[0], warm[0]) and _equal(warm[0], plain[0]) and not _equal(warm[1], plain[1])
    whole = train(samples, np.ones(50, bool), RECIPE, epochs=2, seed=2)
    for one, other in zip(plain[1].parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def _first_steps(samples, *, epochs, **how):
    """The network after each epoch of one step."""
    seen = []
    keep = {"after_epoch": lambda net, epoch: seen.append(deepcopy(net))}
    train_trimmed(samples, RECIPE, alpha=0.6, epochs=epochs, seed=2, **how, **keep)
    return seen


def _equal(net, other):
    return all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))


def test_its_warm_up_is_told_in_trainings_and_it_names_as_many_as_itlm(monkeypatch):
    called = []
    whole = trimmed_batches.train_trimmed
    monkeypatch.setattr(trimmed_batches, "train_trimmed", lambda *a, **how: called.append(how) or whole(*a, **how))
    task = LabelTask(digits(n=100)[0], RECIPE, epochs=2, budget=3.1, clean=0.6, alpha=0.55, folds=2, seed=0)
    fitted = [rival(task) for rival in (TrimmedBatches(warm_up=0), label_rivals()["small-loss"])]
    assert [(how["epochs"], how["warm_up"], how["alpha"]) for how in called] == [(3, 0, 0.55), (3, 2, 0.55)]
    assert [(each.passes, each.kept.sum()) for each in fitted] == [(3, 55), (3, 55)]


@pytest.mark.parametrize(
    "wrong, words",
    [({"alpha": 0}, "alpha must lie in"), ({"epochs": 0}, "epochs must be"), ({"warm_up": -1}, "warm_up must be"),
     ({"warm_up": 0.5}, "warm_up must be")],
)  # fmt: skip
def test_trimming_in_the_batch_refuses(wrong, words):
    with pytest.raises(InputError, match=words):
        train_trimmed(digits(n=100)[0], RECIPE, **{"alpha": 0.6, "epochs": 1, "seed": 0} | wrong)


# --- out of sample, cleanlab ---


@pytest.mark.filterwarnings("ignore:The prediction out of sample says little")  # the networks are stand-ins
def test_every_sample_is_judged_by_a_network_that_never_saw_it(monkeypatch):
    from itlm_kit.vision import out_of_sample as module

    samples, _ = digits(n=100)
    trained = []
    monkeypatch.setattr(module, "train", lambda samples, kept, *args, **kw: trained.append(kept) or len(trained))
    monkeypatch.setattr(module, "outputs", lambda model, samples, index: torch.full((len(index), 10), float(model)))
    judged_by = logits_out_of_sample(samples, RECIPE, epochs=1, folds=3, seed=0)[:, 0].int()
    assert sorted(np.bincount(judged_by)) == [0, 33, 33, 34]
    for i, kept in enumerate(trained):
        np.testing.assert_array_equal(kept, (judged_by != i + 1).numpy())


@pytest.mark.parametrize(
    "folds, words",
    [(1, "folds must be a whole number of at least 2"), (101, "folds must be at most the 100 samples; got 101")],
)
def test_folds_are_two_at_least_and_none_is_empty(folds, words):
    with pytest.raises(InputError, match=words):
        logits_out_of_sample(digits(n=100)[0], RECIPE, epochs=1, folds=folds, seed=0)


def test_cleanlab_finds_planted_errors():
    pytest.importorskip("cleanlab")
    rng = np.random.default_rng(0)
    true = np.arange(300) % 3
    given = np.where(np.arange(300) < 60, (true + 1) % 3, true)
    logits = 4 * np.eye(3)[true] + rng.standard_normal((300, 3))
    kept = cleanlab_kept(given, logits)
    assert (~kept)[:60].mean() > 0.9 and kept[60:].mean() > 0.95


def test_without_cleanlab_it_is_told(monkeypatch):
    monkeypatch.setattr("itlm_kit.extras.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'pip install "itlm_kit\[peers\]"'):
        cleanlab_kept([0, 1], np.zeros((2, 2)))


def test_without_cleanlab_its_cells_stop_before_any_training(monkeypatch):
    monkeypatch.setattr("itlm_kit.extras.find_spec", lambda name: None)
    for name in ("logits_out_of_sample", "train"):
        monkeypatch.setattr(tasks, name, lambda *args, **kw: pytest.fail("trained without cleanlab"))
    task = LabelTask(digits(n=100)[0], RECIPE, epochs=1, budget=2, clean=0.6, alpha=0.55, folds=2, seed=0)
    with pytest.raises(InputError, match=r'pip install "itlm_kit\[peers\]"'):
        label_rivals()["cleanlab"](task)


@pytest.mark.parametrize(
    "y, logits, words",
    [
        ([0, 1], np.zeros((3, 2)), "labels must be 3 whole numbers, one per row of logits"),
        ([0, 2], np.zeros((2, 2)), r"labels must lie in 0\.\.1, the columns of logits; got 0\.\.2"),
        ([-1, 1], np.zeros((2, 2)), r"labels must lie in 0\.\.1"),
        (["a", "b"], np.zeros((2, 2)), "labels must be 2 whole numbers, one per row of logits; got <U1"),
        ([0.0, 1.0], np.zeros((2, 2)), "labels must be 2 whole numbers"),
        ([0, 0], np.zeros((2, 1)), "at least 2 classes"),
        ([0, 1], [[0, np.nan], [0, 1]], "logits must be finite; row 0 is not"),
    ],
)
def test_labels_and_logits_for_cleanlab_are_checked(y, logits, words):
    pytest.importorskip("cleanlab")
    with pytest.raises(InputError, match=words):
        cleanlab_kept(y, logits)
