"""Did it train? What calls and losses say of a model, before anything is ranked or dropped by it."""

import warnings
from dataclasses import dataclass, replace
from itertools import repeat
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.classes import Classes, as_column, as_labels, missing_labels
from itlm_kit.errors import InputError, check_integer
from itlm_kit.names import listed, percent
from itlm_kit.trajectories.known_as import known_as
from itlm_kit.trajectories.logits import number_array
from itlm_kit.trajectories.scores import mean_loss

LEVEL = 0.01  # of the tests, one-sided
FEW = 7  # fewer than these may all go one way by chance, at even odds: 0.5 ** 7 < LEVEL
RARE = 0.1  # of an even share: a class below it may go unnamed by a sound model
_SMALLER_STEP = "Lower the step size, say to a third"
_Z = NormalDist().inv_cdf(1 - LEVEL)


class DidNotTrain(UserWarning):
    """A model's calls and losses look as if it had not trained: what is ranked or chosen by them says little.

    found: the Diagnosis.
    """

    def __init__(self, said: str, found: "Diagnosis"):
        super().__init__(said)
        self.found = found


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a model's training, as sentences that end with the remedy, and what they rest on.

    What cannot be known is None: agreement (share of samples called by their given label), largest_share (of a class
    among the given labels), classes_named, classes (how many are given).
    """

    faults: tuple[str, ...] = ()
    agreement: float | None = None
    largest_share: float | None = None
    classes_named: int | None = None
    classes: int | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is found wrong; too little may be known for it."""
        return not self.faults

    def __str__(self):
        return " ".join(self.faults) or self.rests_on

    @property
    def rests_on(self) -> str:
        """What is known of the training, in a sentence that judges nothing."""
        if self.largest_share is None:
            return "Nothing looks wrong with the training, but calls or given labels are not known, which tell most."
        agrees = f"It agrees with {_percent(self.agreement)} of the given labels"
        named = f", and names {self.classes_named} of {self.classes} classes" if self.classes_named else ""
        return f"{agrees}, where the largest class has {_percent(self.largest_share)}{named}."


