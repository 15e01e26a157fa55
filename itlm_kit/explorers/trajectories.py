"""What a network's losses tell of each sample, epoch by epoch: section 1 of the paper on any recording, as sliders."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.explorers.base import Explorer
from itlm_kit.explorers.controls import choice, number_box, slider
from itlm_kit.names import percent
from itlm_kit.plots import trajectories
from itlm_kit.plots.scores import TITLES
from itlm_kit.trajectories import SCORES, TrajectoryRecorder, recorded_scores
from itlm_kit.trajectories.logits import as_array
from itlm_kit.trajectories.separation import auc, roc
from itlm_kit.trimming import num_kept, trim

_BINS = 40
_SAMPLES = 25  # lines of single samples in each group
_POINTS = 200  # of a ROC curve, to be clicked


class TrajectoryExplorer(Explorer):
    """Per-sample losses by epoch, what trimming by a score would keep, and each sample's own line and image.

    losses: a TrajectoryRecorder, the folder of one, or an array (epochs, n), NaN for a sample not seen; epochs without
    any are left out. is_clean: (n,) bool where the truth is known. images: uint8 (n, h, w) or (n, 1 or 3, h, w);
    given, truth: (n,) labels, as trained on (None: as recorded) and true; they tell is_clean where it is not given.
    source: what was trained on what. values: where the controls start: epoch (from 1), alpha, score (a name in SCORES;
    it knows the epochs so far), show ("bands": median and 10 to 90 %; "samples": some of them), right ("histogram" of
    the score, or its "ROC"), sample. A sample is chosen by its number, with the arrow keys, or by a click on its line
    or its point of the ROC curve. Raises InputError for shapes that do not match or losses never recorded. Figure 1.
    """

    view = trajectories
    walks = "epoch"
    takes = "..."

    def __init__(self, losses, is_clean=None, *, images=None, given=None, truth=None, source="", **values):
        recording = TrajectoryRecorder.load(losses) if isinstance(losses, str | Path) else losses
        every = _check_losses(getattr(recording, "losses", recording))
        self._rows = np.array([t for t, row in enumerate(every) if not np.isnan(row).all()])
        self._losses = every if len(self._rows) == len(every) else every[self._rows]
        self._score = lru_cache(maxsize=16)(lambda name, rows: SCORES[name](recording, rows))
        self._about = _Samples(recording, self._losses.shape[1], is_clean, images, given, truth)
        self._source = source
        ends = _ends(self._losses)
        self._bands = {role: _bands(self._losses, members, ends) for role, members in self._about.groups.items()}
        self._edges = np.linspace(*ends, _BINS + 1)
        super().__init__(self._controls(recorded_scores(recording)), values)
        for trace in self.figure.data:
            if trace.customdata is not None:
                trace.on_click(self._choose)

    def _controls(self, scores):
        rights = ("histogram", "ROC") if self._about.is_clean is not None else ("histogram",)
        return {
            "epoch": slider("epoch", 1, 1, len(self._losses), 1),
            "alpha": slider("share kept α", 0.75, 0.05, 1.0, 0.01),
            "score": choice("score", "last_loss", tuple(scores)),
            "show": choice("left: show", "bands", ("bands", "samples")),
            "right": choice("right: show", "histogram", rights),
            "sample": number_box("sample", 0, self._losses.shape[1] - 1),
        }

    def most_telling(self):
        return {**super().most_telling(), **self._about.a_bad_one()}

    def scene(self, *, epoch, alpha, show, score="last_loss", right="histogram", sample=0):
        values = self._score(score, int(self._rows[epoch - 1]) + 1)
        seen = np.flatnonzero(~np.isnan(values))
        k = num_kept(max(alpha, 1 / len(seen)), len(seen))
        kept = seen[trim(values[seen], k)]
        cut, by_loss = values[kept].max(), score == "last_loss"
        edges = self._edges if by_loss else _edges(values[seen])
        roles = self._about.groups
        curve = self._about.roc(values, kept, sample)
        words, short = self._in_words(score, epoch, alpha, kept=kept, seen=seen, cut=cut, area=curve.auc)
        return trajectories.Trajectories(
            groups=tuple(self._group(role, values, edges) for role in roles),
            epochs=np.arange(1, len(self._losses) + 1),
            epoch=epoch,
            cut=float(np.clip(cut, *edges[[0, -1]])),
            edges=edges,
            show=show,
            kept=short,
            source=self._source,
            words=f"{words} {self._sample_words(sample, epoch)}",
            ends=tuple(self._edges[[0, -1]].tolist()),
            score="loss" if by_loss else TITLES[score],
            marks_loss=by_loss,
            right=right,
            roc=curve,
            chosen=self._chosen(sample, values, edges),
        )

    def _group(self, role, values, edges):
        (low, middle, high), members = self._bands[role], self._about.groups[role]
        inside = np.clip(values[members], *edges[[0, -1]])  # the last bin holds all that is beyond
        counts = np.histogram(inside[~np.isnan(inside)], edges)[0]
        few = members[np.linspace(0, len(members) - 1, min(_SAMPLES, len(members))).astype(int)]
        return trajectories.Group(role, low, middle, high, np.asarray(self._losses[:, few]).T, counts, few)

    def _chosen(self, sample, values, edges):
        line, value = np.asarray(self._losses[:, sample]), np.clip(values[sample], *edges[[0, -1]])
        caption = f"sample {sample}", *self._about.labels(sample)
        return trajectories.Chosen(sample, line, value, self._about.image(sample), caption)

    def _in_words(self, score, epoch, alpha, *, kept, seen, cut, area):
        counted = f"{len(kept):,} smallest of {len(seen):,} losses"
        if score != "last_loss":
            counted = f"{len(kept):,} least suspicious of {len(seen):,} samples by {TITLES[score]}"
        words = f"Epoch {epoch}: trimming keeps the {counted} (α = {alpha:.2f}), those up to {cut:.3g}."
        is_clean = self._about.is_clean
        if is_clean is None:
            return words, f"{len(kept):,} of {len(seen):,} kept"
        clean, before = (percent(is_clean[some].mean(), ".1f") for some in (kept, seen))
        words += f" {clean} of them are clean; of all samples {before} are."
        told = "" if np.isnan(area) else f" The AUC of the {TITLES[score]} is {area:.3f}."
        return words + told, f"{clean} of the kept are clean"

    def _sample_words(self, sample, epoch):
        loss = self._losses[epoch - 1, sample]
        seen = "not seen in this epoch" if np.isnan(loss) else f"loss {loss:.3g}"
        return f"Sample {sample}: {', '.join([*self._about.labels(sample), seen])}."

    def _choose(self, trace, points, state):
        chosen = [trace.customdata[point] for point in points.point_inds]
        if chosen and chosen[0] is not None:
            self.controls["sample"].value = int(chosen[0])


class _Samples:
    """What is known of the samples beside their losses, checked: kinds, labels, images."""

    def __init__(self, recording, n, is_clean, images, given, truth):
        if given is None and hasattr(recording, "has") and recording.has("given"):
            given = np.array([None if np.isnan(label) else int(label) for label in recording.given], object)
        known = {"given": given, "true": truth}
        self._labels = {name: _check_labels(name, v, n) for name, v in known.items() if v is not None}
        if is_clean is None and len(self._labels) == 2:
            is_clean = self._labels["given"] == self._labels["true"]
        self.is_clean = None if is_clean is None else _check_truth(is_clean, n)
        self.groups = _groups(self.is_clean, n)
        self._images = None if images is None else _check_images(images, n)

    def labels(self, i):
        """What is known of a sample's labels, in words."""
        told = [f"{name} {labels[i]}" for name, labels in self._labels.items()]
        if self.is_clean is None or "true" in self._labels:
            return told
        return [*told, "clean" if self.is_clean[i] else "bad"]

    def a_bad_one(self):
        """The first bad sample as a value of the control, where one is known."""
        return {"sample": int(self.groups["bad"][0])} if "bad" in self.groups else {}

    def image(self, i):
        return None if self._images is None else self._images[i]

    def roc(self, values, kept, sample):
        """The ROC curve of a score in percent, where trimming cuts it, where a sample lies; nothing without truth."""
        nowhere = (np.nan, np.nan)
        if self.is_clean is None:
            return trajectories.Roc(*np.empty((3, 0)), nowhere, nowhere, np.nan)
        curve = roc(values, self.is_clean)
        some = np.unique(np.linspace(0, len(curve.bad) - 1, _POINTS).astype(int))
        index = [None if i < 0 else int(i) for i in curve.index[some]]
        cut = self._dropped(values, values > values[kept].max())
        at = nowhere if np.isnan(values[sample]) else self._dropped(values, values >= values[sample])
        area = auc(values, self.is_clean)
        return trajectories.Roc(100 * curve.clean[some], 100 * curve.bad[some], index, cut, at, area)

    def _dropped(self, values, dropped):
        """Percent of the clean and of the bad samples seen that are among those dropped."""
        kinds = [kind & ~np.isnan(values) for kind in (self.is_clean, ~self.is_clean)]
        return tuple(100 * (kind & dropped).sum() / max(1, kind.sum()) for kind in kinds)


