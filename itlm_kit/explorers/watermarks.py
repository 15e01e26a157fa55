"""Edit a watermark, see it on the digits at once, and train on them by a button: section 6.4 as sliders."""

from functools import cache, partial
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np

from itlm_kit.chapters.backdoors.attacks import ATTACKS, PAPER, AttackWatch, classes_of, load
from itlm_kit.data.watermarks import SHAPES, Watermark, poison
from itlm_kit.explorers.base import Explorer
from itlm_kit.explorers.controls import choice, seed_box, slider, steps
from itlm_kit.machine import Where, single_thread
from itlm_kit.plots import watermarks
from itlm_kit.trimming import num_kept
from itlm_kit.vision.itlm import classifier_rounds, round_seed, train_watched
from itlm_kit.vision.training import Samples

_SHOWN = 4  # images
_SETTING = ATTACKS["digits"]
_NAIVE, _ITLM = (30,), (6, 6, 20)  # epochs of each training: the same time for both, and short enough to wait for
_RATES = (0.05, 0.1, 0.2, 0.4, 0.8)
_UNKNOWN = {role: {"naive training": np.nan, "ITLM": np.nan} for role in ("clean", "attack")}


class WatermarkEditor(Explorer):
    """A watermark on handwritten digits, drawn as it is edited, and what training on the poisoned set gives.

    values: where the controls start: shape, row, column (of its middle; of its corner for the L), colour (0..255),
    pair ("9->4": the class that is marked, and the label it gets), rate (poisons as a share of the target class), alpha
    (share that ITLM keeps), seed. Moving a control redraws the images; only `retrain`, or its button, trains, 30 epochs
    naively and 6 + 6 + 20 by ITLM. What was trained once is shown again when its values come back. Section 6.4.
    """

    view = watermarks

    def __init__(self, **values):
        height, width = _digits()[0].x.shape[2:]
        row, column = _SETTING.marks["X"].position
        controls = {
            "shape": choice("shape", "X", tuple(SHAPES)),
            "row": slider("row", row, 1, height - 2, 1),  # where every shape fits
            "column": slider("column", column, 1, width - 2, 1),
            "colour": slider("colour", 255, 0, 255, 15),
            "pair": choice("class → label", _SETTING.pairs[0][0], tuple(pair for pair, _ in PAPER)),
            "rate": steps("rate", _SETTING.rate, _RATES),
            "alpha": slider("share kept α", _SETTING.alpha, 0.85, 1.0, 0.01),
            "seed": seed_box(),
        }
        self._trained = {}  # values -> Measured
        super().__init__(controls, values)
        self.button = widgets.Button(
            description="Train on these", tooltip="Takes a few seconds", layout={"width": "300px"}
        )
        self.button.on_click(lambda button: self.retrain())
        self.children = (self.children[0], self.button, *self.children[1:])

    def retrain(self):
        """Train naively and by ITLM on what the controls say now, and show what came out; a few seconds."""
        key = _key(self.values)
        self.button.description = "Training …"  # not disabled: that would take the keyboard's focus away
        try:
            with self._errors_told(), single_thread():
                self._trained[key] = self._trained.get(key) or train_both(**self.values)
            self._follow(None)
        finally:
            self.button.description = "Train on these"

    def scene(self, **values):
        poisoned, tested = _poisoned(**values), self._trained.get(_key(values))
        originals, some = _digits()[0].x, poisoned.poisons[:_SHOWN]
        return watermarks.Edited(
            originals[some],
            poisoned.x[some],
            classes_of(values["pair"]),
            _UNKNOWN if tested is None else tested.measured,
            _title(values, poisoned, tested),
            "Press the button<br>to train on these." if tested is None else "",
            f"{_mark_in_words(**values)}, on {_source(values['seed'])}",
            f"{_about(values, poisoned)} {_outcome(values, poisoned, tested)}",
        )


