"""Columns of any kind as the numbers that models take."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from itlm_kit.errors import InputError
from itlm_kit.examine.reading import read_columns

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_LEVELS = 20  # of a column of text; the rest of them share one
FEWEST_ROWS = 5  # that a level needs


class TableColumns(TransformerMixin, BaseEstimator):
    """Any table as numbers, without a value missing: the first step of a scikit-learn Pipeline.

    Numbers are standardised, a missing one counts as the median and is told by a column of its own. Text, categories
    and truth values get a column for each of their 20 most frequent values that 5 rows have at least; the others share
    one. After `fit`: passed_over_, the columns that say nothing: those of one value or none, and text that hardly
    repeats, such as people's names. Raises InputError as `read_columns`, and where all columns are passed over.
    """

    def fit(self, X: "DataFrame | ArrayLike", y: Any = None) -> Self:
        """Learn medians, scales and levels from a table X (n, d); returns self."""
        columns = read_columns(X)
        telling = [i for i in range(columns.shape[1]) if _tells(columns.iloc[:, i])]
        self.passed_over_ = [name for i, name in enumerate(columns) if i not in telling]
        self.n_features_in_ = columns.shape[1]
        if not telling:
            raise InputError("x must have a column that says something; all are constant, or text that hardly repeats.")
        self.words_ = [i for i in telling if columns.dtypes.iloc[i].kind == "O"]
        numbers = [i for i in telling if i not in self.words_]
        self.transformer_ = make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
            (_levels(), self.words_),
            sparse_threshold=0,
        ).fit(self._by_position(columns))
        return self

    def transform(self, X: "DataFrame | ArrayLike") -> np.ndarray:
        """The numbers (n, features) of a table that has the columns of the one fitted to."""
        check_is_fitted(self)
        columns = read_columns(X)
        if columns.shape[1] != self.n_features_in_:
            raise InputError(f"x must have the {self.n_features_in_} columns fitted to; got {columns.shape[1]}.")
        return self.transformer_.transform(self._by_position(columns))

    def _by_position(self, columns):
        import pandas as pd  # here, so that the package stays light

        as_kind = (_as_words if i in self.words_ else _as_numbers for i in range(columns.shape[1]))
        parts = [cast(columns.iloc[:, i]) for i, cast in enumerate(as_kind)]
        return pd.concat(parts, axis=1, ignore_index=True)


def _tells(column):
    counts = column.value_counts(dropna=False)
    return len(counts) > 1 and (column.dtype.kind != "O" or counts.iloc[0] >= FEWEST_ROWS)


def _levels():
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MOST_LEVELS, min_frequency=FEWEST_ROWS, sparse_output=False
    )


def _as_words(column):
    return column.astype(object).map(str, na_action="ignore").where(column.notna(), None)


def _as_numbers(column):
    import pandas as pd

    return column if column.dtype.kind == "f" else pd.to_numeric(column.astype(object), errors="coerce")
