"""Choosing alpha, the share of samples to keep, where the clean share is not known: one function for every problem."""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.classes import as_labels, label_codes
from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.progress import progress
from itlm_kit.trajectories.did_it_train import diagnose_calls, warn_unless_trained
from itlm_kit.trajectories.logits import as_array, number_array
from itlm_kit.trimming import check_alpha, is_tensor

METHODS = ("cv", "mixture", "elbow", "agreement")
GRID = tuple(np.linspace(0.5, 1.0, 11).round(2).tolist())
# Gain in BIC per sample from which two components count. A fit with a small alpha parts even clean residuals a little,
# by up to 0.2 with few samples per feature; where a tenth or more are plainly bad, the gain is above 0.5.
DECISIVE = 0.3
SMALLEST = 5e-5  # variance of a component at least, as a share of that of all: the same choice in any unit
ROUNDING = 1e-9  # what differs by less, relative to the largest, is equal but for rounding


def choose_alpha(
    losses: ArrayLike | None = None,
    *,
    method: str = "cv",
    fit_and_score: Callable[[np.ndarray, np.ndarray, float], ArrayLike] | None = None,
    n: int | None = None,
    grid: Iterable[float] = GRID,
    folds: int = 5,
    splits: int | None = None,
    called: ArrayLike | None = None,
    given: ArrayLike | None = None,
    agrees: ArrayLike | None = None,
    seed: int = 0,
) -> float:
    """Choose the share of samples to keep, in (0, 1], without knowing which are clean.

    "cv": needs fit_and_score(train, held_out, alpha) -> held-out losses (m,), which trains with alpha on the samples
    `train` (indices into n) and scores `held_out`. Bad samples are held out as well, so each fold is judged by its
    smallest losses alone, the share grid[0] of them (all candidates trust that many); of the candidates within one
    standard error of the best, the largest wins: too small an alpha wastes clean samples and looks the same. That lies
    above the clean share: in regression 5 points in the median, and at most 10 in 317 of 320 draws (n = 1000, d = 20
    and 100, 60 to 90 % clean). Where bad samples must stay out, as section 6.2 has it, take 0.1 off. Where a fit is
    dear, splits=1 holds out one fold alone; then the best wins.
    "mixture", "elbow": need losses (n,) >= 0 under a model fitted with a small alpha, and read their fourth roots,
    nearly normal for squared residuals. "mixture" is the share that the lower of two normal components claims, 1 where
    two describe the losses hardly better than one; "elbow" the share before the sorted curve turns up, where it is
    farthest below its chord, 1 where it never is below.
    "agreement", for classes: needs called and given (n,), what a model fitted to all samples but a few, this among
    them, calls it (`out_of_sample`), and its label, right or wrong; the share that agrees. A model that errs on a share
    e of the samples agrees with 1 - e of the clean ones and few of the bad: that is a little below the clean share,
    where alpha should be. A model that did not train is refused (`diagnose_calls`); in the place of both, agrees (n,)
    bool, whether they are equal, cannot tell.
    Raises InputError for arguments missing or out of range. Section 6.2 names cross-validation for this.
    """
    check_choice("method", method, METHODS)
    if method == "cv":
        return _one_error_rule(*cv_scores(fit_and_score, n=n, grid=grid, folds=folds, splits=splits, seed=seed))
    if method == "agreement":
        return float(_check_agrees(_agrees(called, given, agrees)).mean())
    roots = _check_losses(losses) ** 0.25
    return _lower_share(roots, seed) if method == "mixture" else _share_before_elbow(roots)


