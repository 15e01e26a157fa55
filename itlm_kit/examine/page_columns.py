"""What a page of suspects says of each sample, as texts under headings."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from itlm_kit.names import readable

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_COLUMNS = 40  # of a table
_MOST_CHOICES = 1_000
_LONGEST = 2_000  # characters of a text
_HEADINGS = {
    "rank": "no.",
    "verdict": "verdict",
    "file": "file",
    "row": "row",
    "index": "position",
    "given": "given",
    "likely": "likely",
    "score": "score",
    "why": "why",
}


class Column(NamedTuple):
    """The texts under one heading, one for each sample, "" where nothing is known."""

    heading: str
    texts: list[str]
    widest: int = 24

    @property
    def width(self):
        """Characters that a table gives to the column, and cuts what is longer."""
        return min(max(map(len, [self.heading, *self.texts])), self.widest) + 1

    @property
    def can_be_chosen(self):
        """Whether there are few enough different texts to choose from, as of classes; not of a target's numbers."""
        return len(set(self.texts)) <= _MOST_CHOICES


def listed_columns(suspects: "DataFrame", rank: np.ndarray) -> dict[str, Column]:
    """{field: Column} of what a list of suspects says of each sample; classes are called by their names."""
    values = {field: suspects.get(f"{field}_name", suspects.get(field)) for field in _HEADINGS}
    values |= {"rank": rank, "verdict": np.where(suspects["kept"], "kept", "suspect")}
    columns = {field: Column(_HEADINGS[field], _texts(each)) for field, each in values.items() if each is not None}
    columns["score"] = Column("score", _texts(suspects["score"], digits=3))
    columns["why"] = columns["why"]._replace(widest=44)
    return columns


def table_columns(rows: "DataFrame") -> dict[str, Column]:
    """{field: Column} of the first columns of the user's own table, which may be called anything, and alike."""
    names = list(enumerate(rows.columns))[:MOST_COLUMNS]
    return {f"cell{j}": Column(readable(name), _texts(rows.iloc[:, j])) for j, name in names}


def _texts(values, digits=7):
    import pandas as pd  # here, so that `import itlm_kit` stays light

    values = pd.Series(values)
    return [_text(value, digits) if known else "" for value, known in zip(values, values.notna(), strict=True)]


def _text(value, digits):
    text = f"{value:.{digits}g}" if isinstance(value, float) else readable(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
