"""Exercises of notebook 06: the loss that images are ranked by, and the accuracy of a discriminator."""

import numpy as np

from itlm_kit.course.checks import Exercise


def _real_loss(f):
    return np.logaddexp(0, -f)


def _d(f):
    return 1 / (1 + np.exp(-f))


def _log_of_f(f):
    with np.errstate(invalid="ignore"):  # of negative outputs
        return -np.log(f)


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
        truth=_real_loss,
        mistakes=(
            (
                "That is -log(1 - D), the loss of generated images; the sign of f is the other one.",
                lambda f: np.logaddexp(0, f),
            ),
            ("That is log D; a loss is small for what looks real, so put a minus before it.", lambda f: -_real_loss(f)),
            ("That is D; the loss is minus its logarithm.", _d),
            ("That is 1 - D; the loss is minus the logarithm of D.", lambda f: 1 - _d(f)),
            ("That is the mean; asked for is one loss per image.", lambda f: _real_loss(f).mean()),
            ("That is the logarithm to base 2; take the natural one.", lambda f: _real_loss(f) / np.log(2)),
            ("It takes f for D; D is the sigmoid of f.", _log_of_f),
        ),
        cases=(
            (np.array([-2.0, 0.0, 3.0]),),
            (np.random.default_rng(0).normal(0, 3, 20),),
            (np.array([-12.0, 0.5, 12.0]),),
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
}
