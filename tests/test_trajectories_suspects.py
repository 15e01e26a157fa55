"""Lists of suspects: in the right order, with the right reasons, and written so that nothing is lost."""

import os

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from itlm_kit import Classes, InputError, TrajectoryRecorder, rank_suspects, write_suspects
from itlm_kit.trajectories import SCORES, suspect_labels

LABELS = np.array([0, 1, 2, 0])


@pytest.fixture
def recorder():
    """Four samples in three epochs: 0 learnt at once; 1 once and then not; 2 always called 0; 3 never seen."""
    mine = TrajectoryRecorder(4, 3)
    for epoch, second in enumerate(([0, 2, 0], [0, 1, 1.5], [0, 1, 4.0])):
        outputs = [[3, 0, 0], second, [5, 0, 1.0]]
        mine.record_logits(epoch, [0, 1, 2], np.array(outputs, float), LABELS[:3])
    return mine


def test_suspects_come_with_scores_labels_and_reasons(recorder):
    table = rank_suspects(recorder, by="aum")
    others = [name for name in SCORES if name != "aum"]
    assert table.columns.tolist() == ["index", "score", "given", "likely", "why", *others]
    assert table["index"].tolist() == [2, 1, 0, 3]
    assert table["score"].tolist()[:3] == pytest.approx([4, 0.5, -3])
    assert table["given"].tolist()[:3] == [2, 1, 0] and table["likely"].tolist()[:3] == [0, 2, 0]
    assert table["why"].tolist() == [
        "mean margin -4 over 3 epochs, more suspicious than 2 other samples; called by its label in 0 of 3 epochs; "
        "given 2, most often called 0",
        "mean margin -0.5 over 3 epochs, more suspicious than 1 other sample; called by its label in 1 of 3 epochs; "
        "given 1, most often called 2",
        "mean margin 3 over 3 epochs, more suspicious than 0 other samples; called by its label in 3 of 3 epochs",
        "never seen in training",
    ]


@pytest.mark.parametrize("by", SCORES)
def test_suspects_can_be_ranked_by_every_score(recorder, by):
    table = rank_suspects(recorder, by=by)
    np.testing.assert_array_equal(table["score"], SCORES[by](recorder)[table["index"]])
    assert (np.diff(table["score"][:3].replace(np.inf, 99)) <= 0).all() and table["index"].iloc[-1] == 3
    if by in ("forgetting", "first_learned"):
        assert table["why"][0].startswith("never called by its label over 3 epochs")


@pytest.mark.filterwarnings("ignore:a loss that is no number")
def test_infinite_losses_come_first_with_their_reasons():
    mine, inf = TrajectoryRecorder(4, 2), np.inf
    for epoch in range(2):
        outputs = [[1.0, 0], [-inf, 0], [np.nan, 0], [0, -inf]]
        mine.record_logits(epoch, np.arange(4), outputs, np.zeros(4, int))
    by_loss, by_margin = (rank_suspects(mine, by=by) for by in ("mean_loss", "aum"))
    assert by_loss["index"].tolist() == by_margin["index"].tolist() == [1, 2, 0, 3]
    start = "mean loss inf over 2 epochs, more suspicious than 2 other samples; called by its label in 0 of 2 epochs"
    assert by_loss["why"].tolist()[:2] == [start + "; given 0, most often called 1", start]
    assert by_margin["why"][0].startswith("mean margin -inf over 2 epochs, more suspicious than 2 other samples")
    assert by_loss["likely"].tolist() == [1, None, 0, 0]


def test_one_is_not_many(recorder):
    (why,) = rank_suspects(recorder, by="forgetting").query("index == 1")["why"]
    assert why.startswith("forgotten 1 time over 3 epochs, more suspicious than 1 other sample;")


