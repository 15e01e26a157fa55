"""What an Examination is, and what can be done with it: kept, rows, labels, a copy, a list."""

import stat

import numpy as np
import pandas as pd
import pytest

from itlm_kit import InputError, rank_suspects
from itlm_kit.examine.copying import copy_files
from itlm_kit.examine.examining import examined
from itlm_kit.trajectories import TrajectoryRecorder

LABELS = np.array(["cat", "dog", "cat", "dog", "cat", "dog"])


def recording(losses, called=(0, 1, 0, 1, 1, 0)):
    """Six samples, one epoch: the losses given, and the class called of each; labels are 0, 1, 0, 1, ..."""
    recorder = TrajectoryRecorder(n=6, epochs=1)
    given = np.array([0, 1, 0, 1, 0, 1])
    called = np.array(called)
    recorder.record(0, np.arange(6), losses, called == given, called=called, given=given)
    return recorder


def examination(losses=(1.0, 2, 3, 4, 5, 6), *, alpha=0.67, groups=None, **more):
    from itlm_kit import Classes

    ranked = rank_suspects(recording(losses), classes=Classes(("cat", "dog")))
    words = {"alpha_from": "given", "source": "pets, 6 images", "how": "one network"}
    return examined(ranked, alpha=alpha, groups=groups, **words, **more)


def test_the_lowest_scores_are_kept_and_the_list_says_so():
    found = examination()
    assert found.kept.tolist() == [True] * 4 + [False] * 2  # floor(.67 * 6) = 4
    assert found.suspects["index"].tolist() == [5, 4, 3, 2, 1, 0]
    assert found.suspects["kept"].tolist() == [False, False, True, True, True, True]
    assert (found.alpha, found.report.n, found.report.dropped) == (0.67, 6, 2)


def test_groups_keep_their_share_each():
    found = examination(losses=(1.0, 9, 2, 8, 3, 7), groups=LABELS)
    assert found.kept.tolist() == [True, False, True, True, False, True]  # 2 of each 3; dogs have the larger losses


def test_what_was_never_seen_is_kept():
    recorder = TrajectoryRecorder(n=3, epochs=1)
    recorder.record(0, [0, 1], [1.0, 2.0], [True, True])
    found = examined(rank_suspects(recorder), alpha=0.67, alpha_from="given", source="three", how="one network")
    assert found.kept.tolist() == [True, False, True]


def test_rows_kept_are_of_the_kind_that_came_in():
    found, values = examination(), list("abcdef")
    frame = pd.DataFrame({"v": values}, index=range(10, 16))
    assert found.kept_rows(frame).index.tolist() == [10, 11, 12, 13]
    assert found.kept_rows(values) == list("abcd")
    assert found.kept_rows(tuple(values)) == tuple("abcd")
    assert found.kept_rows(np.arange(12).reshape(6, 2)).tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    with pytest.raises(InputError, match="rows must be one per sample, 6; got 5"):
        found.kept_rows(frame[:5])


def test_suspects_are_relabelled_in_the_users_words():
    found = examination()
    assert found.relabelled().tolist() == ["cat", "dog", "cat", "dog", "dog", "cat"]
    assert examination(alpha=1.0).relabelled().tolist() == LABELS.tolist()


def test_without_classes_there_is_no_other_label():
    found = examined(rank_suspects([1.0, 2, 3]), alpha=0.67, alpha_from="given", source="three", how="losses")
    with pytest.raises(InputError, match="relabelled needs classes"):
        found.relabelled()
    with pytest.raises(InputError, match="copy_kept needs samples that are files"):
        found.copy_kept("anywhere")


@pytest.fixture
def pets(tmp_path):
    """A folder of six files, one of them a link, and their Paths."""
    root = tmp_path / "pets"
    files = [root / label / "deep" / f"{i}.png" for i, label in enumerate(LABELS)]
    for i, file in enumerate(files):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes([i]))
    files[0].rename(tmp_path / "elsewhere.png")
    files[0].symlink_to(tmp_path / "elsewhere.png")
    return root, files


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_clean_copy_has_what_is_kept_where_it_lay(pets, tmp_path):
    root, files = pets
    before = contents(root)
    found = examination(files=tuple(files), root=root)
    copy = found.copy_kept(tmp_path / "new" / "clean")
    assert contents(copy) == {f"{LABELS[i]}/deep/{i}.png": bytes([i]) for i in range(4)}
    assert not (copy / "cat/deep/0.png").is_symlink()
    assert contents(root) == before
    assert stat.S_IMODE(copy.stat().st_mode) == stat.S_IMODE(root.stat().st_mode)
    assert [path.name for path in copy.parent.iterdir()] == ["clean"]


def test_a_copy_never_overwrites_and_never_lies_inside(pets, tmp_path):
    root, files = pets
    with pytest.raises(InputError, match="folder must be new.*pets is there"):
        copy_files(files, root, root)
    with pytest.raises(InputError, match="folder must lie outside"):
        copy_files(files, root, root / "clean")


def test_a_copy_that_fails_leaves_nothing(pets, tmp_path):
    root, files = pets
    files[3].unlink()
    with pytest.raises(InputError, match="No such file"):
        copy_files(files, root, tmp_path / "clean")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere.png", "pets"]


def test_the_list_goes_to_a_new_file(tmp_path):
    found = examination()
    path = found.write(tmp_path / "suspects.csv")
    assert pd.read_csv(path)["index"].tolist() == [5, 4, 3, 2, 1, 0]
    with pytest.raises(InputError, match="path must be new"):
        found.write(path)


def test_the_report_says_what_was_found():
    assert str(examination()).splitlines()[0] == "pets, 6 images: 2 of 6 are suspects (33 %), the other 4 are kept."
    assert str(examination(alpha=1.0)).startswith("pets, 6 images: nothing stands out; all 6 are kept.")
