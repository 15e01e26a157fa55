import numpy as np
import pandas as pd
import pytest
from figures import texts

from itlm_kit.plots import gan as draw
from itlm_kit.plots.style import ROLES

ALONG = pd.DataFrame({
    "epoch": [1.0, 2, 3, 4], "clean_accuracy": [99.0, 98, 90, 70], "bad_accuracy": [60.0, 50, 70, 90],
    "auc": [0.8, 0.95, 0.6, 0.3],
})  # fmt: skip


def numbered(n=100):
    """Images that hold their own number, the first 70 clean; the loss grows with the number."""
    images = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None, None], (n, 1, 8, 8)).copy()
    return images, np.linspace(0, 3, n), np.arange(n) < 70


def test_next_to_the_cut_lie_the_images_nearest_to_it():
    near = draw.near_cut(*numbered(), k=65)
    assert len(near.images) == 60 and near.kept.sum() == 30
    number = near.images[:, 0, 0, 0]
    assert sorted(number[near.kept]) == list(range(35, 65)) and sorted(number[~near.kept]) == list(range(65, 95))
    beside = {side: set(number[near.column == side]) for side in (draw.COLUMNS - 1, draw.COLUMNS)}
    assert beside == {9: {65, 66, 67}, 10: {64, 63, 62}}
    assert (near.kept == (near.column >= draw.COLUMNS)).all() and (near.is_clean == (number < 70)).all()
    assert len(set(zip(near.column.tolist(), near.row.tolist(), strict=True))) == 60


def test_farthest_from_the_cut_lie_the_ends_and_mistakes_are_on_the_wrong_side():
    images, losses, is_clean = numbered()
    ends = draw.near_cut(images, losses, is_clean, 65, "farthest")
    assert sorted(ends.images[:, 0, 0, 0]) == [*range(30), *range(70, 100)]
    wrong = draw.near_cut(images, losses, is_clean, 80, "mistakes")
    assert sorted(wrong.images[:, 0, 0, 0]) == list(range(70, 80)) and wrong.kept.all()


@pytest.mark.parametrize("k, kept, dropped", [(100, 30, 0), (1, 1, 30), (95, 30, 5)])
def test_a_cut_near_an_end_has_fewer_images_on_that_side(k, kept, dropped):
    near = draw.near_cut(*numbered(), k=k)
    assert (near.kept.sum(), (~near.kept).sum()) == (kept, dropped)
    draw.around_cut(near, source="")


def test_cells_hold_each_image_in_its_place_dark_on_light():
    images = np.stack([np.full((1, 8, 8), value, np.uint8) for value in (10, 200)])
    board = draw.cells(images, np.array([0, 2]), np.array([0, 1]), (3, 2))
    step_y, step_x = board.shape[0] // 2, board.shape[1] // 3
    assert (board[: 8 * 6, : 8 * 6] == 245).all() and (board[step_y + 5, 2 * step_x + 5] == 55).all()
    assert (board[5, step_x + 5] == 255).all()


def test_colours_stay_as_they_are():
    images = np.zeros((1, 3, 64, 64), np.uint8)
    images[:, 0] = 250
    assert draw.montage(images, columns=1)[0, 0].tolist() == [250, 0, 0]


def test_a_montage_is_read_row_by_row():
    board = draw.montage(numbered(7)[0], columns=3)
    assert board.shape == (3 * 9 - 1, 3 * 9 - 1, 3)
    assert [255 - board[9 * (i // 3), 9 * (i % 3), 0] for i in range(7)] == list(range(7))


def test_the_pile_is_shown_with_and_without_the_truth():
    images, _, is_clean = numbered()
    (without,) = draw.pile(images[60:80], None, source="").axes
    (marked,) = draw.pile(images[60:80], is_clean[60:80], source="made up").axes
    assert len(without.lines) == 0
    assert {line.get_marker(): len(line.get_xdata()) for line in marked.lines} == {"o": 10, "X": 10}
    assert [text.get_text() for text in marked.get_legend().get_texts()] == ["clean", "bad"]
    assert marked.figure._supxlabel.get_text() == "made up"


def test_the_cut_says_which_side_is_kept():
    (axis,) = draw.around_cut(draw.near_cut(*numbered(), k=65), source="").axes
    assert texts(axis) == ["← dropped", "kept →"]
    assert axis.lines[-1].get_xdata()[0] == draw.COLUMNS


def test_the_histogram_counts_every_image_and_tells_kinds_apart_without_colour():
    _, losses, is_clean = numbered()
    (axis,) = draw.histogram_of_d(np.exp(-losses), is_clean, source="", cut=0.3).axes
    clean, bad = axis.containers
    assert [sum(bar.get_height() for bar in bars) for bars in (clean, bad)] == [70, 30]
    assert clean[0].get_hatch() != bad[0].get_hatch()
    assert axis.lines[0].get_xdata()[0] == 0.3 and texts(axis) == ["← dropped", "kept →"]


def test_shares_taken_for_real_and_the_window_of_a_round():
    left, right = draw.along_training(ALONG, source="", stop=2).axes
    assert texts(left) == ["clean images", "bad images", "a round stops"]
    np.testing.assert_array_equal(left.lines[1].get_ydata(), ALONG["bad_accuracy"])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), ALONG["auc"])
    assert left.lines[2].get_xdata()[0] == 2
    assert len(draw.along_training(ALONG, source="").axes[0].lines) == 2


def test_each_pile_has_its_panel_with_the_share_it_was_given():
    axes = draw.cleaner({"a": ([80, 90, 95], 70), "b": ([50, 48], 60)}, source="").axes
    assert [axis.get_title(loc="left") for axis in axes] == ["a", "b"]
    assert [axis.lines[0].get_ydata().tolist() for axis in axes] == [[80, 90, 95], [50, 48]]
    assert [axis.lines[1].get_ydata()[0] for axis in axes] == [70, 60]
    assert all(axis.get_ylim()[0] <= 46 for axis in axes) and texts(axes[0]) == ["kept", "pile"]


def test_generators_stand_side_by_side():
    figure = draw.generated(np.zeros((3, 32, 1, 8, 8), np.uint8), ["a", "b", "c"], source="")
    assert [axis.get_title() for axis in figure.axes] == ["a", "b", "c"]
    assert figure.axes[0].images[0].get_array().shape == (4 * 9 - 1, 8 * 9 - 1, 3)


def test_many_generators_get_rows_of_their_own_so_that_each_can_be_seen():
    figure = draw.generated(np.zeros((5, 32, 1, 8, 8), np.uint8), list("abcde"), source="")
    assert [axis.get_title() for axis in figure.axes] == list("abcde") and figure.get_size_inches()[0] > 10
    figure.draw_without_rendering()
    tops = [axis.get_position().y1 for axis in figure.axes]
    assert min(tops[:3]) > max(tops[3:]) + 0.2


def test_roles_keep_their_marks():
    assert [ROLES[role]["marker"] for role in draw.kinds(np.array([True]))] == ["o", "X"]
