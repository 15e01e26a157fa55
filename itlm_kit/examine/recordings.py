"""The recording of anyone's own training loop in; an Examination out."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from itlm_kit.choosing import choose_alpha
from itlm_kit.classes import Classes
from itlm_kit.errors import InputError
from itlm_kit.examine.examination import Examination
from itlm_kit.examine.examining import examined, groups_of, refused_unless_trained
from itlm_kit.examine.report import GIVEN
from itlm_kit.names import counted
from itlm_kit.trajectories import SCORES, TrajectoryRecorder, rank_suspects
from itlm_kit.trimming import check_alpha


def recording(
    recorder: TrajectoryRecorder,
    y: ArrayLike | None = None,
    *,
    called: ArrayLike | None = None,
    alpha: float | None = None,
    groups: Any = None,
    classes: Classes | Sequence[str] | Mapping[Any, str] | None = None,
    looks: Any = None,
) -> Examination:
    """Examine what a recorder has seen of anyone's training: samples by their mean margin, or else their mean loss.

    y: (n,) labels, where the recorder was not told them. called: (n,) what models that had not seen a sample call it,
    as `out_of_sample(fit, y, seed=0)` returns it; alpha, where it is not given, is how often they agree with y. Without
    both it is the share with the lower losses, where losses lie in two heaps. groups: (n,) labels, or "class", where
    that share of each group is to be kept. classes: as of `rank_suspects`. looks: what a page shows of each sample:
    images uint8 (n, c, h, w), or a frame with a row for each.
    Raises InputError for what `rank_suspects` and `choose_alpha` refuse, and where the training did not learn.
    """
    if not isinstance(recorder, TrajectoryRecorder):
        raise InputError(
            f"recorder must be a TrajectoryRecorder; got {type(recorder).__name__}. Others: rank_suspects."
        )
    by = "aum" if recorder.has("margin") else "mean_loss"
    with refused_unless_trained("samples"):
        ranked = rank_suspects(recorder, by=by, given=y, classes=classes)
    given = ranked.sort_values("index")["given"].to_numpy() if "given" in ranked else None
    groups = groups_of(groups, given, recorder.n)
    alpha, alpha_from = _alpha(recorder, given, called) if alpha is None else (check_alpha(alpha), GIVEN)
    return examined(
        ranked, alpha=alpha, alpha_from=alpha_from, groups=groups, source=f"a recording of {recorder.n:,} samples",
        how=f"{counted(recorder.epochs, 'epoch')} of your own training, by {by.replace('_', ' ')}",
        looks=looks, recorder=recorder,
    )  # fmt: skip


def _alpha(recorder, given, called):
    if called is None:
        alpha = choose_alpha(SCORES["mean_loss"](recorder), method="mixture")
        return alpha, "the share of samples in the lower heap of losses"
    if given is None:
        raise InputError("called needs labels to agree with; this recording has none. Pass y.")
    alpha = choose_alpha(method="agreement", called=called, given=given)
    return alpha, "how often models that had not seen a sample agree with its label"
