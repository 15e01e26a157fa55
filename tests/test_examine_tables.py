"""Anyone's table: columns of any kind become numbers, wrong classes and numbers rank first, and what cannot is told."""

import datetime
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestRegressor, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted

from itlm_kit import InputError
from itlm_kit.examine import TableColumns, table
from itlm_kit.examine.examining import groups_of
from itlm_kit.examine.judges import held_out_logits, held_out_rounds
from itlm_kit.examine.reading import read_columns
from itlm_kit.examine.targets import task_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
FRAME = pd.DataFrame(X, columns=list("abc"))
SIGN = (X[:, 0] > 0).astype(int)
LINE = X @ [1.0, 2, 3] + 5
NOISY = LINE + RNG.normal(size=60)
FAST = GaussianNB()


def at(values, place, value):
    changed = np.array(values, float)
    changed[place] = value
    return changed


def quiet(*args, **more):
    """An examination that warns of nothing."""
    with warnings.catch_warnings(action="error"):
        return table(*args, **more)


def wine(labels, seed=0):
    """A shuffled frame of wines, with one in five labels wrong: x, y, is_bad."""
    x, y = load_wine(return_X_y=True, as_frame=True)
    rng = np.random.default_rng(seed)
    is_bad = rng.random(len(y)) < 0.2
    given = np.where(is_bad, (y + rng.integers(1, 3, len(y))) % 3, y)
    order = rng.permutation(len(y))
    return x.iloc[order], pd.Series(np.array(labels)[given], index=x.index, name="kind").iloc[order], is_bad[order]


# --- classes


@pytest.mark.parametrize("labels", [["rosso", "bianco", "nero"], [10.0, -1.0, 30.0]])
def test_wrong_classes_rank_first_in_the_users_own_labels(labels):
    x, y, is_bad = wine(labels)
    found = quiet(x, y)
    assert is_bad[found.suspects["index"][: is_bad.sum()]].mean() > 0.9
    assert 0.7 < found.alpha < 0.85 and (~found.kept).sum() == len(y) - int(found.alpha * len(y) + 1e-9)
    assert set(found.suspects["given"]) | set(found.suspects["likely"]) == set(labels)
    first = found.suspects.iloc[0]
    assert first["given"] == y.iloc[first["index"]] == y.loc[first["row"]] and first["likely"] != first["given"]
    assert f"given {first['given']} (0." in first["why"] and f"called {first['likely']} (0." in first["why"]
    assert (found.relabelled() == np.array(labels)[load_wine().target[x.index]]).mean() > 0.9
    assert found.looks.columns[-1] == "kind" and found.looks["kind"].tolist() == y.tolist()
    pd.testing.assert_frame_equal(found.kept_rows(x), x[found.kept])
    assert "a table of 178 rows and 13 columns" in str(found) and "randomised trees" in str(found)


def test_nobody_is_judged_by_a_model_that_has_seen_him():
    """A nearest neighbour knows every label of its own rows; of others it can only guess at random labels."""
    from sklearn.neighbors import KNeighborsClassifier

    y = np.random.default_rng(1).integers(0, 2, 60)
    outputs = held_out_logits(KNeighborsClassifier(1), X, y, folds=5, seed=0)
    assert 0.3 < (outputs.argmax(1) == y).mean() < 0.7


def test_outputs_are_in_the_order_of_the_labels_whatever_the_model():
    y = np.array(["no", "yes"])[SIGN]
    for model in (FAST, make_pipeline(TableColumns(), SVC()), RidgeClassifier()):
        outputs = held_out_logits(model, FRAME, y, folds=3, seed=0)
        assert outputs.shape == (60, 2) and (outputs.argmax(1) == SIGN).mean() > 0.8


def test_a_model_may_number_the_classes_its_own_way():
    class Backwards(GaussianNB):
        def fit(self, X, y):
            super().fit(X, y)
            self.classes_ = self.classes_[::-1]
            return self

        def predict_proba(self, X):
            return super().predict_proba(X)[:, ::-1]

    one, other = (held_out_logits(model, X, SIGN, folds=3, seed=0) for model in (FAST, Backwards()))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("model", [FAST, RidgeClassifier(), make_pipeline(TableColumns(), LogisticRegression())])