class Measured(NamedTuple):
    """What came of both trainings."""

    measured: dict  # "clean" and "attack": {name of a training: percent}
    dropped: int  # poisons that ITLM's last network was not trained on
    early: float  # attack success after ITLM's first round, in percent


def train_both(*, pair, alpha, seed, **values):
    """Train naively and by ITLM on the digits poisoned like this; returns a Measured."""
    (_, test), poisoned = _digits(), _poisoned(pair=pair, seed=seed, **values)
    samples, fit = Samples(poisoned.x, poisoned.y, 10), partial(Samples, y=test.y, classes=10)
    watch = AttackWatch(fit(test.x), fit(_mark(**values).stamp(test.x)), *classes_of(pair))
    everything, how = np.ones(len(samples), bool), {"recipe": _SETTING.recipe, "watch": watch}
    naive = train_watched(samples, everything, epochs=_NAIVE[0], seed=round_seed(seed, 0), **how)
    first, *_, before, last = classifier_rounds(samples, alpha=alpha, epochs=_ITLM, seed=seed, **how)
    names = {"naive training": naive.report, "ITLM": last.state.report}
    percent = {"clean": "clean_accuracy", "attack": "attack_success"}
    measured = {role: {name: report[of] for name, report in names.items()} for role, of in percent.items()}
    dropped = int((~before.kept.numpy()[poisoned.poisons]).sum())
    return Measured(measured, dropped, first.state.report["attack_success"])


@cache
def _digits():
    """The clean training and test images."""
    return load({"data": "digits"}, 0, Where())


def _source(seed):
    train_set = _digits()[0]
    height, width = train_set.x.shape[2:]
    return f"{train_set.source}, enlarged to {height} x {width}; seed {seed}"


def _mark_in_words(*, shape, row, column, colour, **others):
    return f"{shape} at ({row}, {column}) in colour {colour}"


def _mark(*, shape, row, column, colour, **others):
    return Watermark(shape, (row, column), colour)


def _poisoned(*, pair, rate, seed, alpha=None, **mark):
    train_set, (source, target) = _digits()[0], classes_of(pair)
    return poison(train_set.x, train_set.y, _mark(**mark), source=source, target=target, rate=rate, seed=seed)


def _key(values):
    return tuple(sorted(values.items()))


def _dropped(values, poisoned):
    return len(poisoned.y) - num_kept(values["alpha"], len(poisoned.y))


def _title(values, poisoned, tested):
    if tested is None:
        return f"{len(poisoned.poisons)} poisons, α = {values['alpha']:.2f} drops {_dropped(values, poisoned)}"
    return f"ITLM dropped {tested.dropped} of {len(poisoned.poisons)} poisons"


def _about(values, poisoned):
    source, target = classes_of(values["pair"])
    pixels, count, drops = len(SHAPES[values["shape"]]), len(poisoned.poisons), _dropped(values, poisoned)
    few = ", fewer than there are poisons" if drops < count else ""
    return (
        f"{values['shape']} watermark, {pixels} pixel{'s' * (pixels > 1)} at row {values['row']}, column "
        f"{values['column']}, on {count} images of a {source}, which are labelled {target}. At α = "
        f"{values['alpha']:.2f} trimming drops {drops} of {len(poisoned.y):,} samples{few}."
    )


def _outcome(values, poisoned, tested):
    if tested is None:
        return "Not trained on yet."
    clean, attack = (tested.measured[role].values() for role in ("clean", "attack"))
    (naive, itlm), (fooled, left) = clean, attack
    return (
        f"Naive training: {naive:.1f} % on clean test images, and {fooled:.1f} % of marked images of a "
        f"{classes_of(values['pair'])[0]} get the label. ITLM: {itlm:.1f} % and {left:.1f} %; after the "
        f"{_ITLM[0]} epochs of its first round it was {tested.early:.1f} %. It drops {tested.dropped} of the "
        f"{len(poisoned.poisons)} poisons."
    )