def cv_scores(
    fit_and_score: Callable[[np.ndarray, np.ndarray, float], ArrayLike],
    *,
    n: int,
    grid: Iterable[float] = GRID,
    folds: int = 5,
    splits: int | None = None,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return grid (g,) in rising order and scores (splits, g): mean of the smallest held-out losses of each fold."""
    if not callable(fit_and_score):
        raise InputError("fit_and_score must be a function (train, held_out, alpha) -> losses; method 'cv' needs it.")
    folds = check_integer("folds", folds, low=2, remedy="It is the number of parts.")
    n = check_integer("n", n, low=folds, remedy="It is the number of samples; every fold needs one.")
    splits = folds if splits is None else check_integer("splits", splits, remedy="It is how many folds to hold out.")
    if splits > folds:
        raise InputError(f"splits must be at most the {folds} folds; got {splits}. Each is held out once.")
    grid = _check_grid(grid)
    rng = np.random.default_rng(check_integer("seed", seed, low=0, remedy="It fixes the folds."))
    parts = np.array_split(rng.permutation(n), folds)
    scores = np.empty((splits, grid.size))
    for i, held_out in enumerate(parts[:splits]):
        train = np.sort(np.concatenate(parts[:i] + parts[i + 1 :]))
        for j, alpha in enumerate(grid):
            scores[i, j] = _smallest_mean(fit_and_score(train, held_out, float(alpha)), grid[0], held_out)
    return grid, scores


def out_of_sample(
    fit: Callable[[np.ndarray], Callable[[np.ndarray], Any]],
    labels: ArrayLike | None = None,
    *,
    n: int | None = None,
    folds: int = 5,
    seed: int,
) -> Any:
    """What models say of samples that they were not fitted to, one model for each fold, in the order of the samples.

    fit(train) -> predict, and predict(held_out) -> an array or tensor (m, ...); train and held_out are rising indices
    into the samples. labels: (n,) given classes, numbers or text, right or wrong: each is dealt out evenly to the folds
    that `seed` draws. n: how many samples there are, where they have no classes. Returns (n, ...), tensors without
    their graph; so `out_of_sample(fit, y, seed=0)` is what `choose_alpha` reads as called by "agreement". Warns where a
    class has fewer samples than there are folds, and (DidNotTrain) where labels are predicted that tell of models, or
    of one, that did not train (`diagnose_calls`). Raises InputError for labels missing, folds outside 2..n, and a
    predict that does not return one row per sample, all of one shape.
    """
    codes, classes = _classes(labels, n)
    fold = _deal(codes, classes, folds=folds, seed=seed)
    answers = []
    for i in progress(range(folds), words="out of sample"):
        answers.append(_answer(fit(np.flatnonzero(fold != i)), np.flatnonzero(fold == i), answers))
    order = np.argsort(fold, kind="stable")  # the samples, as the answers come
    found = _joined(answers)[np.argsort(order)]
    if _are_labels(found, labels):
        warn_unless_trained(diagnose_calls(found, labels, fold=fold), "The prediction out of sample")
    return found


def check_folds(folds: int, n: int) -> int:
    """Return `folds`, the number of parts of n samples, as an int; raise InputError for what is not in 2..n."""
    folds = check_integer("folds", folds, low=2, remedy="It is the number of parts.")
    if folds > n:
        raise InputError(f"folds must be at most the {n} samples; got {folds}. Every part needs one.")
    return folds


def _classes(labels, n):
    if labels is not None:
        return label_codes(labels, n)
    n = check_integer("n", n, remedy="It is the number of samples; pass their labels instead where they have classes.")
    return np.zeros(n, int), np.zeros(1, int)


def _deal(codes, classes, *, folds, seed):
    """The fold of each sample, (n,): the samples shuffled, and dealt out class by class."""
    n = len(codes)
    folds = check_folds(folds, n)
    rng = np.random.default_rng(check_integer("seed", seed, low=0, remedy="It fixes the folds."))
    _warn_of_rare(np.bincount(codes), classes, folds)
    shuffled, fold = rng.permutation(n), np.empty(n, int)
    fold[shuffled[np.argsort(codes[shuffled], kind="stable")]] = np.arange(n) % folds
    return fold


def _warn_of_rare(counts, classes, folds):
    least = counts.min()
    if least < folds:
        which = f"{(counts < folds).sum()} of {len(counts)}; {classes[counts.argmin()]} has {least}"
        remedy = f"Use folds={least}" if least > 1 else "Its judge has seen none of that class: merge it with another"
        message = f"classes with fewer samples than the {folds} folds: {which}. {remedy}, or add some."
        warnings.warn(message, stacklevel=4)


def _answer(predict, held_out, before):
    if not callable(predict):
        raise InputError(f"fit must return a function, indices -> what is predicted for them; got {predict!r}.")
    answer = predict(held_out)
    answer = answer.detach() if is_tensor(answer) else np.asarray(answer)
    if answer.shape[:1] != held_out.shape:
        rows = f"a row for each of the {held_out.size} indices"
        raise InputError(f"predict must return {rows}; got shape {tuple(answer.shape)}. Predict for those alone.")
    if before and answer.shape[1:] != before[0].shape[1:]:
        raise InputError(
            f"predict must return rows of one shape; got {tuple(answer.shape[1:])} after {tuple(before[0].shape[1:])}. "
            "A model fitted to fewer classes has fewer columns: give it all of them."
        )
    return answer


def _joined(answers):
    if not is_tensor(answers[0]):
        return np.concatenate(answers)
    import torch

    return torch.cat(answers)


def _are_labels(found, labels):
    """Whether what is predicted are labels of the given kind, not scores or the like."""
    if labels is None or found.ndim != 1:
        return False
    found, labels = as_array(found), as_array(labels)
    return found.dtype.kind == labels.dtype.kind and np.isin(found, labels).all()


def _check_grid(grid):
    alphas = np.array(sorted(check_alpha(alpha) for alpha in grid)) if np.iterable(grid) else np.empty(0)
    if not alphas.size:
        raise InputError(f"grid must hold at least one alpha, as {GRID[::5]} does; got {grid!r}.")
    return alphas


def _smallest_mean(losses, share, held_out):
    losses = number_array(losses, "what fit_and_score returns").astype(float)
    if losses.shape != held_out.shape or np.isnan(losses).any():
        found = f"{np.isnan(losses).sum()} NaN in shape {losses.shape}"
        raise InputError(f"fit_and_score must return {held_out.size} losses, none NaN; got {found}.")
    return np.sort(losses)[: max(1, int(share * losses.size + 1e-9))].mean()  # 0.29 of 100 means 29, as in num_kept


def _one_error_rule(grid, scores):
    mean = scores.mean(0)
    best = mean.argmin()
    if not np.isfinite(mean[best]):
        raise InputError(f"fit_and_score must return finite losses for some alpha; none of {grid.tolist()} has them.")
    error = scores[:, best].std(ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else 0
    return float(grid[mean <= mean[best] + error].max())


def _lower_share(values, seed):
    from sklearn.mixture import GaussianMixture  # here, so that `import itlm_kit` stays light

    if _all_equal(values):
        return 1.0
    values, least = values[:, None], SMALLEST * values.var()
    one, two = (GaussianMixture(m, reg_covar=least, random_state=seed).fit(values) for m in (1, 2))
    if one.bic(values) - two.bic(values) < DECISIVE * len(values):
        return 1.0
    return float((two.predict(values) == two.means_.argmin()).mean())


def _share_before_elbow(values):
    if _all_equal(values):
        return 1.0
    values, n = np.sort(values), len(values)
    below_chord = np.arange(n) / (n - 1) - (values - values[0]) / np.ptp(values)
    at = below_chord.argmax()
    return float((at + 1) / n) if below_chord[at] > ROUNDING else 1.0  # a straight line or an arch has no elbow


def _all_equal(values):
    return np.ptp(values) <= ROUNDING * values.max()


def _agrees(called, given, agrees):
    if called is None and given is None:
        return agrees
    if agrees is not None:
        raise InputError("agrees takes the place of called and given; got all of them. Leave it out: they tell more.")
    called, given = as_labels(called, "called"), as_labels(given, "given")
    found = diagnose_calls(called, given)
    if not found.ok:
        raise InputError(f"a model must have trained before it can say how much to keep. {found}")
    return called == given


def _check_agrees(agrees):
    agrees = as_array(agrees if agrees is not None else [])
    if agrees.ndim != 1 or agrees.dtype != bool or not agrees.any():
        raise InputError(
            f"agrees must be a row of bool with a True in it; got {agrees.dtype} of shape {agrees.shape}. Method "
            "'agreement' reads it, or better called=cross_val_predict(model, x, y), given=y."
        )
    return agrees


def _check_losses(losses):
    losses = number_array(losses if losses is not None else [], "losses").astype(float)
    if losses.ndim != 1 or losses.size < 2:
        raise InputError(f"losses must be a row of at least two; got shape {losses.shape}. This method reads them.")
    if not (np.isfinite(losses) & (losses >= 0)).all():
        raise InputError("losses must be finite and at least 0, for their fourth roots; some are not. Drop them first.")
    return losses
