"""What ITLM gains at each rate of wrong labels: runs computed beforehand (Tables 1 and 2), as sliders."""

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.explorers.base import Explorer
from itlm_kit.explorers.controls import choice, steps
from itlm_kit.plots import rounds

_NEEDED = ("noise", "clean", "round", "clean_share")
_ACCURACIES = ("last_accuracy", "selected_accuracy", "best_accuracy")
_ONE_OF = ("data", "net", "protocol", "share")  # runs that differ in these are not to be averaged
_LEVELS = ("baseline", "oracle")
_UNKNOWN = rounds.Curve(*np.empty((4, 0)))


class NoiseExplorer(Explorer):
    """Accuracy of theta_t and clean share of S_t by round, between baseline and oracle, for runs that are at hand.

    frame: one row per run and round, as `results_frame` gives for table1-mnist: columns noise, clean, round,
    clean_share (percent), at least one of last_accuracy, selected_accuracy and best_accuracy (percent), and, where
    there are several, method, alpha, seed. source: what they were computed from (None: the frame's column source).
    values: where the controls start (noise, clean, method, alpha, accuracy). A setting that is not at hand is said to
    be missing, with those that are there. Raises InputError for columns that lack or runs of several kinds.
    """

    view = rounds

    def __init__(self, frame, *, source=None, **values):
        self._frame = _check_frame(frame)
        iterated = self._frame.groupby("method")["round"].transform("max") > 0
        self._rows = self._frame[iterated & ~self._frame["method"].isin(_LEVELS)]
        self._source = _source(self._frame) if source is None else source
        accuracies = [name for name in _ACCURACIES if name in self._frame]
        controls = {
            "noise": choice("kind of noise", *_first_of(self._frame["noise"])),
            "clean": steps("clean share α*", *_first_of(self._frame["clean"])),
            "method": choice("method", *_first_of(self._rows["method"], "itlm")),
            "alpha": steps("share kept α", *_first_of(self._rows["alpha"])) if "alpha" in self._frame else None,
            "accuracy": choice("accuracy", accuracies[0], accuracies),
        }
        super().__init__({name: control for name, control in controls.items() if control is not None}, values)

    def scene(self, *, accuracy, **chosen):
        noise, clean = chosen["noise"], chosen["clean"]
        rows = _where(self._rows, chosen)
        curve, shares = _curve(rows, accuracy), _curve(rows, "clean_share")
        levels = {"baseline": ("baseline", self._level("baseline", noise, clean, accuracy, curve)),
                  "oracle": ("oracle", self._level("oracle", noise, clean, accuracy, _UNKNOWN))}  # fmt: skip
        name = "ITLM" if chosen["method"] == "itlm" else chosen["method"]
        label = accuracy.replace("_", " ")
        left = rounds.Panel("Accuracy on clean test data", f"{label} (%)", "itlm", curve, _ends(self._frame[accuracy]),
                            False, levels)  # fmt: skip
        right = rounds.Panel("Clean share of the kept set", "clean samples (%)", "clean", shares,
                             _ends(self._rows["clean_share"], 100 * self._frame["clean"]), False,
                             {"all": ("all samples", 100 * clean)})  # fmt: skip
        missing = "" if len(rows) else self._missing(chosen)
        words = missing or _in_words(name, label, chosen, left, shares, rows)
        return rounds.Rounds(left, right, name, self._source, words, missing)

    def _level(self, method, noise, clean, accuracy, instead):
        """Mean accuracy of a method that trains once; where it was not run, the first round of `instead`."""
        values = _where(self._frame, {"method": method, "noise": noise, "clean": clean})[accuracy]
        if len(values):
            return float(values.mean())
        return float(instead.mean[0]) if len(instead.mean) else None

    def _missing(self, chosen):
        others = {name: value for name, value in chosen.items() if name != "clean"}
        shares = sorted(set(_where(self._rows, others)["clean"]))
        there = ", ".join(f"{100 * share:.0f} %" for share in shares) or "none"
        return f"Not computed: {_setting(chosen)}. Clean shares at hand: {there}."


def _check_frame(frame):
    lacking = [name for name in _NEEDED if name not in frame]
    if lacking or not any(name in frame for name in _ACCURACIES):
        needed = f"{', '.join(_NEEDED)} and one of {', '.join(_ACCURACIES)}"
        raise InputError(f"frame must have the columns {needed}; it has {', '.join(map(str, frame))}.")
    frame = frame if "method" in frame else frame.assign(method="itlm")
    for name in _ONE_OF:
        if name in frame and frame[name].nunique() > 1:
            found = ", ".join(map(str, frame[name].unique()))
            raise InputError(f"frame must hold one {name}; got {found}. Choose: frame[frame['{name}'] == ...]")
    if not (frame["round"] > 0).any():
        raise InputError("frame must hold a run of several rounds; got none. Compute method itlm first.")
    return frame


def _source(frame):
    found = frame["source"].unique() if "source" in frame else []
    return "" if not len(found) else f"{found[0]}" + (f", and {len(found) - 1} more" if len(found) > 1 else "")


def _first_of(values, wanted=None):
    """Where a control starts and what it offers: `wanted` or the first of the values."""
    options = sorted(set(values))
    return wanted if wanted in options else options[0], options


def _where(rows, chosen):
    for name, value in chosen.items():
        rows = rows[rows[name] == value]
    return rows


def _curve(rows, column):
    """Mean over seeds by round, and the band of all of them."""
    if not len(rows):
        return _UNKNOWN
    by_round = rows.groupby("round")[column].agg(["mean", "min", "max"])
    return rounds.Curve(by_round.index.to_numpy(), *by_round.to_numpy().T)


def _ends(*columns):
    low = min(column.min() for column in columns)
    return float(10 * np.floor((low - 1) / 10)), 101.0


def _setting(chosen):
    alpha = f", share kept {chosen['alpha']:g}" if "alpha" in chosen else ""
    return f"{chosen['noise']} noise, {100 * chosen['clean']:.0f} % clean{alpha}"


def _in_words(name, label, chosen, left, shares, rows):
    (_, baseline), (_, oracle) = left.levels.values()
    first, last = left.curve.mean[[0, -1]]
    beside = f"{abs(last - baseline):.1f} points {'above' if last >= baseline else 'below'} the baseline"
    of_oracle = "" if oracle is None else f"; the oracle has {oracle:.1f} %"
    seeds = rows["seed"].nunique() if "seed" in rows else 1
    mean = f" (mean of {seeds} seeds)" if seeds > 1 else ""
    return (
        f"{_setting(chosen).capitalize()}{mean}: after round {left.curve.rounds[-1]} {name} stands at {last:.1f} % "
        f"{label}, {beside} ({baseline:.1f} %){of_oracle}. Of the kept samples {shares.mean[0]:.1f} % are "
        f"clean at first, {shares.mean[-1]:.1f} % at last."
    )
