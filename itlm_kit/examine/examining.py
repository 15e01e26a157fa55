"""From a ranked list and an alpha to an Examination: what the three ways in have in common."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.examine.examination import Examination
from itlm_kit.examine.report import Report
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
    looks: Any = None,
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
    report = Report(source, how, alpha_from, n=len(kept), dropped=int((~kept).sum()))
    suspects = ranked.copy()
    suspects.insert(2, "kept", kept[order])
    return Examination(suspects, float(alpha), kept, report, looks, **files)
