"""Recording in anyone's loop: from logits, from a DataLoader that tells indices, from partial_fit."""

import doctest

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from silence import no_warnings
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import Perceptron, SGDClassifier, SGDRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from itlm_kit import Classes, Indexed, InputError, TrajectoryRecorder, rank_suspects, record_partial_fit
from itlm_kit.trajectories import fields, hooks, known_as, logits, merging, recorder, repeats, scores, storage, suspects
from itlm_kit.trajectories.logits import measure

MODULES = [fields, hooks, known_as, logits, merging, recorder, repeats, scores, storage, suspects]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_examples_in_docstrings_run(module):
    assert doctest.testmod(module).failed == 0


def test_there_are_examples_to_run():
    assert sum(doctest.testmod(module).attempted for module in (hooks, recorder)) >= 15


# From logits


def test_what_logits_say_by_hand():
    found = measure(np.log([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]]), [0, 1])
    np.testing.assert_allclose(found.loss, -np.log([0.5, 0.2]))
    np.testing.assert_allclose(found.confidence, [0.5, 0.2])
    np.testing.assert_allclose(found.margin, np.log([0.5 / 0.25, 0.2 / 0.7]))
    assert found.correct.tolist() == [True, False] and found.called.tolist() == [0, 2]


def test_a_class_may_have_probability_zero():
    inf = np.inf
    found = measure([[1.0, 2, -inf], [0, 3, -inf], [0, 0, -inf], [0, -inf, -inf]], [0, 1, 2, 0])
    np.testing.assert_allclose(found.loss, [np.log(1 + np.e), np.log(1 + np.exp(-3)), inf, 0])
    np.testing.assert_allclose(found.confidence, [1 / (1 + np.e), 1 / (1 + np.exp(-3)), 0, 1])
    assert found.margin.tolist() == [-1, 3, -inf, inf]
    assert found.correct.tolist() == [False, True, False, True] and found.called.tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("row", [[np.nan, 0], [0, np.nan], [np.inf, 0], [0, np.inf], [np.inf] * 2, [-np.inf] * 2])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_outputs_without_a_softmax_are_an_infinite_loss_and_said_once(row):
    """Half precision that overflows, a step that diverged: the training goes on, and so does the recording."""
    mine = TrajectoryRecorder(3, 2)
    with pytest.warns(UserWarning, match="loss that is no number counts as infinite; sample 2 has one in epoch 0. Low"):
        mine.record_logits(0, [0, 2], [[2.0, 0], row], [0, 0])
    with no_warnings():
        mine.record_logits(1, [0, 2], torch.tensor([[2.0, 0], row]).half(), [0, 0])
    for field, value in {"losses": np.inf, "correct": 0, "margin": -np.inf, "confidence": 0, "called": np.nan}.items():
        np.testing.assert_array_equal(getattr(mine, field)[:, 2], [value, value])
    assert np.isfinite(mine.losses[:, 0]).all() and np.isnan(mine.losses[:, 1]).all()


def test_losses_are_torchs_cross_entropy_for_large_outputs_too():
    z, y = 500 * torch.randn(50, 7, generator=torch.Generator().manual_seed(0)), torch.arange(50) % 7
    np.testing.assert_allclose(
        measure(z, y).loss, functional.cross_entropy(z, y, reduction="none"), rtol=1e-6, atol=1e-6
    )
    assert np.isfinite(measure(z, y).loss).all()


def test_a_network_on_any_dtype_is_recorded():
    model, mine = torch.nn.Linear(4, 3).to(torch.bfloat16), TrajectoryRecorder(5, 1)
    x, y = torch.randn(5, 4, dtype=torch.bfloat16), torch.tensor([0, 1, 2, 0, 1])
    mine.record_logits(0, torch.arange(5), model(x), y)
    assert mine.seen.all() and mine.given.tolist() == y.tolist()