def _check_losses(losses):
    losses = np.asarray(losses)
    if losses.ndim != 2 or losses.shape[1] == 0:
        raise InputError(f"losses must have shape (epochs, n); got {losses.shape}. Record with a TrajectoryRecorder.")
    if losses.dtype.kind not in "fiu":
        raise InputError(f"losses must be numbers; got {losses.dtype}. Pass the loss of each sample in each epoch.")
    if all(np.isnan(row).all() for row in losses):
        raise InputError("losses must hold at least one recorded epoch; all are NaN. Train with the recorder first.")
    return losses


def _check_truth(is_clean, n):
    is_clean = np.asarray(is_clean)
    if is_clean.shape != (n,) or is_clean.dtype != bool:
        raise InputError(f"is_clean must be bool of shape {(n,)}; got {is_clean.dtype} of shape {is_clean.shape}.")
    return is_clean


def _check_labels(name, labels, n):
    labels = as_array(labels)
    if labels.shape != (n,):
        raise InputError(f"{name} must be one label per sample, shape {(n,)}; got {labels.shape}.")
    return labels


def _check_images(images, n):
    images = as_array(images)
    channels = images.shape[1] if images.ndim == 4 else 1
    if images.ndim not in (3, 4) or len(images) != n or channels not in (1, 3) or images.dtype != np.uint8:
        raise InputError(
            f"images must be uint8 of shape ({n}, h, w) or ({n}, 1 or 3, h, w); got {images.dtype} of {images.shape}."
        )
    return images.reshape(n, channels, *images.shape[-2:])


