"""A table with a class for each row: which of them models that have not seen the row would give another."""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline

from itlm_kit.choosing import choose_alpha
from itlm_kit.classes import Classes
from itlm_kit.errors import InputError
from itlm_kit.examine.columns import TableColumns
from itlm_kit.examine.judges import Verdict, held_out_logits, in_words, passed_over
from itlm_kit.examine.report import GIVEN
from itlm_kit.names import listed, percent, readable
from itlm_kit.trajectories import TrajectoryRecorder, rank_suspects
from itlm_kit.trajectories.did_it_train import DidNotTrain, diagnose_calls
from itlm_kit.trajectories.known_as import KnownAs, keep_known_as

if TYPE_CHECKING:
    from pandas import Index


def judged_classes(
    x: Any,
    labels: np.ndarray,
    names: "Index | None",
    *,
    model: BaseEstimator | None,
    alpha: float | None,
    folds: int,
    seed: int,
) -> Verdict:
    """Rank rows by the margin of their labels (n,) under models that have not seen them, as of `held_out_logits`.

    names: (n,), what the user calls the rows. model None: randomised trees on `TableColumns`. alpha None: the share of
    rows that those models call by their labels.
    """
    judge = _trees(seed) if model is None else model
    outputs = held_out_logits(judge, x, labels, folds=folds, seed=seed)
    classes = Classes.of(labels)
    numbers, called = classes.encode(labels), outputs.argmax(1)
    cautions = _check_learnt(classes.named(called), classes.named(numbers))
    ranked = _ranked(outputs, numbers, classes, names, is_sure=hasattr(judge, "predict_proba"))
    name = "randomised trees" if model is None else in_words(model)
    passed = passed_over(TableColumns().fit(x).passed_over_) if model is None else ""
    how = f"{name}, each row by one of {folds} that have not seen it{passed}"
    if alpha is not None:
        return Verdict(ranked, alpha, GIVEN, how, cautions)
    alpha = choose_alpha(method="agreement", agrees=called == numbers)
    return Verdict(ranked, alpha, "how often models that had not seen a row agree with its label", how, cautions)


def _check_learnt(called, given):
    """Cautions about classes that are never called; raises InputError where the calls know nothing of the labels."""
    found = diagnose_calls(called, given)
    never = np.setdiff1d(given, called)
    if found.agreement <= found.largest_share or not (found.ok or never.size):
        agreement, largest = (percent(share) for share in (found.agreement, found.largest_share))
        raise InputError(
            f"x must tell the classes apart; models that had not seen a row agree with {agreement} of the labels, and "
            f"the largest class alone has {largest}. Add columns that tell, or pass a model of yours."
        )
    if not never.size:
        return ()
    return (
        f"Never called by models that had not seen the row: {listed(never)}. All rows of such a class are suspects, "
        'wrong or not: groups="class" keeps the same share of each.',
    )


def _trees(seed):
    """What found most of the wrong labels in tables of several kinds, and hardly learns them by heart."""
    trees = ExtraTreesClassifier(min_samples_leaf=5, max_features=0.5, random_state=seed)
    return make_pipeline(TableColumns(), trees)


def _ranked(outputs, numbers, classes, names, *, is_sure):
    recorder = TrajectoryRecorder(len(numbers), 1, measured="after")
    recorder.record_logits(0, np.arange(len(numbers)), outputs, numbers)
    keep_known_as(recorder, KnownAs(classes, names))
    with warnings.catch_warnings(action="ignore", category=DidNotTrain):  # said above, in words for tables
        ranked = rank_suspects(recorder, by="aum").loc[:, :"why"]
    why = _reasons(outputs, numbers, classes.named(range(len(classes))), is_sure=is_sure)
    return ranked.assign(why=[why[i] for i in ranked["index"]])


def _reasons(outputs, numbers, names, *, is_sure):
    """In words; probabilities where the model has such."""
    shares = softmax(outputs, axis=1)

    def say(share, c):
        return f"{readable(names[c])} ({share[c]:.2f})" if is_sure else readable(names[c])

    words = (
        f"given {say(share, given)}, called {say(share, called) if given != called else 'the same'}"
        for share, given, called in zip(shares, numbers, outputs.argmax(1), strict=True)
    )
    return [f"{said} by a model that had not seen it" for said in words]
