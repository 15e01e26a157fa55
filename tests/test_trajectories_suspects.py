"""Lists of suspects: in the right order, with the right reasons, and written so that nothing is lost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from itlm_kit import InputError, TrajectoryRecorder, rank_suspects, write_suspects
from itlm_kit.trajectories import SCORES, suspects

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
        "mean margin -4 over 3 epochs, above 2 other samples; called by its label in 0 of 3 epochs; "
        "given 2, most often called 0",
        "mean margin -0.5 over 3 epochs, above 1 other sample; called by its label in 1 of 3 epochs; "
        "given 1, most often called 2",
        "mean margin 3 over 3 epochs, above 0 other samples; called by its label in 3 of 3 epochs",
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
    start = "mean loss inf over 2 epochs, above 2 other samples; called by its label in 0 of 2 epochs"
    assert by_loss["why"].tolist()[:2] == [start + "; given 0, most often called 1", start]
    assert by_margin["why"][0].startswith("mean margin -inf over 2 epochs, above 2 other samples")
    assert by_loss["likely"].tolist() == [1, None, 0, 0]


def test_one_is_not_many(recorder):
    (why,) = rank_suspects(recorder, by="forgetting").query("index == 1")["why"]
    assert why.startswith("forgotten 1 time over 3 epochs, above 1 other sample;")


def test_early_epochs_alone_can_be_used(recorder):
    early = rank_suspects(recorder, by="aum", epochs=1.0).set_index("index")
    assert early.loc[1, "likely"] == 1 and early.loc[1, "score"] == -2
    assert all("called by its label in 1 of 1 epoch" in early.loc[sample, "why"] for sample in (0, 1))


def test_classes_have_names_and_labels_can_come_from_elsewhere(recorder):
    named = rank_suspects(recorder, by="aum", classes=["cat", "dog", "cow"])
    assert named["why"][0].endswith("given cow, most often called cat")
    bare = TrajectoryRecorder(2, 1)
    bare.record(0, [0, 1], [1.0, 2.0], [1, 0])
    assert "given" not in rank_suspects(bare)
    assert rank_suspects(bare, given=[5, 7])["given"].tolist() == [7, 5]


def test_what_does_not_fit_is_refused(recorder):
    with pytest.raises(InputError, match="by must be one of last_loss, mean_loss, .*; got 'size'"):
        rank_suspects(recorder, by="size")
    with pytest.raises(InputError, match=r"given must be one label per sample, shape \(4,\); got \(3,\)"):
        rank_suspects(recorder, given=[0, 1, 2])
    for labels, words in (([0, -1, 2, 1], "got -1"), ([0, 0.5, 1, 1], "got 0.5"), ([0, np.inf, 1, 1], "got inf")):
        with pytest.raises(InputError, match=f"given must be labels counted from 0; {words}. Number them"):
            rank_suspects(recorder, given=labels)
    with pytest.raises(InputError, match="given must be real numbers; got <U1"):
        rank_suspects(recorder, given=list("abca"))
    with pytest.raises(InputError, match="classes must name every label, up to 2; got 2 names"):
        rank_suspects(recorder, classes=["cat", "dog"])


@pytest.mark.parametrize("by", [name for name, score in SCORES.items() if score.field != "losses"])
def test_bare_losses_are_not_taken_for_something_else(by):
    """As margins they would be ranked the wrong way round."""
    with pytest.raises(InputError, match=f"{by} needs {SCORES[by].field}; got bare losses. Record with record_logits"):
        rank_suspects(np.array([0.1, 3.0]), by=by)


@given(arrays(np.float32, (5, 6), elements=st.sampled_from([np.nan, 0, 1, 2, 2**24 - 1])))
def test_the_label_most_often_called_is_the_lowest_of_equals(called):
    found = suspects._most_often(called)
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
    pd.testing.assert_frame_equal(pd.read_csv(path, encoding="utf-8"), table, check_dtype=False)
    assert [file.name for file in path.parent.iterdir()] == ["suspects.csv"]


def test_notes_in_a_list_are_never_lost(recorder, tmp_path):
    (tmp_path / "suspects.csv").write_text("notes")
    with pytest.raises(InputError, match="path must be a new file, so that no notes are lost"):
        write_suspects(rank_suspects(recorder), tmp_path / "suspects.csv")
    assert (tmp_path / "suspects.csv").read_text() == "notes"
    with pytest.raises(InputError, match="folder that can be written"):
        write_suspects(rank_suspects(recorder), tmp_path / "suspects.csv" / "list.csv")