def test_early_epochs_alone_can_be_used(recorder):
    early = rank_suspects(recorder, by="aum", epochs=1.0).set_index("index")
    assert early.loc[1, "likely"] == 1 and early.loc[1, "score"] == -2
    assert all("called by its label in 1 of 1 epoch" in early.loc[sample, "why"] for sample in (0, 1))


def test_classes_have_names_beside_their_labels(recorder):
    named = rank_suspects(recorder, by="aum", classes=["cat", "dog", "cow"])
    assert named.columns.tolist()[:7] == ["index", "score", "given", "likely", "given_name", "likely_name", "why"]
    assert named["given"].tolist() == [2, 1, 0, None] and named["given_name"].tolist() == ["cow", "dog", "cat", None]
    assert named["why"][0].endswith("given cow, most often called cat")
    by_label = rank_suspects(recorder, by="aum", classes={2: "cow", 0: "cat", 1: "dog"})
    pd.testing.assert_frame_equal(by_label, named)


def test_labels_can_come_from_elsewhere():
    bare = TrajectoryRecorder(2, 1)
    bare.record(0, [0, 1], [1.0, 2.0], [1, 0])
    assert "given" not in rank_suspects(bare)
    assert rank_suspects(bare, given=[5, 7])["given"].tolist() == [7, 5]


@pytest.mark.parametrize(
    "labels", [[1, 2, 3], [-1, 1, 0], [10, 20, 30], [0.5, 1.5, 2], ["c", "a", "b"], ["3", "1", "2"], [False, True, 7]]
)
def test_the_users_labels_come_back_where_the_recording_has_numbers(recorder, labels):
    """Given and likely are what the user's own array holds, whatever that is."""
    if labels == [False, True, 7]:
        labels = labels[:2]
        recorder = TrajectoryRecorder(4, 1)
        recorder.record_logits(0, range(4), [[1, 0], [0, 1], [0, 1], [1, 0]], [0, 1, 0, 0])
    mine = np.array([labels[int(c)] for c in np.nan_to_num(recorder.given)])
    table = rank_suspects(recorder, by="aum", classes=Classes(labels))
    seen = table[table["given"].notna()]
    assert seen["given"].tolist() == mine[seen["index"]].tolist() and set(seen["likely"]) <= set(labels)
    relabelled = mine.copy()
    relabelled[seen["index"]] = seen["likely"].tolist()
    called = recorder.called[:, seen["index"]]
    first = [np.bincount(column[~np.isnan(column)].astype(int)).argmax() for column in called.T]
    assert relabelled[seen["index"]].tolist() == [labels[c] for c in first]


@pytest.mark.parametrize("names", [["1", "2", "3"], ["cat", "dog", "cow"], ["1", "10", "2"], ["0", "1", "2"]])
def test_names_that_look_like_numbers_are_not_taken_for_labels(names):
    """A network that agrees with every label relabels nothing."""
    y = np.arange(12) % 3
    mine = TrajectoryRecorder(12, 1)
    mine.record_logits(0, np.arange(12), 5 * np.eye(3)[y], y)
    table = rank_suspects(mine, classes=names)
    assert table.set_index("index")["likely"].astype(int).sort_index().tolist() == y.tolist()
    assert table["likely_name"].tolist() == [names[c] for c in y[table["index"]]]


def test_labels_given_may_be_anything_where_no_other_labels_are_known():
    for labels in (["cat", "dog"], [-1, 1], [None, "dog"], pd.Series(["b", pd.NA], dtype="string")):
        table = rank_suspects([2.0, 1.0], given=labels)
        assert table["given"].tolist() == [None if pd.isna(label) else label for label in labels]
    assert rank_suspects([2.0, 1.0], given=[20, 10], classes={10: "ten", 20: "twenty"})["given_name"][0] == "twenty"
    assert rank_suspects([2.0, 1.0], given=[None, None])["given"].tolist() == [None, None]