@pytest.mark.parametrize(
    "z, y, message",
    [
        (np.zeros((2, 3)), [0], r"labels must be 2 whole numbers, one per row of logits; got int64 of shape \(1,\)"),
        (np.zeros((2, 3)), [0.0, 1.0], "labels must be 2 whole numbers"),
        (np.zeros((2, 3)), [0, 3], r"labels must lie in 0\.\.2, the columns of logits; got 0\.\.3"),
        (np.zeros((2, 3)), [-1, 0], r"labels must lie in 0\.\.2"),
        (np.zeros(2), [0, 0], r"logits must have shape \(m, classes\), at least 2 classes; got \(2,\)"),
        (np.zeros((2, 1)), [0, 0], "pass the columns 0 and z"),
        (np.zeros((2, 3)), [0, -100], r"got -100\.\.0. Leave out samples without a label, such as .* ignore_index"),
        (np.zeros((3, 3)), [0, 1, 2], r"losses must have one value per index, shape \(2,\); got \(3,\)"),
    ],
)
def test_bad_logits_are_refused_and_write_nothing(z, y, message):
    mine = TrajectoryRecorder(4, 2)
    with pytest.raises(InputError, match=message):
        mine.record_logits(0, [1, 2], z, y)
    assert not mine.seen.any() and np.isnan(mine.given).all()


def test_logits_of_another_width_are_refused():
    mine = TrajectoryRecorder(4, 2)
    mine.record_logits(0, [0, 1], np.zeros((2, 3)), [0, 1])
    with pytest.raises(InputError, match="as many columns as before, 3; got 4"):
        mine.record_logits(0, [2, 3], np.zeros((2, 4)), [0, 1])
    mine.record_logits(0, [2, 3], np.zeros((2, 3)), [0, 1])


def test_a_first_batch_that_is_refused_settles_no_width():
    mine = TrajectoryRecorder(4, 2)
    with pytest.raises(InputError, match="index must lie in"):
        mine.record_logits(0, [0, 9], np.zeros((2, 3)), [0, 1])
    mine.record_logits(0, [0, 1], np.zeros((2, 4)), [0, 1])


def test_an_index_that_counts_the_batch_shows_by_its_labels():
    """The mistake of loops that number each batch from 0, or shuffle the labels apart from the index."""
    mine, labels = TrajectoryRecorder(6, 2), np.array([0, 1, 2, 0, 1, 2])
    mine.record_logits(0, np.arange(6), np.zeros((6, 3)), labels)
    with pytest.raises(InputError, match="must keep its given label; sample 0 had 0 and now has 2"):
        mine.record_logits(1, np.arange(3), np.zeros((3, 3)), labels[[2, 0, 1]])
    with pytest.raises(InputError, match="must keep its given label; sample 4 had 0 and now has 1"):  # in one batch
        TrajectoryRecorder(6, 2).record_logits(0, [4, 4], np.zeros((2, 3)), [1, 0])
    assert mine.epochs == 1


@settings(max_examples=60)
@given(st.data())
@pytest.mark.filterwarnings("ignore:sample .* came more than once")
def test_rows_never_shift(data):
    """Any batches in any order, some refused: a value is in its own sample's column or nowhere."""
    n, epochs = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 4))
    mine, labels = TrajectoryRecorder(n, 2), np.arange(n) % 2
    outputs = lambda epoch, index: np.stack([0.1 * epoch + index, np.zeros(len(index))], 1)  # noqa: E731
    seen = np.zeros((epochs, n), bool)
    for epoch in range(epochs):
        mine.record_logits(epoch, np.zeros(0, int), np.zeros((0, 2)), np.zeros(0, int))
        for _ in range(data.draw(st.integers(0, 3))):
            index = np.array(data.draw(st.lists(st.integers(-1, n), max_size=n)), int)
            fine = ((0 <= index) & (index < n)).all()
            try:
                mine.record_logits(epoch, index, outputs(epoch, index), labels[index % n])
            except InputError:
                assert not fine
            else:
                assert fine
                seen[epoch, index] = True
    at = np.arange(n)
    expected = [measure(outputs(epoch, at), labels) for epoch in range(epochs)]
    for field, name in {"losses": "loss", "margin": "margin", "confidence": "confidence", "called": "called"}.items():
        rows = np.array([getattr(row, name) for row in expected], np.float32)
        np.testing.assert_array_equal(getattr(mine, field), np.where(seen, rows, np.nan))
    np.testing.assert_array_equal(mine.given, np.where(seen.any(0), labels, np.nan))


