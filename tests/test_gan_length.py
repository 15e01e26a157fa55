from dataclasses import replace

import numpy as np
import pytest
import torch

from itlm_kit import InputError
from itlm_kit.experiments.recipe import described
from itlm_kit.vision import gan_length
from itlm_kit.vision.gan import attempt_seed, fit_gan, gan_rounds
from itlm_kit.vision.gan_length import Yardstick, elbow, is_look, past_elbow, pixel_distance, train_to_elbow
from itlm_kit.vision.gan_training import Diverged, Elbow, GANRecipe, Images, real_losses, train_gan

RECIPE = GANRecipe(steps=8, batch_size=16, latent=5, width=4, stop=Elbow(every=2, images=20))
FIXED = replace(RECIPE, stop=None)


@pytest.fixture
def images():
    return Images(np.random.default_rng(0).integers(0, 256, (60, 1, 8, 8), dtype=np.uint8))


def everything(images):
    return np.ones(len(images), bool)


def same_weights(a, b):
    pairs = zip(a, b, strict=True)
    return all(torch.equal(x, y) for p, q in pairs for x, y in zip(p.parameters(), q.parameters(), strict=True))


def planned(monkeypatch, distances):
    """Trainings whose looks see these distances."""
    seen = iter(distances)
    monkeypatch.setattr(gan_length, "pixel_distance", lambda *_: next(seen))


# --- the rule


def test_the_elbow_is_where_a_step_brings_as_little_as_it_costs():
    steps, distances = [1, 10, 20, 30, 40], [8.0, 4.0, 2.0, 1.6, 1.5]  # costs at 80: 1.01, .625, .5, .575, .69
    assert elbow(steps, distances, 80) == 2
    assert elbow(steps, distances, 4) == 0 and elbow(steps, distances, 10_000) == 4


@pytest.mark.parametrize("rate, most", [(0.05, 400), (0.02, 300)])
def test_of_an_exponential_the_elbow_is_where_its_slope_is_one_in_most(rate, most):
    steps = np.arange(1, most)
    by_hand = np.log(rate * most * np.exp(-rate)) / rate + 1  # of exp(-rate (t - 1)) + t / most
    assert steps[elbow(steps, np.exp(-rate * (steps - 1)), most)] == pytest.approx(by_hand, abs=1.6)


def test_an_elbow_does_not_depend_on_the_scale_of_the_distances():
    steps, distances = np.arange(1, 50), np.random.default_rng(0).random(49) + 0.1
    assert elbow(steps, distances, 60) == elbow(steps, 1000 * distances, 60)


def test_it_is_past_as_soon_as_and_only_when_no_later_distance_can_move_it():
    steps, distances = [1, 10, 20, 30, 40], [8.0, 4.0, 2.0, 1.6, 1.5]
    assert [past_elbow(steps[:m], distances[:m], 80) for m in range(1, 6)] == [False, False, False, False, True]
    assert elbow([*steps, 41], [*distances, 0.0], 80) == 2  # no distance lies below 0
    assert elbow([*steps[:4], 31], [*distances[:4], 0.0], 80) == 4


def test_looks_are_the_first_step_and_then_every_few():
    assert [step for step in range(1, 31) if is_look(step, Elbow(every=10))] == [1, 10, 20, 30]


def test_images_that_differ_by_a_shift_lie_its_square_apart():
    low = np.random.default_rng(0).integers(0, 100, (50, 1, 16, 16), dtype=np.uint8)
    a, b = torch.tensor(low), torch.tensor(low + 51)
    assert pixel_distance(a, b) == pytest.approx(64 * 0.2**2, rel=1e-4)  # 8 x 8 means, each .2 further
    assert pixel_distance(a, a) == pytest.approx(0, abs=1e-6)


# --- the training that it ends


def test_a_training_ends_at_its_elbow_with_the_networks_of_that_step(images, monkeypatch):
    planned(monkeypatch, [1.0, 0.5, 0.1, 0.4, 0.3])  # after steps 1, 2, 4, 6, 8; past at 6
    seen = []
    gan, steps = train_to_elbow(
        images, everything(images), RECIPE, seed=3, after_step=lambda gan, step: seen.append(step)
    )
    assert steps == 4 and seen == [1, 2, 3, 4, 5, 6]
    assert same_weights(gan, train_gan(images, everything(images), replace(FIXED, steps=4), seed=3))


def test_the_last_step_can_be_the_elbow(images, monkeypatch):
    planned(monkeypatch, [10.0, 9.0, 6.0, 3.0, 0.0])
    assert train_to_elbow(images, everything(images), RECIPE, seed=3)[1] == 8


def test_generated_images_are_compared_with_kept_ones_alone(images):
    kept = everything(images)
    kept[::2] = False
    yardstick = Yardstick(images, kept, RECIPE)
    taken = {image.tobytes() for image in yardstick.real.numpy()}
    assert len(yardstick.real) == 20 and taken <= {image.tobytes() for image in images.x[1::2].numpy()}
    assert yardstick.latents.shape == (20, 5)
    few = np.arange(60) < 17
    assert torch.equal(Yardstick(images, few, RECIPE).real, images.x[:17])


def test_fit_says_how_long_it_trained(images, monkeypatch):
    assert fit_gan(images, everything(images), FIXED, seed=0).steps == 8
    planned(monkeypatch, [1.0, 0.2, 0.4])
    theta = fit_gan(images, everything(images), RECIPE, seed=0)
    assert theta.steps == 2
    again = train_gan(images, everything(images), replace(FIXED, steps=2), seed=attempt_seed(0, 0))
    assert same_weights(theta.gan, again)


def test_every_round_has_its_own_elbow(images, monkeypatch):
    planned(monkeypatch, [1.0, 0.2, 0.4, *[1.0, 0.9, 0.2, 0.5, 0.4]])
    rounds = list(gan_rounds(images, RECIPE, alpha=0.75, rounds=2, seed=1))
    assert [step.state.steps for step in rounds] == [2, 4]
    assert torch.equal(rounds[1].losses, real_losses(rounds[1].state.gan, images, RECIPE))


def test_a_training_that_diverges_before_its_end_has_no_elbow(images, monkeypatch):
    planned(monkeypatch, [1.0, 0.1, 0.2, 0.3, 0.4] * 3)
    with pytest.raises(Diverged, match="3 trainings of one round went wrong"):
        fit_gan(images, everything(images), replace(RECIPE, step_size=1e30), seed=0)


def test_a_rule_is_part_of_what_a_recipe_is_known_by_and_none_is_not():
    assert described(RECIPE)["stop"] == {"kind": "Elbow", "every": 2, "images": 20}
    assert "stop" not in described(FIXED)


@pytest.mark.parametrize(
    "stop, message",
    [
        (Elbow(every=0), "every must be a whole number of at least 1; got 0"),
        (Elbow(images=1), "images must be a whole number of at least 2; got 1"),
    ],
)
def test_bad_rules_are_told_before_any_training(images, monkeypatch, stop, message):
    monkeypatch.setattr(gan_length, "train_gan", None)
    with pytest.raises(InputError, match=message):
        list(gan_rounds(images, replace(RECIPE, stop=stop), alpha=0.75, rounds=2, seed=0))
