"""What ITLM gains at each rate of wrong labels and each share kept: runs computed beforehand, or trained at once."""

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.explorers.base import Explorer
from itlm_kit.explorers.controls import choice, steps, toggle
from itlm_kit.names import percent
from itlm_kit.plots import rounds

_NEEDED = ("noise", "clean", "round", "clean_share")
_ACCURACIES = ("last_accuracy", "selected_accuracy", "best_accuracy")
_ONE_OF = ("data", "net", "protocol", "step_size", "share")  # runs that differ in these are not to be averaged
_LEVELS = ("baseline", "oracle")
_UNKNOWN = rounds.Curve(*np.empty((4, 0)))
_LIVE = {  # what is offered where it can be trained at once
    "noise": ("random", "systematic"),
    "clean": tuple(round(0.05 * i, 2) for i in range(6, 20)),
    "below": (-0.05, 0.0, 0.05, 0.1, 0.15, 0.2),
}
_LIVE_ROUNDS = 3


class NoiseExplorer(Explorer):
    """Accuracy of theta_t and clean share of S_t by round, between baseline and oracle, over noise rate and alpha.

    frame: one row per run and round, as `results_frame` gives for table1-mnist: columns noise, clean, round,
    clean_share (percent), at least one of last_accuracy, selected_accuracy and best_accuracy (percent), and, where
    there are several, method, alpha, seed; of Table 1's methods alpha is known. source: what they were computed from
    (None: the frame's column source). live: offer more settings, and a button that trains those that are not at hand
    on the digits, in some ten seconds each. values: where the controls start (noise, clean, method, below: clean share
    less alpha, accuracy, train). A setting that is not at hand is said to be missing, with those that are there.
    Raises InputError for columns that lack or runs of several kinds. Section 6.2, Tables 1 and 2.
    """

    view = rounds
    takes = "..."

    def __init__(self, frame, *, source=None, live=False, **values):
        self._frame = _with_below(_check_frame(frame), live)
        iterated = self._frame.groupby("method")["round"].transform("max") > 0
        self._rows = _check_rows(self._frame[iterated & ~self._frame["method"].isin(_LEVELS)])
        self._source = _source(self._frame) if source is None else source
        accuracies = _known_accuracies(self._rows)
        controls = {
            "noise": choice("kind of noise", *self._offer("noise", live)),
            "clean": steps("clean share α*", *self._offer("clean", live)),
            "method": choice("method", *_first_of(self._rows["method"], "itlm")),
            "below": steps("α* less α", *self._offer("below", live)) if "below" in self._frame else None,
            "accuracy": choice("accuracy", accuracies[0], accuracies),
            "train": toggle("train on digits", "Train what is not at hand, about 10 s each") if live else None,
        }
        super().__init__({name: control for name, control in controls.items() if control is not None}, values)
        if values.get("train"):
            self._follow(None)

    def scene(self, *, accuracy, train=False, **chosen):  # what `train` asks for is done before, by `_follow`
        noise, clean = chosen["noise"], chosen["clean"]
        rows = self._known(chosen, accuracy)
        curve, shares = _curve(rows, accuracy), _curve(rows, "clean_share")
        name = "ITLM" if chosen["method"] == "itlm" else chosen["method"]
        label = accuracy.replace("_", " ")
        left = rounds.Panel(
            title="Accuracy on clean test data",
            axis=f"{label} (%)",
            role="itlm",
            curve=curve,
            ends=_ends(self._rows[accuracy], self._frame[accuracy]),
            log=False,
            levels={
                "baseline": ("baseline", self._level("baseline", noise, clean, accuracy, instead=curve)),
                "oracle": ("oracle", self._level("oracle", noise, clean, accuracy, instead=_UNKNOWN)),
            },
        )
        right = rounds.Panel(
            title="Clean share of the kept set",
            axis="clean samples (%)",
            role="clean",
            curve=shares,
            ends=_ends(self._rows["clean_share"], 100 * self._frame["clean"]),
            log=False,
            levels={"all": ("all samples", 100 * clean)},
        )
        missing = "" if len(rows) else self._missing(chosen, accuracy)
        words = missing or _in_words(name, label, chosen, left, shares, rows)
        return rounds.Rounds(left, right, name, self._about(rows), words, missing)

    def _offer(self, name, live):
        """Where a control starts and what it offers."""
        at_hand = self._rows[name].dropna()
        return _first_of([*at_hand, *(_LIVE[name] if live else ())], at_hand.min())

    def _follow(self, change):
        chosen = {name: value for name, value in self.values.items() if name in ("noise", "clean", "method", "below")}
        if self.values.get("train") and self._lacks(chosen):
            self.say(f"Training {_LIVE_ROUNDS + 1} networks on the digits, about 10 s ...")
            with self._errors_told():
                self._train(chosen)
        super()._follow(change)

    def _lacks(self, chosen):
        return chosen["method"] == "itlm" and not len(_where(self._rows, chosen))

    def _train(self, chosen):
        import pandas as pd

        alpha = chosen["clean"] - chosen["below"]
        rows = train_on_digits(chosen["noise"], chosen["clean"], alpha).assign(**chosen, seed=0, live=True)
        self._rows = pd.concat([self._rows, rows], ignore_index=True)

    def _about(self, rows):
        return (
            "trained here on 1,400 digits, seed 0" if "live" in rows and rows["live"].eq(True).any() else self._source
        )

    def _level(self, method, noise, clean, accuracy, *, instead):
        """Mean accuracy of a method that trains once; where it was not run, the first round of `instead`."""
        values = _where(self._frame, {"method": method, "noise": noise, "clean": clean})[accuracy].dropna()
        if len(values):
            return float(values.mean())
        return float(instead.mean[0]) if len(instead.mean) else None

    def _known(self, chosen, accuracy):
        return _where(self._rows, chosen).dropna(subset=[accuracy])

    def _missing(self, chosen, accuracy):
        others = {name: value for name, value in chosen.items() if name != "clean"}
        shares = sorted(set(self._known(others, accuracy)["clean"]))
        there = ", ".join(percent(share) for share in shares) or "none"
        remedy = " Press “train on digits” for more." if "train" in self.controls and chosen["method"] == "itlm" else ""
        return f"Not computed: {_setting(chosen)}. Clean shares at hand: {there}.{remedy}"


