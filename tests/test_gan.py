from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from itlm_kit import InputError
from itlm_kit.loop import itlm_rounds
from itlm_kit.vision import gan as gan_module
from itlm_kit.vision import gan_training
from itlm_kit.vision.dcgan import dcgan, draw_weights
from itlm_kit.vision.frechet import frechet_distance
from itlm_kit.vision.gan import attempt_seed, fit_gan, gan_rounds
from itlm_kit.vision.gan_losses import LOSSES
from itlm_kit.vision.gan_quality import Judge
from itlm_kit.vision.gan_training import (
    Adam,
    Diverged,
    GANRecipe,
    Images,
    called_real,
    draw_latents,
    generate,
    outputs,
    real_losses,
    train_gan,
)

RECIPE = GANRecipe(steps=3, batch_size=16, latent=5, width=4)


def stripes(n=60, seed=0):
    """8 x 8 images, three quarters with upright bars, the others with level ones."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 60, (n, 1, 8, 8), dtype=np.uint8)
    level = np.arange(n) % 4 == 0
    x[~level, :, :, ::2] += 180
    x[level, :, ::2] += 180
    return x


@pytest.fixture
def images():
    return Images(stripes())


def everything(images):
    return np.ones(len(images), bool)


# --- networks


@pytest.mark.parametrize(
    "shape, smallest", [((1, 8, 8), 2), ((1, 28, 28), 7), ((1, 32, 32), 4), ((3, 64, 64), 4), ((3, 64, 96), 4)]
)
def test_networks_fit_the_shape_of_the_images(shape, smallest):
    gan = dcgan(shape, latent=6, width=4)
    made = gan.generator(torch.randn(2, 6))
    assert made.shape == (2, *shape) and made.abs().max() <= 1
    assert gan.discriminator(made).shape == (2,)
    assert gan.discriminator[-2].kernel_size[0] == gan.generator[1].kernel_size[0] == smallest


def test_64_pixel_networks_are_those_of_the_dcgan_paper():
    gan = dcgan((3, 64, 64))
    made = [layer for layer in gan.generator if isinstance(layer, nn.ConvTranspose2d)]
    assert [(c.in_channels, c.out_channels) for c in made] == [(100, 512), (512, 256), (256, 128), (128, 64), (64, 3)]
    told = [layer for layer in gan.discriminator if isinstance(layer, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels) for c in told] == [(3, 64), (64, 128), (128, 256), (256, 512), (512, 1)]
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in gan.discriminator) == 3


def test_weights_are_drawn_from_the_seed_alone():
    first, again, other = (draw_weights(dcgan((1, 28, 28), width=16), seed) for seed in (1, 1, 2))
    weight = first.discriminator[2].weight
    assert abs(weight.std().item() - 0.02) < 0.001 and not first.discriminator[0].bias.any()
    assert torch.equal(weight, again.discriminator[2].weight)
    assert not torch.equal(weight, other.discriminator[2].weight)


@pytest.mark.parametrize("shape", [(1, 6, 6), (1, 30, 30), (1, 9, 8), (1, 4, 4)])
def test_sides_that_cannot_be_halved_are_refused(shape):
    with pytest.raises(InputError, match="must be halved"):
        dcgan(shape)


# --- losses


def test_gan_loss_is_the_negative_of_equation_17():
    real, fake, loss = torch.randn(50), torch.randn(50), LOSSES["gan"]
    d = torch.sigmoid
    value = d(real).log().mean() + (1 - d(fake)).log().mean()
    torch.testing.assert_close(loss.real(real).mean() + loss.fake(fake).mean(), -value)
    targets = torch.cat([torch.ones(50), torch.zeros(50)])
    bce = 2 * binary_cross_entropy_with_logits(torch.cat([real, fake]), targets)
    torch.testing.assert_close(loss.real(real).mean() + loss.fake(fake).mean(), bce)


@pytest.mark.parametrize("name", LOSSES)
def test_surrogate_ranks_as_the_loss_on_real_images_and_has_no_ties(name):
    loss, f = LOSSES[name], torch.linspace(-3, 3, 41)
    f = f[f <= 1] if name == "least-squares" else f  # beyond its target it grows again
    scores = loss.surrogate(f)
    assert (scores.diff() < 0).all()
    assert (loss.real(f).diff() <= 0).all()
    assert (loss.fake(torch.linspace(0, 3, 9)).diff() > 0).all() and (loss.generator(f).diff() < 0).all()


def test_called_real_means_more_likely_real_than_generated():
    f = torch.tensor([-2.0, -0.1, 0.1, 2.0])
    for name, expected in {"gan": [0, 0, 1, 1], "hinge": [0, 0, 1, 1], "least-squares": [0, 0, 0, 0]}.items():
        found = called_real(LOSSES[name].surrogate(f), replace(RECIPE, loss=name))
        assert found.int().tolist() == expected
    near = LOSSES["least-squares"].surrogate(torch.tensor([0.4, 0.6, 1.0]))
    assert called_real(near, replace(RECIPE, loss="least-squares")).tolist() == [False, True, True]


# --- training


def test_adam_takes_the_steps_of_torch_optim():
    mine, theirs = (torch.nn.Linear(7, 3) for _ in range(2))
    theirs.load_state_dict(mine.state_dict())
    adam = Adam(mine.parameters(), 0.01, 0.5)
    reference = torch.optim.Adam(theirs.parameters(), 0.01, betas=(0.5, 0.999))
    for step in range(20):
        x = torch.randn(5, 7, generator=torch.Generator().manual_seed(step))
        adam.step(torch.autograd.grad(mine(x).square().sum(), adam.weights))
        reference.zero_grad()
        theirs(x).square().sum().backward()
        reference.step()
    for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_same_seed_same_networks_and_only_kept_images_are_seen(images):
    kept = everything(images)
    kept[::4] = False
    spoilt = images.x.clone()
    spoilt[::4] = 255
    first, again = train_gan(images, kept, RECIPE, seed=3), train_gan(Images(spoilt), kept, RECIPE, seed=3)
    other = train_gan(images, kept, RECIPE, seed=4)
    for net, same, unlike in zip(first, again, other, strict=True):
        states = [n.state_dict() for n in (net, same, unlike)]
        assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
        assert not torch.equal(*(next(iter(n.parameters())) for n in (net, unlike)))


def test_both_networks_learn(images):
    start = draw_weights(dcgan(images.shape, latent=5, width=4), 1)
    end = train_gan(images, everything(images), RECIPE, seed=1)
    for before, after in zip(start, end, strict=True):
        assert all(not torch.equal(a, b) for a, b in zip(before.parameters(), after.parameters(), strict=True))


def test_batches_go_through_all_images_in_a_new_order_each_pass():
    index = torch.arange(100, 123)
    batches = gan_training._batches(index, 5, seed=0)
    passes = [torch.cat([next(batches) for _ in range(4)]).tolist() for _ in range(2)]
    assert all(len(set(one)) == 20 and set(one) <= set(index.tolist()) for one in passes)
    assert passes[0] != passes[1]


def test_scoring_is_in_evaluation_mode_and_leaves_images_as_they_are(images):
    gan = train_gan(images, everything(images), RECIPE, seed=0)
    alone = outputs(gan, Images(images.x[:7]))
    torch.testing.assert_close(outputs(gan, images, micro_batch=9)[:7], alone)  # no batch statistics
    torch.testing.assert_close(real_losses(gan, images, RECIPE)[:7], -torch.sigmoid(alone).log())


def test_after_step_sees_every_step(images):
    seen = []
    train_gan(images, everything(images), RECIPE, seed=0, after_step=lambda gan, step: seen.append(step))
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("change", [{"loss": "hinge"}, {"loss": "least-squares"}, {"bfloat16": True}])
def test_other_losses_and_precision_train(images, change):
    gan = train_gan(images, everything(images), replace(RECIPE, **change), seed=0)
    assert torch.isfinite(real_losses(gan, images, replace(RECIPE, **change))).all()
    assert next(gan.generator.parameters()).dtype == torch.float32


def test_compiled_networks_are_the_same_and_compiled_once(images, monkeypatch):
    plain = train_gan(images, everything(images), RECIPE, seed=3)
    counted = []

    def backend(graph, inputs):
        counted.append(graph)
        return graph.forward

    compiled = torch.compile(gan_training._run, dynamic=False, backend=backend)
    monkeypatch.setattr(gan_training, "_run", compiled)  # as on CUDA, but for the code that is generated
    for seed in (1, 2, 3):
        gan = train_gan(images, everything(images), RECIPE, seed=seed)
    assert len(counted) == 3  # the generator, the discriminator, and the latter with gradients for its input
    for mine, theirs in zip(gan, plain, strict=True):
        torch.testing.assert_close(list(mine.parameters()), list(theirs.parameters()))


def test_generated_images_are_uint8_and_follow_the_latents(images):
    gan = train_gan(images, everything(images), RECIPE, seed=0)
    latents = draw_latents(11, RECIPE, seed=2)
    made = generate(gan, latents)
    assert made.dtype == torch.uint8 and made.shape == (11, 1, 8, 8)
    assert torch.equal(made[:4], generate(gan, latents[:4])) and not torch.equal(made[0], made[1])
    assert torch.equal(latents, draw_latents(11, RECIPE, seed=2))


# --- rounds


def test_rounds_are_those_of_the_loop(images):
    k, seed = 45, 7
    plain = itlm_rounds(
        train_gan(images, everything(images), RECIPE, seed=attempt_seed(seed, 0)),
        losses=lambda gan: real_losses(gan, images, RECIPE),
        update=lambda gan, kept, t: train_gan(images, kept, RECIPE, seed=attempt_seed(seed, t + 1)),
        k=k,
    )
    found = list(gan_rounds(images, RECIPE, alpha=0.75, rounds=3, seed=seed))
    assert [step.t for step in found] == [0, 1, 2]
    for step in found:
        expected = next(plain)
        assert torch.equal(step.losses, expected.losses) and torch.equal(step.kept, expected.kept)
        assert step.kept.sum() == k and step.losses[step.kept].max() <= step.losses[~step.kept].min()


def test_a_cut_run_goes_on_as_it_would_have(images):
    whole = list(gan_rounds(images, RECIPE, alpha=0.75, rounds=3, seed=1))
    rest = list(gan_rounds(images, RECIPE, alpha=0.75, rounds=3, seed=1, kept=[s.kept.numpy() for s in whole[:2]]))
    assert [step.t for step in rest] == [2] and torch.equal(rest[0].losses, whole[2].losses)
    assert not list(gan_rounds(images, RECIPE, alpha=0.75, rounds=3, seed=1, kept=[s.kept for s in whole]))


def test_a_known_theta_0_is_not_trained_again(images, monkeypatch):
    first = fit_gan(images, everything(images), RECIPE, seed=1)
    expected = next(gan_rounds(images, RECIPE, alpha=0.75, rounds=1, seed=1))
    monkeypatch.setattr(gan_module, "train_gan", None)
    found = next(gan_rounds(images, RECIPE, alpha=0.75, rounds=1, seed=1, first=first))
    assert torch.equal(found.losses, expected.losses)


def test_a_training_that_diverges_is_named_and_started_again_with_another_seed(images, monkeypatch):
    sick = attempt_seed(1, 1)
    whole = gan_module.train_gan

    def train(images, kept, recipe, *, seed, after_step=None):
        step_size = 1e30 if seed == sick else recipe.step_size
        return whole(images, kept, replace(recipe, step_size=step_size), seed=seed, after_step=after_step)

    monkeypatch.setattr(gan_module, "train_gan", train)
    well, ill = gan_rounds(images, RECIPE, alpha=0.75, rounds=2, seed=1)
    assert (well.state.restarts, well.state.seed) == ((), attempt_seed(1, 0))
    assert ill.state.seed == attempt_seed(1, 1, attempt=1) and torch.isfinite(ill.losses).all()
    (told,) = ill.state.restarts
    assert told == f"round 1, seed {sick}: the discriminator's loss is nan by step 3"


@pytest.mark.parametrize(
    "change, message",
    [
        ({"step_size": 1e3}, r"loss is \d.*e\+0\d by step 3"),
        ({"step_size": 1e3, "loss": "hinge"}, r"loss is \d.*e\+0\d by step 3"),
        ({"step_size": 1e30}, "loss is nan by step 3"),
    ],
)
def test_what_diverges_is_never_scored(images, change, message):
    with pytest.raises(Diverged, match=message):
        train_gan(images, everything(images), replace(RECIPE, **change), seed=0)


def test_weights_that_the_last_step_spoils_are_told(images):
    def spoil(gan, step):
        if step == RECIPE.steps:
            gan.generator[1].weight.data[0] = float("inf")

    with pytest.raises(Diverged, match="weights are no numbers after the last step"):
        train_gan(images, everything(images), RECIPE, seed=0, after_step=spoil)


def test_a_discriminator_that_wins_wholly_is_told(images, monkeypatch):
    monkeypatch.setattr(gan_training, "COLLAPSED", 10.0)
    with pytest.raises(Diverged, match="loss fell to .* by step 3: the generator learns nothing"):
        train_gan(images, everything(images), RECIPE, seed=0)
    with pytest.raises(Diverged, match="3 trainings of one round went wrong; lower the step size.*round 0, seed"):
        list(gan_rounds(images, RECIPE, alpha=0.75, rounds=1, seed=0))


# --- bad input


@pytest.mark.parametrize(
    "x, message",
    [
        ([np.zeros((1, 8, 8), np.uint8), np.zeros((1, 9, 9), np.uint8)], r"of one size; got \(1, 8, 8\) and"),
        (stripes() / 255, "must be uint8, 0..255; got float64"),
        (stripes()[0], "must have shape"),
        (np.zeros((5, 0, 8, 8), np.uint8), "must have shape"),
        ([], "must have shape"),
        (np.concatenate([stripes(), stripes() // 200]), "must use the range 0..255; in .* of 120 .* is 1 or less"),
        (np.concatenate([stripes(), stripes() // 15]), "must use the range 0..255; in 60 of 120 .* is 15 or less"),
    ],
)
def test_images_of_different_sizes_or_ranges_are_refused(x, message):
    with pytest.raises(InputError, match=message):
        Images(x)


def test_a_list_of_images_and_a_few_dark_ones_are_taken():
    x = stripes(200)
    x[0] = 0
    assert len(Images(list(x))) == 200


@pytest.mark.parametrize(
    "choices, message",
    [
        ({"alpha": 0.2}, "at least one batch of 16 images must be kept; got 12 of 60"),
        ({"alpha": 1.2}, "alpha must lie in"),
        ({"rounds": 0}, "rounds must be"),
        ({"kept": [np.ones(3, bool)]}, "mask of the 60 samples"),
        ({"recipe": replace(RECIPE, batch_size=64)}, "at least one batch of 64 images must be kept; got 45"),
        ({"recipe": replace(RECIPE, loss="magic")}, "loss must be one of gan, hinge"),
        ({"recipe": replace(RECIPE, steps=0)}, "steps must be"),
        ({"recipe": replace(RECIPE, step_size=-1e-3)}, "step_size must be a positive number; got -0.001"),
        ({"recipe": replace(RECIPE, step_size="small")}, "step_size must be a positive number; got 'small'"),
        ({"recipe": replace(RECIPE, momentum=1.0)}, r"momentum must lie in \[0, 1\); got 1.0"),
        ({"seed": -1}, "seed must be a whole number of at least 0; got -1"),
        ({"images": Images(np.zeros((60, 1, 9, 9), np.uint8))}, "must be halved"),
    ],
)
def test_bad_input_is_told_before_any_training(images, monkeypatch, choices, message):
    monkeypatch.setattr(gan_module, "train_gan", None)
    choices = {"images": images, "recipe": RECIPE, "alpha": 0.75, "rounds": 2, "seed": 0, **choices}
    with pytest.raises(InputError, match=message):
        list(gan_rounds(**choices))


def test_a_mask_of_another_kind_is_refused(images):
    for kept in (np.ones(5, bool), np.arange(len(images))):
        with pytest.raises(InputError, match="must mark each of the 60 images"):
            train_gan(images, kept, RECIPE, seed=0)


# --- quality


def test_frechet_distance_of_normal_distributions():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(200_000, 2))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    shifted = rng.normal(size=(200_000, 2)) * [1, 3] + [2, 0]
    assert frechet_distance(a, shifted) == pytest.approx(2**2 + (3 - 1) ** 2, rel=0.01)


def test_frechet_distance_is_that_of_the_matrix_square_root():
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(90, 4)) @ rng.normal(size=(4, 4)), rng.normal(size=(70, 4)) @ rng.normal(size=(4, 4))
    first, second = np.cov(a.T), np.cov(b.T)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet_distance(a, b) == pytest.approx(expected)
    assert frechet_distance(b, a) == pytest.approx(expected)


def test_frechet_distance_needs_features_of_one_width():
    for a, b in ((np.ones((5, 2)), np.ones((5, 3))), (np.ones((1, 2)), np.ones((5, 2))), (np.ones(4), np.ones(4))):
        with pytest.raises(InputError, match="features must be"):
            frechet_distance(a, b)


def test_a_judge_tells_the_clean_kind_and_measures_from_it():
    x, level = stripes(400), np.arange(400) % 4 == 0
    clean, bad = x[~level], x[level]
    judge = Judge(clean[:200], np.arange(200) % 2, 2, bad[:60], steps=60)
    assert judge.clean_like(bad[60:]) == 0.0
    one_kind = Judge(clean[:200], np.zeros(200, int), 1, bad[:60], steps=60)
    assert one_kind.clean_like(clean[200:]) > 95 and one_kind.clean_like(bad[60:]) < 5
    assert one_kind.distance(clean[200:]) < 0.2 * one_kind.distance(bad[60:])


@pytest.mark.gpu
@pytest.mark.parametrize("choices", [{}, {"bfloat16": True}, {"compiled": True}])
def test_on_a_gpu_networks_and_scores_stay_there(choices):
    images, recipe = Images(stripes(), "cuda"), replace(RECIPE, **choices)
    for step in gan_rounds(images, recipe, alpha=0.75, rounds=2, seed=0):
        assert step.losses.device.type == step.kept.device.type == "cuda" and torch.isfinite(step.losses).all()
    assert generate(step.state.gan, draw_latents(3, recipe, seed=0, device="cuda")).device.type == "cuda"
