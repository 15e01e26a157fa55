"""Exercises of notebook 06: the loss of a GAN, the accuracy of its discriminator, and whom the best one prefers."""

import numpy as np

from itlm_kit.course.checks import Exercise


def _equation_17(f, g):
    return -np.logaddexp(0, -f).mean() - np.logaddexp(0, g).mean()


def _by_d(f, g):
    d = [1 / (1 + np.exp(-values)) for values in (f, g)]
    return np.log(d[0]).mean() + np.log(1 - d[1]).mean()


def _d_of_kinds(tau, w):
    return tau / (tau + w), (1 - tau) / (1 - tau + 1 - w)


def _real(losses):
    return np.exp(-losses) > 0.5


def _shares(losses, is_clean):
    real = _real(losses)
    return real[is_clean].mean(), real[~is_clean].mean()


def _pile(seed, n=60):
    rng = np.random.default_rng(seed)
    is_clean = rng.random(n) < 0.7
    return rng.gamma(2, np.where(is_clean, 0.25, 0.5)), is_clean


EXERCISES = {
    1: Exercise(
        truth=_equation_17,
        mistakes=(
            (
                "Right on paper, but a computer takes 1 - D for 0, or e^800 for infinite: use np.logaddexp(0, ...).",
                _by_d,
            ),
            (
                "Those are sums; each half is a mean.",
                lambda f, g: -np.logaddexp(0, -f).sum() - np.logaddexp(0, g).sum(),
            ),
            (
                "That is the loss of the discriminator's training, the negative of equation (17).",
                lambda f, g: -_equation_17(f, g),
            ),
            (
                "The sign of f is the other one: D(s) is 1 / (1 + e^-f), and log D is wanted of the kept images.",
                lambda f, g: -np.logaddexp(0, f).mean() - np.logaddexp(0, g).mean(),
            ),
            (
                "Of generated images log(1 - D) is wanted, not log D.",
                lambda f, g: -np.logaddexp(0, -f).mean() - np.logaddexp(0, -g).mean(),
            ),
            ("Kept and generated images are mixed up.", lambda f, g: _equation_17(g, f)),
            ("The generated images are missing.", lambda f, g: -np.logaddexp(0, -f).mean()),
            ("The kept images are missing.", lambda f, g: -np.logaddexp(0, g).mean()),
            (
                "That is one mean over all images; each half has its own.",
                lambda f, g: -np.concatenate([np.logaddexp(0, -f), np.logaddexp(0, g)]).mean(),
            ),
            ("That is the logarithm to base 2; take the natural one.", lambda f, g: _equation_17(f, g) / np.log(2)),
            (
                "Asked for is one number, not one per image.",
                lambda f, g: -np.concatenate([np.logaddexp(0, -f), np.logaddexp(0, g)]),
            ),
        ),
        cases=(
            (np.array([-2.0, 0.0, 3.0]), np.array([1.0, -4.0])),
            (np.random.default_rng(0).normal(1, 3, 20), np.random.default_rng(1).normal(-1, 3, 30)),
            (np.array([-800.0, 0.5]), np.array([800.0, -1.0, 2.0])),
        ),
    ),
    2: Exercise(
        truth=_shares,
        mistakes=(
            (
                "D > 1/2 is not a loss below 1/2: the loss at D = 1/2 is -log(1/2) = 0.69.",
                lambda losses, is_clean: ((losses < 0.5)[is_clean].mean(), (losses < 0.5)[~is_clean].mean()),
            ),
            (
                "D is e^-loss. The sigmoid makes a D of an output f, not of a loss: here it is never above 1/2.",
                lambda losses, is_clean: (0.0, 0.0),
            ),
            ("A loss is never negative; that calls every image real.", lambda losses, is_clean: (1.0, 1.0)),
            (
                "Those are the shares taken for generated; a small loss means a large D.",
                lambda losses, is_clean: tuple(1 - share for share in _shares(losses, is_clean)),
            ),
            ("The clean images come first, then the bad.", lambda losses, is_clean: _shares(losses, is_clean)[::-1]),
            (
                "D > 1/2 counts for the bad images as well: nobody tells D which are bad.",
                lambda losses, is_clean: (_shares(losses, is_clean)[0], 1 - _shares(losses, is_clean)[1]),
            ),
            (
                "Divide by the number of each kind, not by n.",
                lambda losses, is_clean: ((_real(losses) & is_clean).mean(), (_real(losses) & ~is_clean).mean()),
            ),
            (
                "Those are the kinds among what is taken for real; asked for is the share of each kind.",
                lambda losses, is_clean: (is_clean[_real(losses)].mean(), 1 - is_clean[_real(losses)].mean()),
            ),
            (
                "Those are counts; divide by the number of each kind.",
                lambda losses, is_clean: (_real(losses)[is_clean].sum(), _real(losses)[~is_clean].sum()),
            ),
            (
                "Here a share lies between 0 and 1, not in percent.",
                lambda losses, is_clean: tuple(100 * share for share in _shares(losses, is_clean)),
            ),
            (
                "That is the mean of D in each kind; count how often D is above 1/2.",
                lambda losses, is_clean: (np.exp(-losses[is_clean]).mean(), np.exp(-losses[~is_clean]).mean()),
            ),
        ),
        cases=(
            (np.array([0.1, 0.6, 0.8, 0.65, 2.0]), np.array([True, True, True, False, False])),
            _pile(0),
            _pile(1),
        ),
    ),
    3: Exercise(
        truth=_d_of_kinds,
        mistakes=(
            ("The clean images come first, then the bad.", lambda tau, w: _d_of_kinds(tau, w)[::-1]),
            (
                "Those are 1 - D: in D the pile stands above the line.",
                lambda tau, w: tuple(1 - d for d in _d_of_kinds(tau, w)),
            ),
            (
                "The shares are missing: tau of the pile is clean, and w of what G makes. So p is tau times "
                "the density of clean images, q is w times.",
                lambda tau, w: (0.5, 0.5),
            ),
            ("The bad images have the shares 1 - tau and 1 - w.", lambda tau, w: (tau / (tau + w),) * 2),
            (
                "That is the ratio of pile to generated; D is the pile's part of both together.",
                lambda tau, w: (tau / w, (1 - tau) / (1 - w)),
            ),
            (
                "Nothing but the two kinds: for bad images the share in the pile is 1 - tau, not tau.",
                lambda tau, w: (tau / (tau + w), tau / (tau + 1 - w)),
            ),
            (
                "The two D need not add up to 1: they are probabilities for different images.",
                lambda tau, w: (tau / (tau + w), 1 - tau / (tau + w)),
            ),
            (
                "A generated image counts as much as a real one: half of what D sees is generated, whatever w is.",
                lambda tau, w: (tau, 1 - tau),
            ),
        ),
        cases=((0.7, 0.2), (0.6, 0.6), (0.3, 0.9)),
    ),
}
