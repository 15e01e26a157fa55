import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from itlm_kit import InputError, TrajectoryRecorder, loop, trim_groups
from itlm_kit.vision import itlm as itlm_module
from itlm_kit.vision.descent import descend, step_size_at
from itlm_kit.vision.itlm import Watch, accuracy, classifier_rounds, round_seed, train_watched
from itlm_kit.vision.models import draw_normal, draw_xavier, two_layer_cnn, wide_resnet
from itlm_kit.vision.recording import record_training
from itlm_kit.vision.training import Recipe, Samples, outputs, per_sample_losses, train

RECIPE = Recipe(two_layer_cnn, batch_size=20, step_size=0.1, micro_batch=8)


def blobs(n=120, classes=3, seed=0):
    """Easy 8 x 8 images: each class lights its own rows."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    x = rng.integers(0, 90, (n, 1, 8, 8), dtype=np.uint8)
    for label in range(classes):
        x[y == label, :, 2 * label : 2 * label + 2] += 150
    return x, y


@pytest.fixture
def samples():
    return Samples(*blobs(), classes=3)


def test_network_has_the_published_shape():
    model = two_layer_cnn((1, 28, 28), 10, tanh_logits=True)
    convolutions = [layer for layer in model if isinstance(layer, nn.Conv2d)]
    assert [(c.out_channels, c.kernel_size) for c in convolutions] == [(20, (5, 5)), (50, (5, 5))]
    assert [layer.out_features for layer in model if isinstance(layer, nn.Linear)] == [500, 10]
    assert model(torch.rand(2, 1, 28, 28)).abs().max() < 1
    assert two_layer_cnn((3, 32, 32), 10)(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    assert two_layer_cnn((1, 8, 8), 10)(torch.rand(2, 1, 8, 8)).shape == (2, 10)


def test_pooling_before_tanh_is_the_same_network():
    model = draw_xavier(two_layer_cnn((1, 28, 28), 10), 0)
    published = nn.Sequential(*(model[i] for i in (0, 2, 1, 3, 5, 4, 6, 7, 8, 9)))
    x = torch.rand(4, 1, 28, 28)
    torch.testing.assert_close(model(x), published(x))


def test_weights_are_xavier_with_zero_biases_and_depend_on_the_seed():
    first, again, other = (draw_xavier(two_layer_cnn((1, 8, 8), 3), seed) for seed in (1, 1, 2))
    weight = first[7].weight
    bound = np.sqrt(6 / (weight.shape[0] + weight.shape[1]))
    assert weight.abs().max() <= bound and abs(weight.std().item() - bound / np.sqrt(3)) < 0.02 * bound
    assert not first[7].bias.any()
    assert torch.equal(weight, again[7].weight) and not torch.equal(weight, other[7].weight)


def test_normal_weights_have_the_spread_asked_for_and_zero_biases():
    first, again, other = (draw_normal(two_layer_cnn((1, 28, 28), 3), seed, sigma=0.02) for seed in (1, 1, 2))
    for layer in (first[0], first[3], first[7], first[9]):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1) and not layer.bias.any()
    assert first[7].weight.abs().max() > 3 * 0.02  # no uniform draw reaches so far
    assert torch.equal(first[0].weight, again[0].weight) and not torch.equal(first[0].weight, other[0].weight)


@pytest.mark.parametrize("build", [two_layer_cnn, wide_resnet])
def test_small_images_are_refused(build):
    with pytest.raises(InputError, match="at least 8 x 8"):
        build((1, 7, 9), 10)


def test_wide_resnet_has_the_published_size():
    model = wide_resnet((3, 32, 32), 10)
    assert sum(weight.numel() for weight in model.parameters()) == 17_116_634  # "17.1M" of Zagoruyko & Komodakis
    convolutions = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    assert sum(c.kernel_size == (3, 3) for c in convolutions) == 13  # 16 layers with the two of 1 x 1 and the linear
    assert [c.out_channels for c in convolutions if c.kernel_size == (1, 1)] == [160, 320, 640]
    assert sum(w.numel() for w in wide_resnet((3, 32, 32), 10, depth=28).parameters()) == 36_479_194


def test_wide_resnet_halves_the_image_twice():
    model = wide_resnet((1, 16, 20), 7, depth=10, width=1)
    assert model[:-5](torch.rand(2, 1, 16, 20)).shape == (2, 64, 4, 5)
    assert model(torch.rand(2, 1, 16, 20)).shape == (2, 7)
    for depth in (4, 17, 16.5):
        with pytest.raises(InputError, match="depth must be"):
            wide_resnet((3, 32, 32), 10, depth=depth)


def test_wide_resnet_sees_normalised_pixels():
    model = draw_xavier(wide_resnet((3, 8, 8), 4, depth=10, width=1), 0)
    x = torch.rand(16, 3, 8, 8)
    brighter = x * torch.tensor([3.0, 1, 0.5]).view(3, 1, 1) + 7
    torch.testing.assert_close(model(x), model(brighter), atol=1e-3, rtol=0)


@pytest.mark.parametrize("draw", [draw_xavier, partial(draw_normal, sigma=0.02)])
def test_weights_drawn_anew_in_place_are_those_of_a_new_network(draw):
    build = partial(wide_resnet, (3, 8, 8), 4, depth=10, width=1)
    used = draw(build(), 0)
    used(torch.rand(16, 3, 8, 8))
    anew, new = draw(used, 1).state_dict(), draw(build(), 1).state_dict()
    assert all(torch.equal(anew[name], new[name]) for name in new)


def plain_training(x, y, recipe, *, epochs, seed, sizes=None):
    """The textbook loop over a DataLoader in whole batches, in the same order of samples; sizes: of each step."""
    model = draw_xavier(recipe.build(tuple(x.shape[1:]), 3), seed)
    how = {"momentum": recipe.momentum, "nesterov": recipe.momentum > 0, "weight_decay": recipe.weight_decay}
    optimiser = torch.optim.SGD(model.parameters(), lr=recipe.step_size, **how)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: sizes[step] if sizes else 1)
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        index = torch.randperm(len(y), generator=order)
        data = TensorDataset(torch.as_tensor(x)[index].float() / 255, torch.as_tensor(y)[index])
        for images, labels in DataLoader(data, batch_size=recipe.batch_size):
            optimiser.zero_grad()
            functional.cross_entropy(model(images), labels).backward()
            optimiser.step()
            schedule.step()
    return model


ONE_CYCLE = replace(RECIPE, batch_size=48, momentum=0.9, weight_decay=0.02, warm_up=0.5)
SIZES = [0.2, 0.6, 0.9, 0.8, 0.4, 0.1, 0]  # at the middles of batches of 48, 48 and 24 of 120, in two epochs


@pytest.mark.parametrize(("recipe", "epochs", "sizes"), [(RECIPE, 1, None), (ONE_CYCLE, 2, SIZES)])
def test_training_equals_the_textbook_loop(recipe, epochs, sizes):
    x, y = blobs()
    ours = train(Samples(x, y, 3), np.ones(120, bool), recipe, epochs=epochs, seed=3)
    plain = plain_training(x, y, recipe, epochs=epochs, seed=3, sizes=sizes)
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=0)


def test_a_step_is_the_plain_one_to_the_bit():
    model = draw_xavier(two_layer_cnn((1, 8, 8), 3), 0)
    model(torch.rand(5, 1, 8, 8)).square().sum().backward()
    expected = [torch.add(w.detach(), w.grad, alpha=-0.3) for w in model.parameters()]
    descend(model, 0.3)
    assert all(torch.equal(w, e) for w, e in zip(model.parameters(), expected, strict=True))


def test_training_loads_no_compiler():
    code = (
        "import sys, numpy as np; from itlm_kit.vision import gan_training as g, models, training as t;"
        "x, every = np.full((40, 1, 8, 8), 99, np.uint8), np.ones(40, bool);"
        "how = t.Recipe(models.two_layer_cnn, batch_size=20);"
        "t.train(t.Samples(x, np.arange(40) % 2, 2), every, how, epochs=1, seed=0);"
        "g.train_gan(g.Images(x), every, g.GANRecipe(steps=1, batch_size=20, latent=4, width=4), seed=0);"
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_step_size_drops_where_the_recipe_says(samples):
    still = Recipe(two_layer_cnn, batch_size=20, step_size=0.1, drop_at=0.5, drop_by=1e12)
    seen = []
    train(samples, np.ones(120, bool), still, epochs=4, seed=0,
          after_epoch=lambda model, epoch: seen.append(per_sample_losses(model, samples)))  # fmt: skip
    assert not torch.allclose(seen[0], seen[1]) and torch.allclose(seen[1], seen[3], atol=1e-6)


def test_the_step_size_of_one_cycle_rises_and_falls_in_straight_lines():
    how = Recipe(two_layer_cnn, step_size=0.8, warm_up=0.25)
    assert [step_size_at(how, passed, 8) for passed in (0, 1, 2, 5, 8)] == pytest.approx([0, 0.4, 0.8, 0.4, 0])


def test_frozen_weights_stay(samples):
    def half_frozen(shape, classes):
        model = two_layer_cnn(shape, classes)
        model[0].weight.requires_grad_(False)
        return model

    model = train(samples, np.ones(120, bool), replace(ONE_CYCLE, build=half_frozen), epochs=1, seed=0)
    drawn = draw_xavier(half_frozen((1, 8, 8), 3), 0)
    same = [torch.equal(*pair) for pair in zip(model.parameters(), drawn.parameters(), strict=True)]
    assert same == [True] + [False] * (len(same) - 1)


def test_masking_equals_dropping():
    x, y = blobs()
    kept = np.arange(120) < 60
    masked = train(Samples(x, y, 3), kept, RECIPE, epochs=2, seed=0)
    dropped = train(Samples(x[:60], y[:60], 3), np.ones(60, bool), RECIPE, epochs=2, seed=0)
    for a, b in zip(masked.parameters(), dropped.parameters(), strict=True):
        assert torch.equal(a, b)


def test_recorder_holds_the_losses_the_training_pass_saw(samples):
    whole = Recipe(two_layer_cnn, batch_size=120, step_size=0.1)
    recorder = TrajectoryRecorder(120, 2)
    seen = []
    train(samples, np.ones(120, bool), whole, epochs=2, seed=5, recorder=recorder,
          after_epoch=lambda model, epoch: seen.append(per_sample_losses(model, samples).numpy()))  # fmt: skip
    untrained = draw_xavier(two_layer_cnn((1, 8, 8), 3), 5)
    np.testing.assert_allclose(recorder.losses[0], per_sample_losses(untrained, samples), atol=1e-5)
    np.testing.assert_allclose(recorder.losses[1], seen[0], atol=1e-5)


def test_recorder_leaves_dropped_samples_unseen(samples):
    recorder = TrajectoryRecorder(120, 1)
    train(samples, np.arange(120) < 40, RECIPE, epochs=1, seed=0, recorder=recorder)
    assert recorder.seen[0].tolist() == [True] * 40 + [False] * 80


def test_a_recorded_training_that_diverges_stops_at_once(samples):
    with pytest.raises(InputError, match="outputs must be finite; after epoch 0 some are not. Lower the step size"):
        record_training(samples, replace(RECIPE, step_size=3e38), epochs=9, seed=0)


def test_losses_are_in_the_order_of_the_samples(samples):
    model = train(samples, np.ones(120, bool), RECIPE, epochs=1, seed=0)
    logits = model(samples.images(slice(None)))
    expected = functional.cross_entropy(logits, samples.y, reduction="none")
    torch.testing.assert_close(per_sample_losses(model, samples), expected)
    torch.testing.assert_close(outputs(model, samples, torch.tensor([7, 3]), micro_batch=1), logits[[7, 3]])


def test_easy_images_are_learnt(samples):
    assert accuracy(train(samples, np.ones(120, bool), RECIPE, epochs=15, seed=0), samples) > 95


def test_rounds_go_through_the_one_loop_and_start_anew(samples, monkeypatch):
    calls = []
    whole = loop.itlm_rounds
    monkeypatch.setattr(loop, "itlm_rounds", lambda *a, **k: calls.append(k["k"](120)) or whole(*a, **k))
    watch = Watch(samples, samples)
    steps = list(classifier_rounds(samples, RECIPE, alpha=0.5, epochs=(2, 1, 1), seed=0, watch=watch))
    assert calls == [60] and [s.t for s in steps] == [0, 1, 2]
    assert all(s.kept.sum() == 60 for s in steps)
    alone = train(samples, steps[0].kept, RECIPE, epochs=1, seed=itlm_module.round_seed(0, 1))
    assert torch.equal(alone[0].weight, steps[1].state.model[0].weight)


def test_rounds_within_groups_keep_the_share_of_each_class(samples):
    watch = Watch(samples, samples)
    steps = list(classifier_rounds(samples, RECIPE, alpha=0.5, epochs=(2, 1), seed=0, watch=watch, groups=samples.y))
    for step in steps:
        assert torch.equal(step.kept, trim_groups(step.losses, 0.5, samples.y))
        assert (samples.y[step.kept].bincount() == samples.y.bincount() // 2).all()
    with pytest.raises(InputError, match="groups must have one label per sample, 120; got 100"):
        next(classifier_rounds(samples, RECIPE, alpha=0.5, epochs=(1,), seed=0, watch=watch, groups=samples.y[:100]))


def test_a_cut_run_goes_on_as_it_would_have(samples):
    def rounds(**choices):
        watch = Watch(samples, samples)
        return list(classifier_rounds(samples, RECIPE, alpha=0.5, epochs=(2, 1, 1), seed=3, watch=watch, **choices))

    whole = rounds()
    for done in range(4):
        rest = rounds(kept=[step.kept.numpy() for step in whole[:done]])
        assert [step.t for step in rest] == list(range(done, 3))
        assert all(torch.equal(a.losses, b.losses) for a, b in zip(rest, whole[done:], strict=True))
    with pytest.raises(InputError, match="mask of the 120 samples"):
        rounds(kept=[np.ones(100, bool)])


def test_warm_rounds_go_on_from_the_weights_of_the_round_before(samples):
    how = {"alpha": 0.5, "epochs": (2, 1, 1), "seed": 3, "watch": Watch(samples, samples)}
    anew, warm = (list(classifier_rounds(samples, RECIPE, warm=warm, **how)) for warm in (False, True))
    assert torch.equal(anew[0].losses, warm[0].losses) and [step.t for step in warm] == [0, 1, 2]
    for before, step in pairwise(warm):
        start, unchanged = before.state.model, deepcopy(before.state.model)
        again = train(samples, before.kept, RECIPE, epochs=1, seed=round_seed(3, step.t), start=start)
        assert torch.equal(step.losses, per_sample_losses(again, samples))
        assert all(torch.equal(a, b) for a, b in zip(start.parameters(), unchanged.parameters(), strict=True))
    still = replace(RECIPE, step_size=0.0)
    anew, warm = (list(classifier_rounds(samples, still, warm=warm, **how)) for warm in (False, True))
    assert torch.equal(warm[0].losses, warm[2].losses) and not torch.equal(anew[0].losses, anew[2].losses)


def test_a_cut_run_of_warm_rounds_cannot_go_on(samples, monkeypatch):
    monkeypatch.setattr(itlm_module, "train", lambda *a, **k: pytest.fail("trained before the input was checked"))
    done = {"kept": [np.ones(120, bool)], "watch": Watch(samples, samples)}
    with pytest.raises(InputError, match="kept must be empty where rounds are warm; got 1 masks"):
        next(classifier_rounds(samples, RECIPE, alpha=0.5, epochs=(1, 1), seed=0, warm=True, **done))


def test_the_noisy_labels_select_the_epoch(samples):
    truth = samples.y
    always = Watch(samples, samples, truth)
    never = Watch(samples, samples, (truth + 1) % 3)
    fit = partial(train_watched, samples, np.ones(120, bool), RECIPE, epochs=15, seed=0)
    good, bad = fit(watch=always).report, fit(watch=never).report
    assert good["selected_accuracy"] == good["best_accuracy"] > bad["selected_accuracy"]
    assert good["last_accuracy"] == bad["last_accuracy"]


def test_a_validation_part_selects_too_and_none_takes_the_last(samples):
    few = Samples(*blobs(30, seed=1), classes=3)
    fit = partial(train_watched, samples, np.ones(120, bool), RECIPE, epochs=8, seed=0)
    assert fit(watch=Watch(samples, samples, few)).report["selected_accuracy"] > 60
    last = fit(watch=Watch(samples, samples))
    assert last.report["selected_epoch"] == 7 and last.report["selected_accuracy"] == last.report["last_accuracy"]
    assert accuracy(last.model, samples) == last.report["last_accuracy"]


@pytest.mark.parametrize("best, selected", [(0, 0), (0, 2), (1, 0), (2, 2)])
def test_each_epoch_asked_of_is_reported_by_one_pass(best, selected, samples, monkeypatch):
    """Epochs of which one is best and one selected, each with a constant for a network."""
    passes = []
    monkeypatch.setattr(itlm_module, "accuracy", lambda model, test: passes.append(model.item()) or 10.0 * model.item())
    watch = Watch(samples, samples)
    monkeypatch.setattr(watch, "scores", lambda model, epoch: (epoch == selected, epoch == best))
    watching, model = watch.start(), Constant()
    for epoch in range(3):
        model.value.fill_(epoch)
        watching(model, epoch)
    theta = watching.finish(model)
    assert theta.report == {
        "last_accuracy": 20, "best_accuracy": 10 * best, "selected_accuracy": 10 * selected, "selected_epoch": selected,
    }  # fmt: skip
    assert theta.model.item() == selected and sorted(passes) == sorted({2, best, selected})


class Constant(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("value", torch.tensor(0))

    def item(self):
        return self.value.item()


X, Y = blobs(30)


@pytest.mark.parametrize(
    "x, y, message",
    [
        (X, Y[:-1], "one label each"),
        (X[:, 0], Y, r"shape \(n, c, h, w\)"),
        (X / 255, Y, "must be uint8"),
        (X, Y + 1, r"whole numbers in 0\.\.2; got 1\.\.3"),
        (X, Y - 1, r"got -1\.\.1"),
        (X, Y.astype(float), "whole numbers"),
        (X, np.array(list("abc"))[Y], r"whole numbers in 0..2; got <U1. Others are numbered by Classes.of\(y\).encode"),
        (X, np.where(Y == 1, None, Y), r"labels must not be missing; got none in rows \d+, .*, counted from 0"),
        (X, np.ma.masked_array(Y, np.arange(len(Y)) == 4), "labels must not be missing; got none in row 4, counted"),
        (X, np.where(Y == 2, 0, Y), "class 2 of 3 has none"),
        (X[:0], Y[:0], "one label each"),
    ],
)
def test_bad_samples_are_refused(x, y, message):
    with pytest.raises(InputError, match=message):
        Samples(x, y, 3)


def test_fewer_than_a_batch_are_one_step_where_the_recipe_allows_it(samples):
    kept = torch.arange(len(samples)) < 12
    whole = train(samples, kept, replace(RECIPE, batch_size=12), epochs=2, seed=0)
    part = train(samples, kept, replace(RECIPE, fewest=12), epochs=2, seed=0)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), part.parameters(), strict=True))


def test_fewer_kept_than_a_batch_is_refused_before_training(samples, monkeypatch):
    monkeypatch.setattr(itlm_module, "train", lambda *a, **k: pytest.fail("trained before the input was checked"))
    watch = Watch(samples, samples)
    with pytest.raises(InputError, match="at least one batch of 20 samples must be kept; got 12"):
        next(classifier_rounds(samples, RECIPE, alpha=0.1, epochs=(1, 1), seed=0, watch=watch))
    few = replace(RECIPE, fewest=13)
    with pytest.raises(InputError, match="at least 13 samples must be kept; got 12"):
        next(classifier_rounds(samples, few, alpha=0.1, epochs=(1, 1), seed=0, watch=watch))
    with pytest.raises(InputError, match="epochs must name a number"):
        next(classifier_rounds(samples, RECIPE, alpha=0.5, epochs=(), seed=0, watch=watch))
    for epochs in ((1, 0), (1, 2.5)):
        with pytest.raises(InputError, match="epochs must be a whole number of at least 1"):
            next(classifier_rounds(samples, RECIPE, alpha=0.5, epochs=epochs, seed=0, watch=watch))


def test_a_mask_of_another_length_is_refused(samples):
    with pytest.raises(InputError, match="kept must mark each of the 120 samples"):
        train(samples, np.ones(100, bool), RECIPE, epochs=1, seed=0)


@pytest.mark.gpu
def test_training_runs_on_the_device():
    there = Samples(*blobs(), classes=3, device="cuda")
    model = train(there, torch.ones(120, dtype=torch.bool, device="cuda"), RECIPE, epochs=15, seed=0)
    assert accuracy(model, there) > 95 and per_sample_losses(model, there).is_cuda
