"""What a person's table holds: columns of numbers and columns of words, or what to mend in it."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse

from itlm_kit.errors import InputError
from itlm_kit.names import listed, readable, rows
from itlm_kit.trajectories.logits import as_array

if TYPE_CHECKING:
    from pandas import DataFrame

FEW = 20  # different texts, up to which they are words even where all are digits, as codes are
MOSTLY = 0.8  # share of texts that are numbers from which the others are slips of the pen
LARGEST = 1e100  # number that can be squared and added up
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")  # as pandas calls what objects are
_DATES = ("date", "datetime", "datetime64")
_WORDS = ("string", "boolean", "categorical", "interval", "time", "empty")


def read_columns(x: "DataFrame | ArrayLike") -> "DataFrame":
    """A table (n, d) as a frame of two kinds of columns: float, NaN where missing, and category, of text.

    Dates are numbers, in days; so is text that is all numbers or all dates (ISO 8601), but for few different ones,
    which may be codes. Names and index stay. Raises InputError, naming the column and the row, for what is no table,
    infinite and complex numbers, a text among numbers, and values of several kinds.
    """
    import pandas as pd  # here and below, so that the package stays light

    frame = as_frame(x)
    columns = [_read(column.reset_index(drop=True), name) for name, column in frame.items()]
    return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1).set_axis(frame.index)


def as_frame(x: "DataFrame | ArrayLike") -> "DataFrame":
    """A table as a DataFrame, with its own column names where it has any; raises InputError for another shape."""
    import pandas as pd

    table = x if hasattr(x, "iloc") or issparse(x) else _array(x)
    if table.ndim != 2 or not all(table.shape):
        raise InputError(
            f"x must be a table, shape (n, d), with a row and a column at least; got shape {table.shape}. "
            "Of one column make x.to_frame(), or x.reshape(-1, 1); pictures are for examine.folder."
        )
    if issparse(table):
        return pd.DataFrame.sparse.from_spmatrix(table)
    return table if isinstance(table, pd.DataFrame) else pd.DataFrame(table).infer_objects()


def _array(x):
    if np.ma.isMaskedArray(x):
        return x.astype(float).filled(np.nan)
    if not isinstance(x, list | tuple):
        return as_array(x)
    if len({np.shape(row) for row in x}) > 1:
        raise InputError("x must be a table; its rows are not of one length.")
    return np.array(x, dtype=object)  # else NumPy makes text of numbers that stand beside text


def _read(column, name):
    column = _without_objects(column, name)
    if column.dtype.kind == "O":
        return _told_by_text(column, name)
    return _words(column) if column.dtype.kind == "b" else _finite(_days(column), column, name)


def _without_objects(column, name):
    """Objects that are numbers or dates as what they are; words as objects; any other column as it is."""
    import pandas as pd

    kind = pd.api.types.infer_dtype(column, skipna=True) if column.dtype.kind == "O" else None
    if kind == "period":
        return pd.Series(pd.PeriodIndex(column).to_timestamp())
    if kind in _DATES:
        return pd.to_datetime(column, utc=True, errors="coerce")
    if kind in _NUMBERS:
        return pd.to_numeric(column.astype(object)).astype(float)
    if kind not in (None, *_WORDS):
        _refuse_kinds(column, name)
    return column


def _days(column):
    """Floats (n,), NaN where missing; of dates and spans of time in days."""
    import pandas as pd

    if column.dtype.kind == "M":
        column = column - pd.Timestamp(0, tz=getattr(column.dtype, "tz", None))
    if column.dtype.kind == "m":
        column = column / pd.Timedelta(days=1)
    return pd.Series(column.to_numpy(float if column.dtype.kind != "c" else complex, na_value=np.nan))


def _told_by_text(column, name):
    """Text as numbers or dates, where it is such; else as words."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype) or column.nunique() <= FEW:
        return _words(column)
    for kind, read in {"numbers": pd.to_numeric, "dates": partial(pd.to_datetime, format="ISO8601", utc=True)}.items():
        values = _days(read(column, errors="coerce"))
        slips = np.flatnonzero(values.isna() & column.notna())
        if not slips.size:
            return _finite(values, column, name)
        if slips.size <= (1 - MOSTLY) * column.notna().sum():
            _refuse_slips(column, name, slips, kind)
    return _words(column)


def _words(column):
    return column.astype(object).map(str, na_action="ignore").astype("category")


def _finite(numbers, column, name):
    odd = np.flatnonzero((np.abs(numbers) > LARGEST) | np.iscomplex(numbers))
    if odd.size:
        raise InputError(
            f"x must hold real numbers up to {LARGEST:g}; column {name!r} has {column[odd[0]]} in {rows(odd)}. "
            "Set them right, or make them missing: x.replace([np.inf, -np.inf], np.nan)"
        )
    return numbers.astype(float)


def _refuse_slips(column, name, slips, kind):
    way = {"numbers": "to_numeric", "dates": "to_datetime"}[kind]
    raise InputError(
        f"a column must be of one kind; {name!r} holds {kind}, but {listed(map(repr, column[slips]), most=3)} in "
        f"{rows(slips)}. Set it right, or make it missing: x[{name!r}] = pd.{way}(x[{name!r}], errors='coerce')"
    )


def _refuse_kinds(column, name):
    known = column[column.notna()]
    first = known.index[0]
    others = [row for row in known.index if type(known[row]) is not type(known[first])]
    values = [f"{readable(repr(known[row]))} in {rows([row])}" for row in (first, *others[:1])]
    raise InputError(
        f"a column must be numbers, dates or text, one of them alone; {name!r} has {' and '.join(values)}. "
        f"Make it text: x[{name!r}] = x[{name!r}].astype(str)"
    )