def test_a_model_of_the_users_is_cloned_and_never_fitted(model):
    model, (x, y, is_bad) = clone(model), wine(["a", "b", "c"])
    found = quiet(x, y, model=model)
    assert is_bad[found.suspects["index"][: is_bad.sum()]].mean() > 0.8
    with pytest.raises(Exception, match="not fitted"):
        check_is_fitted(model)
    name = type(model[-1] if hasattr(model, "steps") else model).__name__
    assert name in found.report.how
    assert ("(0." in found.suspects["why"][0]) == hasattr(model, "predict_proba")


def test_the_seed_fixes_all():
    x, y, _ = wine(["a", "b", "c"])
    one, two, other = (table(x, y, model=FAST, seed=seed).suspects for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(one, two)
    assert (one["score"] != other["score"]).any()


def test_a_given_alpha_is_kept_to_in_all_or_in_each_group():
    whole = table(X, SIGN, model=FAST, alpha=0.8)
    assert whole.alpha == 0.8 and whole.kept.sum() == 48 and "(alpha): as you gave it" in str(whole)
    for groups in ("class", SIGN):
        kept = table(X, SIGN, model=FAST, alpha=0.8, groups=groups).kept
        assert [kept[SIGN == c].sum() for c in (0, 1)] == [int(0.8 * (SIGN == c).sum()) for c in (0, 1)]


def test_columns_that_say_nothing_of_the_classes_are_refused():
    y = np.random.default_rng(3).integers(0, 2, 300)
    noise = np.random.default_rng(4).normal(size=(300, 4))
    for alpha in (None, 0.8):
        with pytest.raises(InputError, match="x must tell the classes apart; models .* agree with .* Add columns"):
            table(noise, y, model=FAST, alpha=alpha)


def test_a_model_that_calls_all_by_the_largest_class_is_refused():
    y = np.where(np.arange(60) < 9, "rare", "usual")
    with pytest.raises(InputError, match="agree with 85 % of the labels, and the largest class alone has 85 %"):
        table(X, y, model=DummyClassifier(strategy="most_frequent"))


def test_a_class_that_is_never_called_is_told():
    x = np.random.default_rng(0).normal(size=(300, 4))
    y = np.where(np.random.default_rng(1).random(300) < 0.06, "rare", np.where(x[:, 0] > 0, "up", "down"))
    with pytest.warns(UserWarning, match="Never called .*: rare. All rows of such a class are suspects"):
        found = table(x, y)
    assert "Never called" in str(found)


def test_rare_classes_are_told_by_the_users_labels():
    x, y = X.copy(), np.where(np.arange(60) < 3, "owl", np.where(SIGN, "bat", "cat"))
    x[:3] += 20
    with pytest.warns(UserWarning, match="fewer samples than the 5 folds: 1 of 3; owl has 3. Use folds=3"):
        found = table(x, y, model=FAST)
    assert found.suspects.set_index("index")["likely"][:3].notna().all()


# --- numbers


def diabetes():
    """Patients, and their progress with the point slipped in every fifth row: x, y, is_bad."""
    x, y = load_diabetes(return_X_y=True, as_frame=True)
    is_bad = np.random.default_rng(0).random(len(y)) < 0.2
    return x.set_axis([f"p{i}" for i in range(len(y))]), y.set_axis([f"p{i}" for i in range(len(y))]), is_bad


@pytest.mark.parametrize("model", [None, LinearRegression(), KNeighborsRegressor(10)])
def test_slipped_points_rank_first_and_are_dropped(model):
    x, clean, is_bad = diabetes()
    y = clean.where(~is_bad, 10 * clean)
    found = quiet(x, y, model=model)
    assert is_bad[found.suspects["index"][: is_bad.sum()]].mean() > 0.95
    assert 0.76 < found.alpha < 0.83 and is_bad[~found.kept].mean() > 0.9
    first = found.suspects.iloc[0]
    assert first["row"] == f"p{first['index']}" and first["target"] == y[first["row"]]
    assert first["score"] == pytest.approx(abs(first["target"] - first["predicted"]))
    assert first["why"].startswith(f"given {first['target']:.6g}, predicted {first['predicted']:.4g}: off by ")
    with pytest.raises(InputError, match="relabelled needs classes"):
        found.relabelled()


@pytest.mark.parametrize("model", [None, LinearRegression()])
def test_clean_numbers_are_all_kept(model):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 5))
    found = quiet(x, x @ [1, 2, 3, 0, 0] + rng.normal(size=300), model=model)
    assert found.alpha == 1 and "nothing stands out" in str(found)