# From a DataLoader that tells indices


def test_samples_that_a_loader_drops_are_not_seen():
    loader = DataLoader(Indexed(TensorDataset(torch.zeros(9), torch.arange(9) % 3)), 4, shuffle=True, drop_last=True)
    mine = TrajectoryRecorder(9, 3)
    for epoch in range(3):
        for index, x, y in loader:
            mine.record_logits(epoch, index, torch.zeros(len(x), 3), y)
    assert mine.seen.sum(1).tolist() == [8, 8, 8]


@pytest.mark.parametrize("workers", [0, 2])
def test_samples_come_with_their_own_number_whatever_the_order(workers):
    x = torch.arange(40.0)[:, None]
    loader = DataLoader(Indexed(TensorDataset(x, torch.arange(40) % 4)), 7, shuffle=True, num_workers=workers)
    seen = []
    for index, images, labels in loader:
        assert index.tolist() == images[:, 0].tolist() and (labels == index % 4).all()
        seen += index.tolist()
    assert sorted(seen) == list(range(40)) and seen != list(range(40))


def test_samples_of_one_part_and_from_the_end():
    images = Indexed([10, 20, 30])
    assert (len(images), images[0], images[-1], list(images)) == (3, (0, 10), (2, 30), [(0, 10), (1, 20), (2, 30)])
    assert Indexed([{"x": 5}])[torch.tensor(0)] == (0, {"x": 5})
    with pytest.raises(IndexError):
        images[3]


def test_a_stream_of_samples_is_refused():
    with pytest.raises(InputError, match="dataset must have a length and samples by number; generator has not"):
        Indexed(x for x in range(3))


# From partial_fit

IRIS = load_iris(return_X_y=True)


@pytest.mark.parametrize(
    "estimator",
    [
        SGDClassifier(loss="log_loss", random_state=0),
        SGDClassifier(loss="hinge", random_state=0),
        MLPClassifier((5,), random_state=0),
        GaussianNB(),
        Perceptron(random_state=0),
    ],
    ids=lambda e: type(e).__name__,
)
@pytest.mark.parametrize("classes", [2, 3])
def test_estimators_are_recorded_as_they_predict(estimator, classes):
    x, y = (part[: 50 * classes] for part in IRIS)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    estimator = clone(estimator)
    mine = record_partial_fit(estimator, x, names, epochs=3)
    assert (mine.epochs, mine.measured) == (3, "after") and np.isfinite(mine.losses).all()
    np.testing.assert_array_equal(estimator.classes_[mine.called[-1].astype(int)], estimator.predict(x))
    np.testing.assert_array_equal(mine.correct[-1], estimator.predict(x) == names)
    np.testing.assert_array_equal(mine.given, y)
    if hasattr(estimator, "predict_proba"):
        np.testing.assert_allclose(mine.confidence[-1], estimator.predict_proba(x)[np.arange(len(y)), y], atol=1e-6)


def test_a_partial_fit_can_be_kept_on_disk(tmp_path):
    record_partial_fit(GaussianNB(), *IRIS, epochs=2, folder=tmp_path)
    assert TrajectoryRecorder.load(tmp_path).seen.all()


@pytest.mark.parametrize("estimator", [SGDRegressor(), object()])
def test_estimators_that_cannot_are_refused_before_any_fit(estimator):
    with pytest.raises(InputError, match="estimator must have partial_fit, and predict_proba or decision_function"):
        record_partial_fit(estimator, *IRIS, epochs=2)