def _groups(is_clean, n):
    """Role -> indices of its samples; roles without samples are left out."""
    if is_clean is None:
        return {"all": np.arange(n)}
    groups = {"clean": np.flatnonzero(is_clean), "bad": np.flatnonzero(~is_clean)}
    return {role: members for role, members in groups.items() if len(members)}


def _bands(losses, members, ends):
    """10 %, 50 % and 90 % quantiles by epoch, (3, epochs); row by row, for recordings larger than memory.

    Infinite losses count as far above the axis, which ends at `ends`: between a number and infinity there is none.
    """
    far = ends[0] + 10 * (ends[1] - ends[0])
    rows = (row[members] for row in losses)
    return np.array([_quantiles(np.nan_to_num(row[~np.isnan(row)], posinf=far)) for row in rows]).T


def _quantiles(values):
    return np.quantile(values, [0.1, 0.5, 0.9]) if len(values) else np.full(3, np.nan)


def _ends(losses):
    """Where the loss axis ends: at 0 or the smallest loss, and where few losses of any epoch are beyond."""
    rows = [row[np.isfinite(row)].astype(float) for row in losses]
    low = min([0.0, *(row.min() for row in rows if row.size)])
    high = max([low, *(np.quantile(row, 0.995) for row in rows if row.size)])
    return low, high if high > low else low + 1


def _edges(values):
    """Bins over the values of a score, the few largest and the infinite ones in the last."""
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), np.quantile(finite, 0.995)) if finite.size else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1, _BINS + 1)