def test_many_columns_do_not_make_clean_numbers_suspects():
    """A fit to half of the rows meets those almost exactly; the others would look like a second heap."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 60))
    assert quiet(x, x @ rng.normal(size=60) + rng.normal(size=200)).alpha == 1


def test_slips_in_the_columns_do_not_hide_those_in_the_target():
    rng = np.random.default_rng(0)
    x = rng.normal(3, 1, size=(300, 5))
    y = x @ rng.normal(size=5) + 0.5 * rng.normal(size=300)
    slipped = rng.random(300) < 0.03
    x[slipped, 0] *= 10
    assert slipped[table(x, y).suspects["index"][: slipped.sum()]].mean() > 0.7


def test_a_model_that_learns_by_heart_still_finds_them():
    x, clean, is_bad = diabetes()
    forest = RandomForestRegressor(5, min_samples_leaf=1, bootstrap=False, max_features=3, random_state=0)
    found = table(x, clean.where(~is_bad, 10 * clean), model=forest, alpha=0.8)
    assert is_bad[found.suspects["index"][: is_bad.sum()]].mean() > 0.9


def test_rounds_fit_to_the_kept_of_the_other_folds_alone():
    seen = []

    class Watched(LinearRegression):
        def fit(self, X, y):
            seen.append(X[:, 0].astype(int))
            return super().fit(X, y)

    x = np.column_stack([np.arange(40), RNG.normal(size=40)])
    first, second = held_out_rounds(
        Watched(), x, x[:, 1] + at(np.zeros(40), 7, 99), alpha=0.75, rounds=2, folds=4, seed=0
    )
    assert len(seen) == 8 and not first.kept[7] and second.state.shape == (40,)
    assert [len(rows) for rows in seen[:4]] == [30] * 4
    for rows, kept in zip(seen[4:], [first.kept] * 4, strict=True):
        assert kept[rows].all() and len(rows) < 30


@pytest.mark.parametrize(
    "y, alpha",
    [
        (LINE, 1.0),
        (np.full(60, 2.8), 1.0),
        (np.full(60, 0.5), 1.0),
        (at(LINE, slice(10), 99), 50 / 60),
        (1e-9 * LINE, 1.0),
    ],
)
def test_exact_targets_are_kept_and_nothing_else_is_dropped(y, alpha):
    found = quiet(X, y, task="numbers")
    assert found.alpha == pytest.approx(alpha) and (~found.kept).sum() == round(60 * (1 - alpha))
    assert set(np.flatnonzero(~found.kept)) <= set(range(10))


def test_one_outlier_in_an_exact_line():
    x = np.arange(1.0, 17)[:, None]
    assert np.flatnonzero(~quiet(x, np.r_[0.1 * x[:15, 0], 1000]).kept).tolist() == [15]


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_the_target_does_not_matter(unit):
    x, y, is_bad = diabetes()
    y = y.where(~is_bad, 10 * y)
    assert (table(x, unit * y).kept == table(x, y).kept).all()


def test_columns_that_say_nothing_of_the_numbers_are_told():
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="The columns say little of y"):
        found = table(rng.normal(size=(300, 3)), rng.normal(size=300))
    assert "The columns say little of y" in str(found)


# --- which of the two


@pytest.mark.parametrize(
    "y, task",
    [
        (["a", "b"] * 30, "classes"),
        (SIGN > 0, "classes"),
        ([True, False, True], "classes"),
        (pd.Series(SIGN > 0).astype("boolean"), "classes"),
        (pd.Series(["a", None] * 30, dtype="string"), "classes"),
        (pd.Series(LINE.round()).astype("category"), "classes"),
        (SIGN, "classes"),
        (SIGN - 0.0, "classes"),
        (pd.Series([*SIGN[:-1], None], dtype="Int64"), "classes"),
        ([*SIGN[:-1], None], "classes"),
        (np.arange(60) % 12, "classes"),
        (np.arange(60) % 13, "numbers"),  # 4.6 rows each
        (np.repeat(np.arange(21), 9), "numbers"),
        (np.repeat(np.arange(20), 9), "classes"),
        (LINE, "numbers"),
        (SIGN + 0.5, "numbers"),
        ([Decimal("1.5")] * 60, "numbers"),
        (pd.Series(LINE, dtype="Float64"), "numbers"),
        (torch.tensor(LINE), "numbers"),
    ],
)
def test_classes_or_numbers_by_the_rule(y, task):
    assert task_of(y) == task


def test_the_model_and_the_caller_know_better_than_the_rule():
    assert task_of(SIGN, model=Ridge()) == task_of(SIGN, task="numbers") == "numbers"
    assert task_of(LINE, model=FAST) == task_of(LINE, model=Ridge(), task="classes") == "classes"
    assert "target" in table(X, NOISY.round(), model=LinearRegression()).suspects


# --- reading columns


DATES = pd.date_range("2020", periods=60)
MANY = {
    "int": range(60),
    "Int": pd.array([*range(59), None], dtype="Int64"),
    "decimal": [Decimal(i) / 7 for i in range(60)],
    "number, some missing": pd.Series([*range(59), pd.NA], dtype=object),
    "sparse": pd.arrays.SparseArray(np.arange(60.0) % 2),
    "date": DATES,
    "date with zone": DATES.tz_localize("Europe/Berlin"),
    "dates of Python": [*DATES.date[:-1], None],
    "period": pd.period_range("2020", periods=60, freq="M"),
    "span": pd.to_timedelta(range(60), "h"),
    "numbers as text": [f"{i / 7}" for i in range(60)],
    "dates as text": DATES.strftime("%Y-%m-%d"),
}
WORDS = {
    "bool": SIGN > 0,
    "boolean": pd.array([True, None] * 30, dtype="boolean"),
    "text": ["a", None, "b"] * 20,
    "string": pd.array(["a", None] * 30, dtype="string"),
    "category": pd.Categorical(SIGN),
    "interval": pd.cut(X[:, 0], 3),
    "codes": ["01", "02"] * 30,
    "truth": pd.Series([True, None] * 30, dtype=object),
}


@pytest.mark.parametrize("kind", MANY)
def test_columns_of_numbers(kind):
    read = read_columns(pd.DataFrame({"b": X[:, 0], "a": MANY[kind]}))["a"]
    assert read.dtype == float and read.isna().sum() <= 1
    assert read.nunique() == (2 if kind == "sparse" else 60 - read.isna().sum())


@pytest.mark.parametrize("kind", WORDS)
def test_columns_of_words(kind):
    frame = pd.DataFrame({"a": WORDS[kind]})
    read = read_columns(frame)["a"]
    assert read.dtype == "category" and (read.isna() == frame["a"].isna()).all()
    assert all(isinstance(level, str) for level in read.cat.categories)
    assert read_columns(read.to_frame())["a"].tolist() == read.tolist()


def test_dates_are_counted_in_days():
    for dates in (DATES, DATES.tz_localize("UTC"), DATES.strftime("%Y-%m-%d"), [datetime.date(2020, 1, 1)] * 60):
        days = read_columns(pd.DataFrame({"a": dates}))["a"]
        assert days[0] == 18262 and (days.diff()[1:] == (1 if isinstance(dates, pd.Index) else 0)).all()


def test_table_columns_by_hand():
    frame = pd.DataFrame({"n": [0.0, np.nan, 2.0, 4.0] * 5, "w": ["a", "b", "b", None] * 5})
    z = TableColumns().fit_transform(frame)
    np.testing.assert_allclose(z[:4, 0], np.array([-2, 0, 0, 2]) / np.sqrt(2))  # median 2 for the missing one, mean 2
    np.testing.assert_allclose(z[:4, 1], np.array([-1, 3, -1, -1]) / np.sqrt(3))  # where it is missing
    assert z[:4, 2:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_rare_and_unknown_words_share_a_column():
    frame = pd.DataFrame({"w": ["a"] * 8 + ["b"] * 5 + list("cdef")})
    columns = TableColumns().fit(frame)
    z = columns.transform(pd.DataFrame({"w": ["a", "b", "c", "f", "never seen", None]}))
    assert z.tolist() == [[1, 0, 0], [0, 1, 0]] + [[0, 0, 1]] * 4
    towns = pd.DataFrame({"w": [f"town {i % 100}" for i in range(1000)]})
    assert TableColumns().fit_transform(towns).shape == (1000, 20)


def test_columns_that_say_nothing_are_passed_over_by_name():
    frame = FRAME.assign(id=[f"id{i}" for i in range(60)], one=1, none=None, text="x", gap=[None, 2.0] * 30)
    columns = TableColumns().fit(frame)
    assert columns.passed_over_ == ["id", "one", "none", "text"]
    found = table(frame, LINE)
    assert "passed over: id, one, none, text" in str(found) and "id" in found.looks


def test_a_column_of_ids_costs_no_columns():
    frame = pd.DataFrame({"a": range(5000), "id": [f"i{i}" for i in range(5000)]})
    assert TableColumns().fit_transform(frame).shape == (5000, 1)


@pytest.mark.parametrize(
    "names", [["a", "a", "b"], [0, 1, 2], ["a", 1, ("t", 2)], pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])]
)
def test_columns_may_be_called_anything(names):
    found = quiet(pd.DataFrame(X, columns=names), LINE)
    assert found.looks.shape == (60, 4) and found.looks.columns[-1] == "target"


@pytest.mark.parametrize(
    "x", [X, X.tolist(), torch.tensor(X), np.ma.masked_array(X, X > 9), X.astype(object), csr_matrix(X), FRAME]
)
def test_tables_of_any_kind(x):
    assert quiet(x, NOISY).suspects["index"].tolist() == quiet(FRAME, NOISY).suspects["index"].tolist()


def test_a_masked_value_is_missing():
    assert np.isnan(read_columns(np.ma.masked_array(X, X > 2))).to_numpy().sum() == (X > 2).sum() > 0


def test_a_sparse_matrix_goes_to_the_users_model_as_it_is():
    class Sparse(LogisticRegression):
        def fit(self, X, y):
            assert X.format == "csr"
            return super().fit(X, y)

    wide = np.hstack([X, np.zeros((60, 2000))])
    found = quiet(coo_matrix(wide), SIGN, model=Sparse())
    assert found.alpha > 0.9 and found.looks.shape == (60, 2001)


def test_index_and_position_are_both_told():
    x, y = FRAME.set_axis([7] * 60), pd.Series(SIGN, index=[7] * 60)  # not even one name each
    assert quiet(x, y, model=FAST).suspects["row"].tolist() == [7] * 60
    assert "row" not in quiet(X, SIGN, model=FAST).suspects
    assert quiet(X, y, model=FAST).suspects["row"].tolist() == [7] * 60


def test_nothing_of_the_users_is_changed():
    x, y = FRAME.assign(w=["a", None] * 30), pd.Series(LINE, name="a")
    before = x.copy(), y.copy()
    table(x, y)
    pd.testing.assert_frame_equal(x, before[0])
    pd.testing.assert_series_equal(y, before[1])


@pytest.mark.parametrize("y, leak", [(SIGN, np.array(["no", "yes"])[SIGN]), (LINE, LINE), (SIGN, 1 - SIGN)])
def test_a_column_that_repeats_the_target_is_told(y, leak):
    with pytest.warns(UserWarning, match="Columns that repeat y, right or wrong: 'd'") as told:
        found = table(FRAME.assign(d=leak), y)
    assert told[0].filename == __file__ and "'d'" in str(found)


def test_groups_are_the_given_classes_or_told():
    assert groups_of(None, SIGN, 60) is None and groups_of("class", SIGN, 60) is SIGN
    assert groups_of(["a", "b", "a"], None, 3).tolist() == [0, 1, 0]


# --- what is refused, with the remedy


TEXT = FRAME.assign(t=["x", "y"] * 30)


@pytest.mark.parametrize(
    "x, y, more, words",
    [
        (X, at(SIGN, 5, np.nan), {}, "y must not be missing; got none in row 5, counted from 0. Label these, or drop"),
        (X, at(LINE, [5, 7], np.nan), {}, "y must not be missing; got none in rows 5, 7, counted from 0"),
        (X, ["a", None] * 30, {}, "y must not be missing; got none in rows 1, 3, 5"),
        (X, at(LINE, 5, np.inf), {}, "y must hold finite numbers; got inf in row 5"),
        (X, ["a"] * 60, {"task": "numbers"}, "y must hold finite numbers; got 'a' in rows 0, 1.*task=\"classes\""),
        (X, SIGN * 0, {}, "y must hold two classes at least; got 1. Is it the right column"),
        (X, at(SIGN, 5, 7), {}, "1 of 3 have one: 7.0, in row 5, .* Merge them .*task=\"numbers\""),
        (X, [1, "a"] * 30, {}, "y must be of one kind; got 1, a number, and in row 1"),
        (X, SIGN[:, None], {}, r"y must be one column, shape \(n,\); got shape \(60, 1\). Take y.iloc"),
        (X, SIGN[:-1], {}, "x and y must have a row for each sample; got 60 and 59"),
        (FRAME, pd.Series(SIGN)[::-1], {}, "labels must be in the order of the samples; row 0, .* Pass y.loc"),
        (X[:, 0], SIGN, {}, r"x must be a table, shape \(n, d\), .* got shape \(60,\). Of one column make x.to_frame"),
        (X[:, :, None], SIGN, {}, "x must be a table"),
        (X[:, :0], SIGN, {}, "x must be a table"),
        ([[1], [1, 2]], [0, 1], {}, "x must be a table; its rows are not of one length"),
        (np.ones((60, 2)), SIGN, {}, "x must have a column that says something; all are constant"),
        (FRAME.assign(d=at(X[:, 0], 4, np.inf)), SIGN, {}, "column 'd' has inf in row 4, .* x.replace"),
        (FRAME.assign(d=1j), SIGN, {}, "x must hold real numbers .* column 'd' has 1j"),
        (FRAME.assign(d=[1, "a"] * 30), SIGN, {}, "'d' has 1 in row 0, .* and 'a' in row 1, .*astype"),
        (FRAME.assign(d=[[1]] * 60), SIGN, {}, r"'d' has \[1\] in row 0"),
        (
            FRAME.assign(d=[f"{i}" for i in range(59)] + ["12..5"]), SIGN, {},
            r"'d' holds numbers, but '12..5' in row 59, .* x\['d'\] = pd.to_numeric\(x\['d'\], errors='coerce'\)",
        ),
        (
            FRAME.assign(d=[*DATES.strftime("%Y-%m-%d")[:-1], "2020-13-45"]), SIGN, {},
            "'d' holds dates, but '2020-13-45' in row 59, .* pd.to_datetime",
        ),
        (np.zeros((60, 2001)), SIGN, {}, "x must have at most 2,000 columns, or a model of yours"),
        (np.tile(X, 7), LINE, {}, "3 rows for each feature .* 60 rows and 21, .* RidgeCV"),
        (X, SIGN, {"task": "regression"}, "task must be one of classes, numbers"),
        (X, SIGN, {"alpha": 1.3}, r"alpha must lie in \(0, 1\]"),
        (X, SIGN, {"folds": 1}, "folds must be a whole number of at least 2"),
        (X, LINE, {"folds": 61}, "folds must be at most the 60 rows; got 61"),
        (X, SIGN, {"seed": None}, "seed must be a whole number"),
        (X, SIGN, {"groups": "colour"}, "groups must be one of class"),
        (X, SIGN, {"groups": [1, 2]}, "groups must have one label per sample, 60; got 2"),
        (X, LINE, {"groups": "class"}, "groups=\"class\" needs classes"),
        (X, SIGN, {"model": LogisticRegression}, "model must be .* with its brackets"),
        (X, SIGN, {"model": "forest"}, "model must be a scikit-learn model or Pipeline"),
        (X, SIGN, {"model": Ridge(), "task": "classes"}, "model must be for classes, as task says; Ridge is not"),
        (X, SIGN, {"model": FAST, "task": "numbers"}, "model must be for numbers, as task says; GaussianNB is not"),
        (X, SIGN, {"model": VotingClassifier([("a", FAST)])}, "must have predict_proba or .*voting='soft'"),
        (TEXT, SIGN, {"model": FAST}, r"GaussianNB does not: could not convert string to float: '.'\. TableColumns"),
        (at(X, (3, 1), np.nan), LINE, {"model": Ridge()}, r"Ridge does not: Input X contains NaN\. TableColumns"),
    ],
)  # fmt: skip
def test_what_cannot_be_handled_is_refused_with_the_remedy(x, y, more, words):
    with pytest.raises(InputError, match=words):
        quiet(x, y, **more)


def test_transform_wants_the_columns_of_fit():
    with pytest.raises(InputError, match="x must have the 3 columns fitted to; got 2"):
        TableColumns().fit(X).transform(X[:, :2])


def test_the_remedies_work():
    pipeline = make_pipeline(TableColumns(), FAST)
    assert quiet(TEXT, SIGN, model=pipeline).alpha > 0.8
    assert quiet(at(X, (3, 1), np.nan), LINE, model=make_pipeline(TableColumns(), Ridge()), alpha=0.8).alpha


def test_a_wrong_label_among_iris_flowers_is_the_first():
    x, y = load_iris(return_X_y=True)
    assert quiet(x, at(y, 10, 2)).suspects["index"][0] == 10
