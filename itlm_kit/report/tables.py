"""Tables as pictures: which settings name their rows, and which metrics stand beside what is printed."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from itlm_kit.experiments.results import Result
from itlm_kit.ledger.beside import cells_beside_printed
from itlm_kit.names import percent
from itlm_kit.plots.beside import printed_beside_measured


class Table(NamedTuple):
    """How cells become rows."""

    measures: tuple[str, ...]
    rows: tuple[str, ...]  # settings that name a row, the first of them its group; the others tell pictures apart
    unit: str = " (%)"


_ACCURACY = ("clean", "method")
TABLES = {
    "table1-mnist": Table(("selected_accuracy",), _ACCURACY),
    "table1-cifar": Table(("selected_accuracy",), _ACCURACY),
    "table2": Table(("selected_accuracy",), _ACCURACY),
    "table3": Table(("clean_share",), ("pair", "clean", "images")),
    "table4": Table(("clean_accuracy", "attack_success"), ("pair", "shape", "method")),
    "table5": Table(("clean_share",), ("clean", "images", "method")),
    "fig3": Table(("clean_like",), ("pair", "clean", "images", "method")),
    "few-images": Table(("last_accuracy", "clean_share"), ("noise", "method")),
    "late-rounds": Table(("last_accuracy", "clean_share"), ("noise", "clean")),
    "field": Table(("last_accuracy",), _ACCURACY),
    "cifar10n": Table(("last_accuracy",), ("labels", "method")),
    "own-pictures": Table(("precision",), ("data", "noise", "classes", "recipe", "folds")),
    "peers": Table(("time_ratio",), ("d", "peer"), " (ITLM's = 1)"),
    "small-loss": Table(("accuracy",), ("noise", "clean", "warm_up")),
    "warm-or-anew": Table(("last_accuracy", "bad_kept_again"), ("noise", "clean", "weights")),
    "short-updates": Table(("last_accuracy", "clean_share"), ("noise", "clean")),
}
_SHARES = ("clean", "share", "rate", "alpha")


def table_pictures(table: Table, name: str, cells: list[dict], results: list[Result]) -> Iterator[tuple[str, Figure]]:
    """Yield (caption, Figure): the measured among these cells, a list of settings, and their neighbours in print."""
    frames = {measure: cells_beside_printed(name, cells, results, measure) for measure in table.measures}
    first, keys = frames[table.measures[0]], _telling(cells)
    captions = _texts(first, [key for key in keys if key not in table.rows])
    labels = _texts(first, [key for key in table.rows if key in keys])
    for caption in captions[first["measured"].notna()].unique():
        chosen = (captions == caption) & first[["paper", "measured"]].notna().any(axis=1)
        named = {"label": labels, "group": first[table.rows[0]].map(str)}
        shown = {_words(m): _in_groups(frame.assign(**named)[chosen]) for m, frame in frames.items()}
        source = measured_on(first.loc[chosen, "source"], results)
        yield caption, printed_beside_measured(shown, source=source, title=caption, unit=table.unit)


def measured_on(data: Iterable[str], results: list[Result]) -> str:
    """What results rest on, in words: their data, texts of which the first is told, their seeds and devices."""
    first, *others = dict.fromkeys(filter(None, data))
    seeds = len({result.seed for result in results})
    more = f"{first} and {len(others)} more" if others else first
    return "; ".join([more, f"{seeds} seed{'s' * (seeds > 1)}", *dict.fromkeys(result.device for result in results)])


def told(key: str, value) -> str:
    """A setting as a label has it: "60 % clean", "d 5", or a word alone; "" where the cell has no such setting."""
    if value is None or value != value:
        return ""
    if key in _SHARES:
        return f"{percent(value, 'g')} {key}" if key != "alpha" else f"alpha {value:g}"
    return f"{_words(key)} {value:g}" if isinstance(value, int | float) else _words(value)


def _texts(frame, keys):
    """One text for each row, of these of its settings."""
    rows = ([told(key, value) for key, value in zip(keys, row, strict=True)] for row in frame[keys].to_numpy(object))
    return pd.Series([", ".join(filter(None, row)) for row in rows], index=frame.index, dtype=object)


def _telling(cells):
    """The settings in which cells differ, in their order; where there is one cell, all of them."""
    keys = dict.fromkeys(key for cell in cells for key in cell)
    return [key for key in keys if len(cells) == 1 or len({str(cell.get(key)) for cell in cells}) > 1]


def _in_groups(frame):
    """The rows of each group side by side, groups in the order in which they come first."""
    return frame.sort_values(
        "group", kind="stable", key=lambda values: pd.Series(pd.factorize(values)[0], values.index)
    )


def _words(name):
    return str(name).replace("_", " ")
