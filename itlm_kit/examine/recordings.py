"""The recording of anyone's own training loop in; an Examination out."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from itlm_kit.choosing import choose_alpha
from itlm_kit.classes import Classes
from itlm_kit.examine.examination import Examination
from itlm_kit.examine.examining import examined
from itlm_kit.names import counted
from itlm_kit.trajectories import SCORES, TrajectoryRecorder, rank_suspects


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
    by = "aum" if recorder.has("margin") else "mean_loss"
    ranked = rank_suspects(recorder, by=by, given=y, classes=classes)
    if alpha is not None:
        alpha_from = "as you gave it"
    elif called is not None:
        alpha = choose_alpha(method="agreement", called=called, given=y)
        alpha_from = "how often models that had not seen a sample agree with its label"
    else:
        alpha = choose_alpha(SCORES["mean_loss"](recorder), method="mixture")
        alpha_from = "the share of samples in the lower heap of losses"
    how = f"{counted(recorder.epochs, 'epoch')} of your own training, by {by.replace('_', ' ')}"
    source = f"a recording of {recorder.n:,} samples"
    return examined(ranked, alpha=alpha, alpha_from=alpha_from, source=source, how=how, groups=groups, looks=looks)
