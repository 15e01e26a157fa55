"""From a ranked list and an alpha to an Examination: what the three ways in have in common."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError, check_choice
from itlm_kit.examine.examination import Examination
from itlm_kit.examine.report import Report
from itlm_kit.trimming import label_codes, num_kept, trim, trim_groups

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
    looks: Any = None,
    cautions: tuple[str, ...] = (),
    **files: Any,
) -> Examination:
    """The Examination of samples ranked by `rank_suspects`: the share alpha with the lowest scores is kept.

    groups: (n,) labels, where that share of each group is to be kept. A sample without a score, never seen in training,
    is kept: nothing speaks against it. Other arguments: as for Examination and Report.
    """
    order = ranked["index"].to_numpy()
    score = np.empty(len(order))
    score[order] = ranked["score"].fillna(-np.inf)
    kept = trim(score, num_kept(alpha, len(score))) if groups is None else trim_groups(score, alpha, groups)
    report = Report(source, how, alpha_from, n=len(kept), dropped=int((~kept).sum()), cautions=cautions)
    suspects = ranked.copy()
    suspects.insert(2, "kept", kept[order])
    return Examination(suspects, float(alpha), kept, report, looks, **files)


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
    return None if groups is None else label_codes(groups, n)[0]