def test_losses_may_be_masked_or_a_list_of_tensors():
    masked = np.ma.masked_array([1.0, 999, 3], [0, 1, 0])
    assert rank_suspects(masked)["index"].tolist() == [2, 0, 1] and rank_suspects(masked)["score"].isna().sum() == 1
    epochs = [torch.tensor([1.0, 3, 2], requires_grad=True), torch.tensor([1.0, 3, 2])]
    assert rank_suspects(epochs)["index"].tolist() == [1, 2, 0]
    with pytest.raises(InputError, match="losses must not be masked; 1 are. Fill them"):
        SCORES["mean_loss"](masked)


def test_what_a_frame_calls_a_sample_stands_beside_its_position():
    losses = pd.Series([0.1, 3.0, 2.0], index=["x", "y", "z"])
    table = rank_suspects(losses)
    assert table["index"].tolist() == [1, 2, 0] and table["row"].tolist() == ["y", "z", "x"]
    assert table.columns.tolist()[:2] == ["index", "row"]
    epochs = pd.DataFrame([losses, losses])
    assert rank_suspects(epochs)["row"].tolist() == ["y", "z", "x"]
    given = pd.Series([1, 2, 3], index=[7, 8, 9])
    assert rank_suspects(losses.to_numpy(), given=given)["row"].tolist() == [8, 9, 7]
    with pytest.raises(
        InputError, match="labels must be in the order of the samples; row 0, .* 'z' of the labels and 'x'"
    ):
        rank_suspects(losses, given=losses[::-1])
    many = losses.set_axis(pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]))
    assert rank_suspects(many)["row"].tolist() == [("a", 2), ("b", 1), ("a", 1)]


def test_what_does_not_fit_is_refused(recorder):
    with pytest.raises(InputError, match="by must be one of last_loss, mean_loss, .*; got 'size'"):
        rank_suspects(recorder, by="size")
    with pytest.raises(InputError, match=r"given must be one label per sample, shape \(4,\); got \(3,\)"):
        rank_suspects(recorder, given=[0, 1, 2])
    for labels, words in (([0, -1, 2, 1], "got -1"), ([0, 0.5, 1, 1], "got 0.5"), ([0, np.inf, 1, 1], "got inf")):
        with pytest.raises(InputError, match=f"given must be labels counted from 0; {words}. Number them"):
            rank_suspects(recorder, given=labels)
    with pytest.raises(InputError, match="given must be labels counted from 0; got 'a'. Number them"):
        rank_suspects(recorder, given=list("abca"))
    with pytest.raises(InputError, match="classes must name every label, up to 2; got 2 names"):
        rank_suspects(recorder, classes=["cat", "dog"])
    for class_to_idx, more in (({"cat": 0, "dog": 1, "cow": 2}, {}), ({"cat": 0, "dog": 1}, {"given": [0, 1, 1, 0]})):
        with pytest.raises(
            InputError, match=r"classes must be {label: name} for every label; .* {name: label} is turned"
        ):
            rank_suspects(recorder if not more else np.ones(4), classes=class_to_idx, **more)
    with pytest.raises(InputError, match="given must be among 'a', 'b', 'c'; row 3, counted from 0, has 'x'"):
        rank_suspects(recorder, given=[None, "a", "b", "x"], classes=Classes(["a", "b", "c"]))
    with pytest.raises(InputError, match="given must be of one kind; got 1, a number, and in row 1"):
        rank_suspects(np.ones(2), given=[1, "1"])


@pytest.mark.parametrize("by", [name for name, score in SCORES.items() if score.field != "losses"])
def test_bare_losses_are_not_taken_for_something_else(by):
    """As margins they would be ranked the wrong way round."""
    with pytest.raises(InputError, match=f"{by} needs {SCORES[by].field}; got bare losses. Record with record_logits"):
        rank_suspects(np.array([0.1, 3.0]), by=by)