def train_on_digits(noise, clean, alpha, *, rounds=_LIVE_ROUNDS):
    """Run ITLM on the digits with these label errors, seed 0, as table1-mnist does; a frame with a row per round."""
    from itlm_kit.chapters.labels.mnist import recorded_recipe
    from itlm_kit.machine import Where, single_thread
    from itlm_kit.vision.itlm import classifier_rounds
    from itlm_kit.vision.noisy_set import noisy_set
    from itlm_kit.vision.recording import rounds_frame

    settings = {"data": "digits", "share": 1.0, "net": "two-layer-cnn", "protocol": "last"}
    noisy, how = noisy_set({**settings, "noise": noise, "clean": clean}, 0, Where()), recorded_recipe(settings)
    schedule = (how.epochs,) * (rounds + 1)
    with single_thread():
        steps = classifier_rounds(noisy.samples, how.training, alpha=alpha, epochs=schedule, seed=0, watch=noisy.watch)
        return rounds_frame(steps, noisy.is_clean)


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
    return frame


def _check_rows(rows):
    if not _known_accuracies(rows):
        raise InputError("frame must hold a run of several rounds; got none. Compute method itlm first.")
    return rows


def _known_accuracies(rows):
    return [name for name in _ACCURACIES if name in rows and rows[name].notna().any()]


def _with_below(frame, live):
    """The frame with what alpha is below the clean share, if known; methods that differ in it alone become one."""
    if "alpha" in frame and frame["alpha"].notna().any():
        return frame.assign(below=(frame["clean"] - frame["alpha"]).round(6))
    several = frame["method"].str.startswith("delta-alpha")
    if not several.any() and not live:
        return frame
    from itlm_kit.chapters.labels.methods import BELOW

    return frame.assign(below=frame["method"].map(BELOW), method=frame["method"].mask(several, "itlm"))


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
    alpha = f", share kept {chosen['clean'] - chosen['below']:.2f}" if "below" in chosen else ""
    return f"{chosen['noise']} noise, {percent(chosen['clean'])} clean{alpha}"


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