def diagnose(
    recording: Any, *, epochs: int | None = None, given: ArrayLike | None = None, classes: Classes | None = None
) -> Diagnosis:
    """Say whether a recorded model trained: by its calls in the last epochs and by its losses over all of them.

    recording: a TrajectoryRecorder, or bare losses (n,) or (epochs, n), NaN for not seen. epochs: how many of the first
    epochs count (None: all). given: (n,) class numbers where the recording has none. classes: for their names (None:
    those that the recording knows). Returns a Diagnosis. Its faults are those of `diagnose_calls` for the last third of
    the epochs, two at least: a class counts as named that is named in half of them, agreement is the mean over them.
    Where only correctness was recorded there is no kappa. And one more:
    - losses do not fall: of the samples seen in the first and in the last third of the epochs, at least 7, neither the
      mean nor the median loss is lower in the last. That is no fault where nothing was left to learn: all losses are 0,
      or the calls have no fault and agreement has not fallen by more than chance (1 %). A single epoch cannot tell.
    Raises InputError as `rank_suspects`.
    """
    epochs = None if epochs is None else check_integer("epochs", epochs)
    losses = np.atleast_2d(number_array(getattr(recording, "losses", recording), "losses"))[:epochs]
    n_epochs, third = len(losses), max(1, len(losses) // 3)
    last = slice(max(0, n_epochs - max(third, 2)), n_epochs)
    found = _of_recorded_calls(recording, last, given, classes or known_as(recording).classes)
    early, late = slice(third), slice(n_epochs - third, n_epochs)
    fault = _rising(losses[early], losses[late]) if n_epochs > 1 else None
    if fault is None or (_is_known_good(found) and not _is_lower(recording.correct[late], recording.correct[early])):
        return found
    return replace(found, faults=(*found.faults, fault))


def diagnose_calls(called: ArrayLike, given: ArrayLike, *, fold: ArrayLike | None = None) -> Diagnosis:
    """Say whether a model trained by what it calls samples, out of sample or not; returns a Diagnosis.

    called, given: (n,) labels of one kind, numbers or text; pairs with a missing one are left out. fold: (n,) which
    model called it, where there are several, as in cross-validation. Its faults:
    - fewer classes named than there are: a class of at least 7 samples, and of a tenth of an even share, is never
      called. Rarer ones a sound model may miss.
    - agreement no better than the largest class's share, which calling all samples by that class would reach, or no
      better than chance: Cohen's kappa is not above 0 (1 %, one-sided; Fleiss, Cohen & Everitt 1969). Not judged where
      even full agreement could be chance, share ** n > 1 %.
    - a model that is dead among others: a fold where fewer classes are named, by the first rule, and agreement is lower
      than in the best fold by more than chance (1 %).
    Raises InputError for another length, and for labels of several kinds.
    """
    called, given = as_column(called, "called"), as_column(given, "given")
    fold = np.zeros(len(given)) if fold is None else as_column(fold, "fold")
    if not len(called) == len(given) == len(fold):
        sizes = f"{len(called)}, {len(given)} and {len(fold)}"
        raise InputError(f"called, given and fold must have one value per sample; got {sizes} of them.")
    known = ~(missing_labels(called) | missing_labels(given))
    called, given = as_labels(called[known], "called"), as_labels(given[known], "given")
    as_labels(np.concatenate([called.astype(object), given.astype(object)]), "called and given")  # 1 is not "1"
    correct = (called == given).astype(float)
    found = _diagnose_rows([(correct, called)], given)
    dead = _dead_folds(called, given, correct, fold[known])
    return replace(found, faults=(*found.faults, dead)) if dead else found


def warn_unless_trained(found: Diagnosis, what: str) -> None:
    """Warn (DidNotTrain) of the faults in a Diagnosis, at the line that called the caller: `what` says little."""
    if found.faults:
        said = f"{what} says little: the model may not have trained. {found}"
        warnings.warn(DidNotTrain(said, found), stacklevel=3)


def _of_recorded_calls(recording, last, given, classes):
    if not hasattr(recording, "has") or not recording.has("correct"):
        return Diagnosis()
    given = np.asarray(recording.given if given is None else given, float)
    called = recording.called[last] if recording.has("called") else repeat(None)
    in_words = (lambda numbers: numbers.astype(int)) if classes is None else classes.named
    return _diagnose_rows(zip(recording.correct[last], called, strict=False), given, in_words)


def _diagnose_rows(rows, given, in_words=np.asarray):
    """rows: of each epoch correct (n,), NaN for not seen, and called (n,) or None. in_words: names of such labels."""
    known = ~missing_labels(given)
    kinds, codes = np.unique(given[known], return_inverse=True)
    agreed, seen, calls = 0, np.zeros(len(codes), int), []
    for correct, called in rows:
        agreed, seen = agreed + (correct[known] == 1), seen + ~np.isnan(correct[known])
        calls += [] if called is None else [_counts(called[known], kinds)]
    if not seen.any():
        return Diagnosis()
    sizes, agreement = np.bincount(codes[seen > 0], minlength=len(kinds)), agreed.sum() / seen.sum()
    chance = _chance(sizes, sum(calls) / seen.sum()) if calls else 0
    names = np.asarray(in_words(kinds))
    faults = _unnamed(calls, sizes, names), _no_better(agreement, sizes, chance, names)
    named = _named(calls, sizes) if calls else None
    share = float(sizes.max() / sizes.sum())
    return Diagnosis(tuple(filter(None, faults)), float(agreement), share, named, int((sizes > 0).sum()))


def _counts(called, kinds):
    """How often each of the kinds is called, (kinds,)."""
    place = np.searchsorted(kinds, called).clip(max=len(kinds) - 1)
    return np.bincount(place[kinds[place] == called], minlength=len(kinds))


def _named(calls, sizes):
    """How many of the classes that there are a typical epoch names."""
    return int(np.median((np.array(calls)[:, sizes > 0] > 0).sum(1)))


def _missing(calls, sizes):
    """Mask of the classes, not too rare for it, that most epochs do not name."""
    least = max(FEW, RARE * sizes.sum() / np.count_nonzero(sizes))
    return ((np.array(calls) > 0).mean(0) < 0.5) & (sizes >= least)


def _unnamed(calls, sizes, names):
    if not calls or not (missing := _missing(calls, sizes)).any():
        return None
    where = "in most of the last epochs" if len(calls) > 1 else "in what it calls"
    return (
        f"It names {_named(calls, sizes)} of {np.count_nonzero(sizes)} classes; missing {where}: "
        f"{listed(names[missing])}. {_SMALLER_STEP}, and standardise the inputs."
    )


def _no_better(agreement, sizes, chance, names):
    share = sizes.max() / sizes.sum()
    if share ** sizes.sum() > LEVEL or agreement > max(share, chance):
        return None
    rest = f"to call all of them {listed([names[sizes.argmax()]])} would agree with {_percent(share)}"
    if agreement > share:
        rest = f"the same calls dealt out by chance may agree with {_percent(chance)}"
    return (
        f"It agrees with {_percent(agreement)} of the given labels; {rest}. Train longer, or with another step size, "
        "and see that samples and labels are in the same order."
    )


def _chance(sizes, called):
    """The agreement that is passed once in a hundred by calls of these shares that know nothing of the labels."""
    given, n = sizes / sizes.sum(), sizes.sum()
    mean = (given * called).sum()
    variance = (mean + mean**2 - (given * called * (given + called)).sum()) / n
    return mean + _Z * np.sqrt(max(variance, 0))


def _dead_folds(called, given, correct, fold):
    parts = [fold == each for each in np.unique(fold)]
    best = max((correct[part] for part in parts), key=np.mean, default=None)
    dead = [part for part in parts if _misses(called[part], given[part]) and _is_lower(correct[part], best)]
    if not dead:
        return None
    shares = [_percent(part.mean()) for part in (correct[np.any(dead, axis=0)], best)]
    return (
        f"{len(dead)} of {len(parts)} models name fewer classes than there are and agree with {shares[0]} of the "
        f"labels, the best with {shares[1]}. {_SMALLER_STEP}, and standardise the inputs."
    )


def _misses(called, given):
    kinds, sizes = np.unique(given, return_counts=True)
    return _missing([_counts(called, kinds)], sizes).any()


def _rising(early, late):
    before, after = mean_loss(early), mean_loss(late)
    both = ~np.isnan(before + after)
    before, after = before[both], after[both]
    if both.sum() < FEW or not after.any() or any(mean(after) < mean(before) for mean in (np.mean, np.median)):
        return None
    first, last = np.median(before), np.median(after)
    return (
        f"Its losses do not fall: their median is {first:.3g} in the first third of the epochs and {last:.3g} in the "
        f"last. {_SMALLER_STEP}, and record from the first epoch on."
    )


def _is_known_good(found):
    return found.ok and found.largest_share is not None


def _is_lower(low, high):
    """Whether a smaller share is right in `low` than in `high`, each (..., n) of 0, 1 and NaN, by more than chance."""
    p, q = (np.nanmean(part, dtype=float) for part in (low, high))
    return q - p > _Z * np.sqrt(p * (1 - p) / low.shape[-1] + q * (1 - q) / high.shape[-1])


def _percent(share):
    return percent(share, ".3g")  # what is no better than chance lies close to it