@pytest.mark.parametrize(
    "y, message",
    [
        (IRIS[1][:-1], r"y must have one label per row of x; got shapes \(150, 4\) and \(149,\)"),
        (IRIS[1][:, None], r"one label per row of x; got shapes \(150, 4\) and \(150, 1\)"),
        (None, r"one label per row of x; got shapes \(150, 4\) and \(\)"),
        (np.zeros(150), "y must hold labels of two classes at least; got 1"),
        (
            IRIS[0][:, 0],
            "y must hold text or whole numbers as labels; row 0, counted from 0, has 5.1. Numbers to predict",
        ),
        ([*IRIS[1][:-1], "2"], "y must be of one kind; got 0, a number, and in row 149, counted from 0, '2', a text"),
    ],
)
def test_labels_that_do_not_fit_are_refused_before_a_folder_is_taken(y, message, tmp_path):
    with pytest.raises(InputError, match=message):
        record_partial_fit(GaussianNB(), IRIS[0], y, epochs=1, folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("table", [csr_array, lambda x: pd.DataFrame(x, index=range(9, 159))])
def test_tables_sparse_or_named_are_taken(table):
    x, names = table(IRIS[0]), pd.Series(IRIS[1], index=range(9, 159)).map("abc".__getitem__)
    estimator = SGDClassifier(loss="log_loss", random_state=0)
    mine = record_partial_fit(estimator, x, names, epochs=2)
    np.testing.assert_array_equal(mine.given, IRIS[1])
    np.testing.assert_array_equal(mine.correct[-1], estimator.predict(x) == names)


def test_an_estimator_fitted_before_is_fitted_on_and_keeps_its_classes():
    x, y = IRIS
    estimator = SGDClassifier(loss="log_loss", random_state=0).partial_fit(x, y, classes=range(3))
    assert record_partial_fit(estimator, x[50:], y[50:], epochs=1).given.min() == 1
    with pytest.raises(InputError, match="y must hold labels that the estimator was fitted to before; got 3. Clone it"):
        record_partial_fit(estimator, x, y + 1, epochs=1)


# The user's labels and rows


@pytest.mark.parametrize("folder", [False, True], ids=["in memory", "on disk"])
@pytest.mark.parametrize(
    "shown",
    [lambda y: y + 1, lambda y: np.where(y > 0, 1, -1), lambda y: 10 * y, lambda y: np.array(["c", "a", "b"])[y],
     lambda y: np.array(["1", "10", "2"])[y], lambda y: y * 1.0, lambda y: y > 0,
     lambda y: pd.Series(y).map({0: "x", 1: "ü", 2: "猫"}), lambda y: pd.Categorical(np.array(["lo", "mid", "hi"])[y]),
     lambda y: pd.Series(y, dtype="Int64"), lambda y: torch.as_tensor(y) + 5, lambda y: [f"{c}" for c in y]],
)  # fmt: skip
def test_the_list_shows_labels_as_given(shown, folder, tmp_path):
    x, y = StandardScaler().fit_transform(IRIS[0]), shown(np.where(np.arange(150) % 7 == 0, (IRIS[1] + 1) % 3, IRIS[1]))
    estimator = SGDClassifier(loss="log_loss", alpha=0.1, random_state=0)
    mine = record_partial_fit(estimator, x, y, epochs=3, folder=tmp_path if folder else None)
    table = rank_suspects(TrajectoryRecorder.load(tmp_path) if folder else mine)
    own = np.asarray(y if not isinstance(y, torch.Tensor) else y.numpy())
    assert table["given"].tolist() == own[table["index"]].tolist()
    called = mine.called[:, table["index"]]
    always = (called == called[0]).all(0)
    assert table["likely"][always].tolist() == estimator.predict(x)[table["index"]][always].tolist()
    wrong = (table["given"] != table["likely"]).to_numpy()
    assert wrong.any() and all(
        why.endswith(f"given {g}, most often called {c}")
        for why, g, c in table.loc[wrong, ["why", "given", "likely"]].to_numpy()
    )


def test_labels_get_names_by_number_or_by_label():
    y = np.array(["b", "a", "c"])[IRIS[1]]
    mine = record_partial_fit(GaussianNB(), IRIS[0], y, epochs=1)
    by_label = rank_suspects(mine, classes={"a": "ay", "b": "bee", "c": "see"})
    assert by_label["given_name"].tolist() == [{"a": "ay", "b": "bee", "c": "see"}[g] for g in by_label["given"]]
    pd.testing.assert_frame_equal(rank_suspects(mine, classes=["ay", "bee", "see"]), by_label)
    with pytest.raises(InputError, match="names must be one per class, 3; got 2"):
        rank_suspects(mine, classes=["ay", "bee"])
    with pytest.raises(
        InputError, match="classes must have the labels of the recording, in its order: 'a', 'b', 'c' and"
    ):
        rank_suspects(mine, classes=Classes(["b", "a", "c"]))
    with pytest.raises(InputError, match="given must be among 'a', 'b', 'c'; row 0"):
        rank_suspects(mine, given=IRIS[1])


@pytest.mark.parametrize("folder", [False, True], ids=["in memory", "on disk"])
@pytest.mark.parametrize("index", [range(9, 159), [f"p{i}" for i in range(150)], pd.date_range("2020", periods=150)])
def test_the_index_of_a_frame_stands_beside_the_position(index, folder, tmp_path):
    x = pd.DataFrame(StandardScaler().fit_transform(IRIS[0]), index=index).sample(frac=1, random_state=0)
    y = pd.Series(IRIS[1], index=index)[x.index]
    mine = record_partial_fit(SGDClassifier(random_state=0), x, y, epochs=2, folder=tmp_path if folder else None)
    table = rank_suspects(TrajectoryRecorder.load(tmp_path) if folder else mine)
    assert y.loc[table["row"]].tolist() == y.iloc[table["index"]].tolist() == table["given"].tolist()
    assert x.loc[table["row"]].index.equals(x.index[table["index"]])
    assert "row" not in rank_suspects(record_partial_fit(GaussianNB(), IRIS[0], IRIS[1], epochs=1))


def test_rows_in_another_order_are_told():
    x, y = pd.DataFrame(IRIS[0]), pd.Series(IRIS[1])
    with pytest.raises(
        InputError, match="labels must be in the order of the samples; row 0, counted from 0, is 149 of"
    ):
        record_partial_fit(GaussianNB(), x, y[::-1], epochs=1)
    record_partial_fit(GaussianNB(), x, y[::-1].to_numpy(), epochs=1)
    other = record_partial_fit(
        GaussianNB(), x, y.set_axis(range(1, 151)), epochs=1
    )  # other names: by position, as given
    assert rank_suspects(other)["row"].tolist() == rank_suspects(other)["index"].tolist()


MISSING = {
    "None": lambda y: np.where(y == 2, None, y.astype(object)),
    "NaN": lambda y: np.where(y == 2, np.nan, y),
    "NA": lambda y: pd.Series(y, dtype="Int64").mask(y == 2),
    "NaT": lambda y: pd.Series(pd.Timestamp(0) + pd.to_timedelta(y, "D")).mask(y == 2),
    "masked": lambda y: np.ma.masked_array(y, y == 2),
}


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_rows_without_a_label_are_named_before_a_folder_is_taken(missing, tmp_path):
    with pytest.raises(
        InputError, match="y must not be missing; got none in rows 100, 101, .* and 40 more, counted from 0"
    ):
        record_partial_fit(GaussianNB(), IRIS[0], missing(IRIS[1]), epochs=1, folder=tmp_path)
    with pytest.raises(InputError, match="labels must not be missing; got none in row 1, counted from 0"):
        TrajectoryRecorder(2, 1).record_logits(0, [0, 1], np.zeros((2, 3)), missing(np.array([1, 2])))
    assert not list(tmp_path.iterdir())


def test_names_beside_a_recording_that_are_cut_are_told(tmp_path):
    record_partial_fit(GaussianNB(), *IRIS, epochs=1, folder=tmp_path)
    (tmp_path / "known_as.json").write_text("{")
    with pytest.raises(InputError, match="known_as.json must be whole; it cannot be read"):
        rank_suspects(TrajectoryRecorder.load(tmp_path))


def test_a_recording_may_go_home(tmp_path, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert record_partial_fit(GaussianNB(), *IRIS, epochs=1, folder="~/rec").folder == tmp_path / "rec"


def test_labels_that_are_no_class_numbers_are_told_how_to_become_some():
    for y in (["a", "b"], [1, 3]):
        with pytest.raises(InputError, match=r"Others are numbered by Classes.of\(y\).encode\(y\)"):
            measure(np.zeros((2, 3)), y)
