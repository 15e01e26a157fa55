"""From a ranked list and an alpha to an Examination: what the three ways in have in common."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.classes import label_codes
from itlm_kit.errors import InputError, check_choice
from itlm_kit.examine.examination import Examination
from itlm_kit.examine.report import Report
from itlm_kit.trajectories import DidNotTrain, dropped_by_class, heavy_losses
from itlm_kit.trimming import num_kept, trim, trim_groups

if TYPE_CHECKING:
    from pandas import DataFrame


def examined(
    ranked: "DataFrame",
    *,
    alpha: float,
    alpha_from: str,
    source: str,
    how: str,
    groups: ArrayLike | None = None,
    cautions: tuple[str, ...] = (),
    **more: Any,
) -> Examination:
    """The Examination of samples ranked by `rank_suspects`: the share alpha with the lowest scores is kept.

    groups: (n,) labels, where that share of each group is to be kept. A sample without a score, never seen in training,
    is kept: nothing speaks against it. Other arguments, and more: as for Report and Examination.
    """
    order = ranked["index"].to_numpy()
    score = np.empty(len(order))
    score[order] = ranked["score"].fillna(-np.inf)
    kept = trim(score, num_kept(alpha, len(score))) if groups is None else trim_groups(score, alpha, groups)
    by_class = _by_class(ranked, kept[order])
    cautions = (*cautions, *([] if by_class is None else heavy_losses(by_class)))
    report = Report(source, how, alpha_from, len(kept), int((~kept).sum()), by_class, cautions)
    suspects = ranked.copy()
    suspects.insert(suspects.columns.get_loc("score") + 1, "kept", kept[order])
    return Examination(suspects, float(alpha), kept, report, **more)


def _by_class(ranked, kept):
    labels = ranked.get("given_name", ranked.get("given"))
    known = None if labels is None else labels.notna().to_numpy()
    return None if known is None or not known.any() else dropped_by_class(kept[known], labels[known])


@contextmanager
def refused_unless_trained(what: str, remedy: str | None = None) -> Iterator[None]:
    """Context: models that came to nothing (DidNotTrain) are an InputError, since their list would say nothing.

    remedy: where the training is ours, and its steps are not the user's to change; None: those that the warning has.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", DidNotTrain)
        try:
            yield
        except DidNotTrain as fault:
            why = fault if remedy is None else f"{fault.found.rests_on} {remedy}"
            raise InputError(f"{what} must be such that their classes can be learnt; they were not. {why}") from fault


def groups_of(groups: ArrayLike | str | None, labels: ArrayLike | None, n: int) -> ArrayLike | None:
    """The groups (n,) to trim within: of "class" the given labels; None where all samples are one.

    labels: (n,) given classes, None where there are none. Raises InputError for "class" without classes, another word,
    another number of groups than n, and for one missing.
    """
    if isinstance(groups, str):
        check_choice("groups", groups, ["class"])
        if labels is None:
            raise InputError('groups="class" needs classes; these samples have none. Pass a group for each sample.')
        return labels
    return None if groups is None else label_codes(groups, n, "groups")[0]
