"""Class numbers, the labels of the user's data, and names for people are three things, told apart."""

import datetime
import doctest
import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from itlm_kit import Classes, InputError, classes
from itlm_kit.classes import as_labels
from itlm_kit.names import listed, percent, readable, rows

KINDS = [
    [1, 2, 3],
    [-1, 1],
    [10, 20, 30],
    [0.5, 1.5],
    ["cat", "dog", "cow"],
    ["1", "10", "2"],
    [True, False],
    ["", " "],
    [b"a", b"b"],
    [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)],
]


def test_examples_in_docstrings_run():
    assert doctest.testmod(classes).failed == 0


@pytest.mark.parametrize("labels", KINDS, ids=str)
@pytest.mark.parametrize("kept_as", [list, np.array, pd.Series, pd.Categorical, lambda y: np.array(y, object)])
def test_labels_of_any_kind_come_back(labels, kept_as):
    y = [labels[i] for i in np.random.default_rng(0).integers(0, len(labels), 40)]
    found = Classes.of(kept_as(y))
    assert list(found.labels) == sorted(set(y))
    numbers = found.encode(kept_as(y))
    assert numbers.dtype == np.int64 and set(numbers) == set(range(len(found)))
    assert found.decode(numbers).tolist() == np.array(y, object).tolist()


@given(st.lists(st.integers(-(2**70), 2**70) | st.integers(0, 3), min_size=1))
def test_numbers_are_told_apart_however_large(y):
    found = Classes.of(y)
    assert found.decode(found.encode(y)).tolist() == y and found.labels == tuple(sorted(set(y)))


@given(st.lists(st.text(max_size=3), min_size=1))
def test_text_is_told_apart_however_like(y):
    found = Classes.of(y)
    assert found.decode(found.encode(y)).tolist() == y


def test_labels_may_be_tensors_or_of_pandas_own_kinds():
    assert Classes.of(torch.tensor([3, 1, 3])).labels == (1, 3)
    assert Classes.of(pd.Series([3, 1, 3], dtype="Int64")).labels == (1, 3)
    assert Classes.of(pd.Series(["b", "a"], dtype="string")).labels == ("a", "b")
    assert Classes.of(np.ma.masked_array([3, 1], [0, 0])).labels == (1, 3)
    assert Classes.of(np.array([2.0, 1.0])).encode([1, 2]).tolist() == [0, 1]


def test_the_order_may_be_ones_own_and_names_may_say_more():
    mine = Classes(["c", "a", "b"], ["see", "ay", "bee"])
    assert mine.encode(["a", "b", "c"]).tolist() == [1, 2, 0] and len(mine) == 3
    assert mine.decode([0, -1, np.nan, 2]).tolist() == ["c", None, None, "b"]
    assert mine.named([0, np.nan]).tolist() == ["see", None]
    assert Classes([5, 7]).named([1]).tolist() == [7] and Classes([5, 7]) == Classes((5, 7))
    assert json.loads(json.dumps(Classes(np.array([5, 7])).labels)) == [5, 7]


MISSING = {
    "None": np.array(["a", None, "b", None], object),
    "NaN": [0, np.nan, 1, float("nan")],
    "NaN among text": np.array(["a", np.nan, "b", np.nan], object),
    "pandas' NA": pd.Series(["a", None, "b", None], dtype="string"),
    "NA among numbers": pd.Series([1, None, 2, None], dtype="Int64"),
    "NaT": pd.Series(pd.to_datetime(["2020-01-01", None, "2021-01-01", None])),
    "masked": np.ma.masked_array([0, 1, 2, 3], [0, 1, 0, 1]),
    "a category": pd.Categorical(["a", None, "b", None]),
    "a tensor": torch.tensor([0, torch.nan, 1, torch.nan]),
}


@pytest.mark.parametrize("y", MISSING.values(), ids=MISSING)
@pytest.mark.parametrize("use", [as_labels, Classes.of, Classes([0, 1]).encode, Classes(["a", "b"]).encode])
def test_rows_without_a_label_are_named(y, use):
    with pytest.raises(InputError, match="labels must not be missing; got none in rows 1, 3, counted from 0. Label"):
        use(y)


@pytest.mark.parametrize(
    "y, words",
    [
        ([1, 1, "1"], "labels must be of one kind; got 1, a number, and in row 2, counted from 0, '1', a text"),
        (np.array([True, 1], object), "got True, a truth, and in row 1, counted from 0, 1, a number"),
        ([[1], [2]], r"labels must hold one label per sample, shape \(n,\); got shape \(2, 1\)"),
        (3, r"got shape \(\)"),
        ([{1}, {2}], "labels must be text, numbers or the like; got a set"),
        ([1j, 1 + 1j, 2j, None], "labels must not be missing"),
        ([object(), object()], "labels must have an order"),
    ],
)
def test_what_can_be_no_labels_is_refused(y, words):
    with pytest.raises(InputError, match=words):
        Classes.of(y)


def test_unknown_labels_are_named_with_their_row():
    with pytest.raises(InputError, match="y must be among 1, 2; row 2, counted from 0, has 3"):
        Classes([1, 2]).encode([1, 2, 3], "y")
    with pytest.raises(InputError, match="labels must be among 'a'; row 0, counted from 0, has 0"):
        Classes(["a"]).encode([0])
    with pytest.raises(InputError, match="labels must be one per class; got 'a' twice"):
        Classes(["a", "b", "a"])
    with pytest.raises(InputError, match="names must be one per class, 2; got 1"):
        Classes(["a", "b"], ["x"])


# Names in words


def test_names_that_are_no_utf_8_are_written_out():
    assert readable("caf\udce9/\udcff.png") == r"caf\xe9/\xff.png"
    assert readable("Bär 猫 $5 \\x") == "Bär 猫 $5 \\x" and readable("\ud800") == "\\ud800"


@given(st.binary(max_size=8))
def test_whatever_bytes_a_name_holds_it_can_be_written(name):
    text = readable(name.decode("utf-8", "surrogateescape"))
    assert text.encode() == name or "\\x" in text


def test_long_lists_are_cut_rows_counted_and_shares_in_percent():
    assert listed([1, 2, 3], most=2) == "1, 2 and 1 more" and listed([]) == ""
    assert rows([5]) == "row 5, counted from 0" and rows(range(3)) == "rows 0, 1, 2, counted from 0"
    assert percent(0.125) == "12 %" and percent(1 / 80, ".3g") == "1.25 %"
