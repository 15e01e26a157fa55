"""What the user calls the classes and the samples of a recording: kept with it, in its folder too."""

import json
from typing import Any, NamedTuple

from itlm_kit.classes import Classes
from itlm_kit.errors import InputError
from itlm_kit.files import write_atomically
from itlm_kit.names import rows

_FILE = "known_as.json"


class KnownAs(NamedTuple):
    """The user's own words for what a recording numbers; None where there are none."""

    classes: Classes | None = None
    rows: Any = None  # (n,) pandas Index: what the user's frame calls each sample


def keep_known_as(recorder: Any, known: KnownAs) -> None:
    """Let a recorder, and its folder, know what its classes and samples are called.

    What JSON does not hold, such as dates, is text where it is read from the folder again.
    """
    recorder.known_as = known
    if recorder.folder is not None:
        labels = None if known.classes is None else known.classes.labels
        index = None if known.rows is None else known.rows.tolist()
        text = json.dumps({"labels": labels, "rows": index}, default=str)
        write_atomically(recorder.folder / _FILE, lambda file: file.write(text.encode()))


def known_as(recording: Any) -> KnownAs:
    """What the classes and samples of a recording are called, or the samples of bare losses in a pandas object."""
    if index_of(recording) is not None:  # losses (n,), or a frame of them (epochs, n)
        return KnownAs(rows=recording.index if recording.ndim == 1 else recording.columns)
    folder = getattr(recording, "folder", None)
    is_kept = folder is not None and (folder / _FILE).exists()
    return getattr(recording, "known_as", None) or (_read(folder / _FILE) if is_kept else KnownAs())


def index_of(table: Any) -> Any:
    """The index of a pandas object, None for anything else."""
    return table.index if hasattr(table, "iloc") else None


def row_names(of_samples: Any, of_labels: Any) -> Any:
    """What the user calls each sample, by the index of the samples or else of the labels; None where neither has one.

    Raises InputError where both hold the same in another order, since samples and labels are paired by position.
    """
    if of_samples is None or of_labels is None:
        return of_labels if of_samples is None else of_samples
    if not of_samples.equals(of_labels) and set(of_samples) == set(of_labels):
        _refuse_order(of_samples, of_labels)
    return of_samples


def _refuse_order(of_samples, of_labels):
    for row, (sample, label) in enumerate(zip(of_samples, of_labels, strict=False)):
        if sample != label:
            raise InputError(
                f"labels must be in the order of the samples; {rows([row])}, is {label!r} of the labels and "
                f"{sample!r} of the samples. Pass y.loc[x.index], or y.to_numpy() where they belong together as is."
            )


def _read(path):
    import pandas as pd  # here, so that `import itlm_kit` stays light

    try:
        words = json.loads(path.read_text())
        classes = Classes(words["labels"]) if words["labels"] else None
        index = [tuple(row) if isinstance(row, list) else row for row in words["rows"] or []]
        return KnownAs(classes, pd.Index(index, tupleize_cols=False) if index else None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} must be whole; it cannot be read ({error}). Without it numbers are shown.") from error
