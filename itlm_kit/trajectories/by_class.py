"""What dropping would take from each class."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.classes import as_labels
from itlm_kit.errors import InputError
from itlm_kit.names import counted, percent, readable

if TYPE_CHECKING:
    from pandas import DataFrame

HEAVY = 0.5  # share of a class


def dropped_by_class(kept: ArrayLike, given: ArrayLike) -> "DataFrame":
    """Count what is dropped of each given class; returns a DataFrame, a row for each in the order of the labels.

    kept: (n,) bool mask. given: (n,) labels, or names of classes. Columns: class, samples, dropped, and share, that of
    the class which is dropped, in 0..1. Raises InputError for what is no mask of them, and for labels missing.
    """
    import pandas as pd  # here, so that `import itlm_kit` stays light

    given, kept = as_labels(given, "given"), np.asarray(kept)
    if kept.dtype != bool or kept.shape != given.shape:
        raise InputError(f"kept must be a bool mask of the {len(given)} labels; got {kept.dtype} of {kept.shape}.")
    dropped = pd.Series(~kept).groupby(given)
    columns = {"samples": dropped.size(), "dropped": dropped.sum(), "share": dropped.mean()}
    return pd.DataFrame(columns).rename_axis("class").reset_index()


def heavy_losses(by_class: "DataFrame") -> list[str]:
    """A sentence of warning, with the remedy, for each class of `dropped_by_class` that would lose more than half."""
    return [
        f"{readable(name)} would lose {dropped:,} of its {counted(samples, 'sample')} ({percent(share)}): look at "
        'them first, or keep the same share of each class: groups="class" in examine, --by-class of the command, '
        "trim_groups elsewhere."
        for name, samples, dropped, share in by_class.itertuples(index=False)
        if share > HEAVY
    ]
