"""What a network's losses tell of each sample, epoch by epoch: section 1 of the paper on any recording, as sliders."""

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.explorers.base import Explorer
from itlm_kit.explorers.controls import choice, slider
from itlm_kit.plots import trajectories
from itlm_kit.trimming import num_kept, trim

_BINS = 40
_SAMPLES = 25  # lines of single samples in each group


class TrajectoryExplorer(Explorer):
    """Per-sample losses by epoch, and what trimming by one epoch's losses would keep.

    losses: a TrajectoryRecorder, or an array (epochs, n), NaN for a sample not seen; epochs without any are left out.
    is_clean: (n,) bool where the truth is known. source: what was trained on what. values: where the controls start:
    epoch (from 1), alpha, show ("bands": median and 10 to 90 %; "samples": some of them). Raises InputError for
    shapes that do not match or losses never recorded. Figure 1.
    """

    view = trajectories

    def __init__(self, losses, is_clean=None, *, source="", **values):
        self._losses = _check_losses(getattr(losses, "losses", losses))
        self._groups = _groups(is_clean, self._losses.shape[1])
        self._source = source
        self._bands = {role: _bands(self._losses, members) for role, members in self._groups.items()}
        self._edges = np.linspace(0, _top(self._losses), _BINS + 1)
        controls = {
            "epoch": slider("epoch", 1, 1, len(self._losses), 1),
            "alpha": slider("share kept α", 0.75, 0.05, 1.0, 0.01),
            "show": choice("show", "bands", ("bands", "samples")),
        }
        super().__init__(controls, values)

    def scene(self, *, epoch, alpha, show):
        losses = np.asarray(self._losses[epoch - 1], float)
        seen = np.flatnonzero(~np.isnan(losses))
        kept = seen[trim(losses[seen], num_kept(alpha, len(seen)))]
        groups = tuple(self._group(role, losses) for role in self._groups)
        words, short = self._in_words(epoch, alpha, kept, seen, losses[kept].max())
        epochs = np.arange(1, len(self._losses) + 1)
        cut = min(losses[kept].max(), self._edges[-1])
        return trajectories.Trajectories(groups, epochs, epoch, cut, self._edges, show, short, self._source, words)

    def _group(self, role, losses):
        (low, middle, high), members = self._bands[role], self._groups[role]
        inside = np.clip(losses[members], *self._edges[[0, -1]])  # the last bin holds all that is beyond
        counts = np.histogram(inside[~np.isnan(inside)], self._edges)[0]
        few = members[np.linspace(0, len(members) - 1, min(_SAMPLES, len(members))).astype(int)]
        return trajectories.Group(role, low, middle, high, np.asarray(self._losses[:, few]).T, counts)

    def _in_words(self, epoch, alpha, kept, seen, cut):
        words = f"Epoch {epoch}: trimming keeps the {len(kept):,} smallest of {len(seen):,} losses (α = {alpha:.2f}), "
        words += f"those up to {cut:.3g}."
        if "all" in self._groups:
            return words, f"{len(kept):,} of {len(seen):,} kept"
        clean, before = (100 * np.isin(some, self._groups["clean"]).mean() for some in (kept, seen))
        words += f" {clean:.1f} % of them are clean; of all samples {before:.1f} % are."
        return words, f"{clean:.1f} % of the kept are clean"


def _check_losses(losses):
    losses = np.asarray(losses)
    if losses.ndim != 2 or 0 in losses.shape:
        raise InputError(f"losses must have shape (epochs, n); got {losses.shape}. Record with a TrajectoryRecorder.")
    recorded = np.array([not np.isnan(row).all() for row in losses])
    if not recorded.any():
        raise InputError("losses must hold at least one recorded epoch; all are NaN. Train with the recorder first.")
    return losses if recorded.all() else losses[recorded]


def _groups(is_clean, n):
    """Role -> indices of its samples; roles without samples are left out."""
    if is_clean is None:
        return {"all": np.arange(n)}
    is_clean = np.asarray(is_clean)
    if is_clean.shape != (n,) or is_clean.dtype != bool:
        raise InputError(f"is_clean must be bool of shape {(n,)}; got {is_clean.dtype} of shape {is_clean.shape}.")
    groups = {"clean": np.flatnonzero(is_clean), "bad": np.flatnonzero(~is_clean)}
    return {role: members for role, members in groups.items() if len(members)}


def _bands(losses, members):
    """10 %, 50 % and 90 % quantiles by epoch, (3, epochs); row by row, for recordings larger than memory."""
    rows = (row[members] for row in losses)
    return np.array([_quantiles(row[~np.isnan(row)]) for row in rows]).T


def _quantiles(values):
    return np.quantile(values, [0.1, 0.5, 0.9]) if len(values) else np.full(3, np.nan)


def _top(losses):
    """Where the loss axis ends: few losses of any epoch are beyond."""
    return float(max(np.nanquantile(np.asarray(row, float), 0.995) for row in losses)) or 1.0