@given(arrays(np.float32, (5, 6), elements=st.sampled_from([np.nan, 0, 1, 2, 2**24 - 1])))
def test_the_label_most_often_called_is_the_lowest_of_equals(called):
    found = suspect_labels._most_often(called)
    for mine, column in zip(found, called.T, strict=True):
        values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        np.testing.assert_equal(mine, values[counts.argmax()] if values.size else np.nan)


def test_the_label_most_often_called_of_many_samples():
    """More than are counted at a time."""
    n, mine = 25_000, TrajectoryRecorder(25_000, 3)
    called = np.random.default_rng(0).integers(0, 4, (3, n))
    for epoch in range(3):
        mine.record(epoch, np.arange(n), np.zeros(n), np.zeros(n), called=called[epoch])
    counts = (called[:, :, None] == np.arange(4)).sum(0)
    assert rank_suspects(mine)["likely"].tolist() == counts.argmax(1).tolist()


@given(arrays(np.float32, (3, 5), elements=st.floats(0, 9, width=32) | st.just(np.nan)))
def test_a_suspect_has_its_own_score(rows):
    table = rank_suspects(rows)
    assert sorted(table["index"]) == list(range(5))
    np.testing.assert_array_equal(table["score"], SCORES["mean_loss"](rows)[table["index"]])
    assert (np.diff(table["score"].fillna(-1)) <= 0).all()
    never = np.isnan(rows).all(0)[table["index"]]
    assert ((table["why"] == "never seen in training") == never).all()


def test_the_list_is_written_for_people(recorder, tmp_path):
    table = rank_suspects(recorder, classes=["Käse", "鸡", "cow, brown"])
    path = write_suspects(table, tmp_path / "new" / "suspects.csv")
    read, written = (frame.astype(object).where(frame.notna(), None) for frame in (pd.read_csv(path), table))
    pd.testing.assert_frame_equal(read, written)
    assert [file.name for file in path.parent.iterdir()] == ["suspects.csv"]


def test_a_mark_tells_spreadsheets_of_letters_beyond_ascii(tmp_path):
    for name, mark in (("Bär", b"\xef\xbb\xbf"), ("bear", b"")):
        path = write_suspects(rank_suspects([0.5], given=[name]), tmp_path / f"{name}.csv")
        assert path.read_bytes().startswith(mark + b"index,") and name in path.read_text("utf-8-sig")
        assert pd.read_csv(path).columns[0] == "index"


@pytest.mark.parametrize("name", [b"caf\xe9", b"\xff\xfe", "大".encode("gb2312")])
def test_names_that_are_no_utf_8_are_written_out(recorder, tmp_path, name):
    name = os.fsdecode(name)
    for i, classes in enumerate(([name, "a", "b"], Classes([name, "a", "b"]))):
        table = rank_suspects(recorder, classes=classes)
        table["file"] = pd.Series([f"{name}/{i}.png" for i in table["index"]], dtype=object)
        text = write_suspects(table, tmp_path / f"{i}.csv").read_text("utf-8")
        assert "\\x" in text and str(table["why"].tolist()).encode()
    assert name in table["given"].tolist()  # as in the user's data


def test_a_list_may_go_home(recorder, tmp_path, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert write_suspects(rank_suspects(recorder), "~/list.csv") == tmp_path / "home/list.csv"
    assert os.listdir(tmp_path) == ["home"]
    with pytest.raises(InputError, match="path must be the name of a file or folder; got None"):
        write_suspects(rank_suspects(recorder), None)


def test_notes_in_a_list_are_never_lost(recorder, tmp_path):
    (tmp_path / "suspects.csv").write_text("notes")
    with pytest.raises(InputError, match="path must be new, so that nothing is overwritten"):
        write_suspects(rank_suspects(recorder), tmp_path / "suspects.csv")
    assert (tmp_path / "suspects.csv").read_text() == "notes"
    with pytest.raises(InputError, match="folder that can be written"):
        write_suspects(rank_suspects(recorder), tmp_path / "suspects.csv" / "list.csv")
