import pandas as pd
import pytest

from itlm_kit.plots.gan_length import by_length

COLUMNS = ["pictures", "step", "epoch", "clean_share", "low", "high"]
ALONG = pd.DataFrame([(3000, 10, 0.2, 84, 82, 85), (3000, 100, 2, 93, 90, 94), (3000, 1000, 20, 77, 76, 79),
                      (75_000, 10, 0.01, 81, 80, 82), (75_000, 1000, 0.9, 79, 78, 80)], columns=COLUMNS)  # fmt: skip
ENDED = pd.DataFrame([(3000, 120, 2.4, 95, 94, 97), (75_000, 130, 0.1, 94, 93, 96)], columns=COLUMNS)


def drawn():
    return by_length(ALONG, ENDED, given=80, source="made up")


@pytest.mark.parametrize("panel, unit", [(0, "step"), (1, "epoch")])
def test_each_pile_is_a_line_with_a_mark_where_the_rule_ends(panel, unit):
    axis = drawn().axes[panel]
    small, mark, large, other, given = axis.lines
    assert small.get_xdata().tolist() == ALONG[unit][:3].tolist() and small.get_ydata().tolist() == [84, 93, 77]
    assert large.get_ydata().tolist() == [81, 79] and set(given.get_ydata()) == {80}
    for line, row in ((mark, ENDED.iloc[0]), (other, ENDED.iloc[1])):
        assert (line.get_xdata().item(), line.get_ydata().item()) == (row[unit], row["clean_share"])
    assert axis.get_xscale() == "log" and axis.get_xlabel().startswith(f"{unit}s")


def test_bands_reach_from_the_lowest_to_the_highest_seed():
    band, _ = drawn().axes[0].collections
    assert {tuple(point) for point in band.get_paths()[0].vertices} >= {(100, 90), (100, 94), (10, 82), (1000, 79)}


def test_piles_are_named_and_told_apart_without_colour():
    figure = drawn()
    names = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert names == ["3,000 images", "75,000 images", "the pile itself"]
    small, mark, large, other, _ = figure.axes[0].lines
    assert small.get_linestyle() != large.get_linestyle() and mark.get_marker() != other.get_marker()
    assert figure._supxlabel.get_text() == "made up"
