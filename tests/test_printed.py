"""The paper's figures, against rows copied by hand from its text."""

import re
from pathlib import Path

import pytest

from itlm_kit.ledger import printed as tables
from itlm_kit.ledger.printed import TABLE1, TABLE1_CIFAR, TABLE1_MNIST, TABLE2, TABLE3, TABLE4, TABLE5, printed

MNIST = {"data": "mnist", "share": 0.05}


def accuracies(experiment, data, noise, clean, methods):
    cells = ({"data": data, "noise": noise, "clean": clean, "method": method} for method in methods.split())
    return " ".join(f"{printed(experiment, cell)['selected_accuracy']:.2f}" for cell in cells)


ALL = "baseline itlm oracle centroid 1-step delta-alpha-10 delta-alpha-15"


@pytest.mark.parametrize(
    "noise, clean, row",
    [
        ("systematic", 0.6, "66.69 84.98 92.44 70.25 74.29 85.91 79.80"),
        ("systematic", 0.9, "92.35 92.68 93.20 92.44 92.63 91.10 90.62"),
        ("random", 0.3, "80.87 84.54 91.37 80.89 93.91 80.39 68.00"),
        ("random", 0.7, "91.18 91.12 92.82 91.25 90.28 90.41 88.37"),
    ],
)
def test_rows_of_table_1_left(noise, clean, row):
    assert accuracies("table1-mnist", "mnist", noise, clean, ALL) == row


@pytest.mark.parametrize(
    "noise, clean, row", [("systematic", 0.8, "80.17 89.34 91.33"), ("random", 0.5, "64.74 82.51 89.26")]
)
def test_rows_of_table_1_right(noise, clean, row):
    assert accuracies("table1-cifar", "cifar10", noise, clean, "baseline itlm oracle") == row


def test_table_2():
    assert printed("table2", {"data": "cifar10", "clean": 0.6, "method": "itlm"}) == {"selected_accuracy": 86.12}
    assert printed("table2", {"data": "cifar10", "clean": 0.2, "method": "mentornet-dd"}) == {"selected_accuracy": 46.3}


def test_table_3_counts_its_iterations_from_the_first_kept_set():
    found = printed("table3", {"pair": "celeba+cifar10", "clean": 0.7, "method": "itlm"})
    assert found["clean_share"] == 94.02
    assert [row["clean_share"] for row in found["rounds"]] == [75.57, 76.45, 86.63, 82.15, 94.02]
    assert [row["round"] for row in found["rounds"]] == [0, 1, 2, 3, 4]


def test_table_4():
    cell = {"data": "cifar10", "pair": "6->0", "shape": "L"}
    assert printed("table4", {**cell, "method": "naive"}) == {"clean_accuracy": 89.83, "attack_success": 98.10}
    assert printed("table4", {**cell, "method": "itlm"}) == {"clean_accuracy": 89.84, "attack_success": 1.30}


def test_table_5_agrees_with_table_3_where_both_print_one_figure():
    for (clean,), row in TABLE5.items():
        shares = TABLE3["mnist+fashion_mnist", clean]
        assert (row["itlm"], row["1-step"]) == (shares[4], shares[0])
    cell = {"pair": "mnist+fashion_mnist", "clean": 0.8, "method": "delta-alpha-20"}
    assert printed("table5", cell) == {"clean_share": 97.77}


def test_tables_are_whole():
    assert [len(row) for row in TABLE1_MNIST.values()] == [7] * 8
    assert [len(row) for row in TABLE1_CIFAR.values()] == [3] * 8
    assert list(TABLE1_MNIST) == list(TABLE1_CIFAR)
    assert (len(TABLE2), len(TABLE3), len(TABLE4), len(TABLE5)) == (7, 6, 4, 3)


@pytest.mark.parametrize("change", ["66.69 9", "1 2 3 4", "x y z"])
def test_a_line_of_another_length_or_of_no_numbers_is_an_error(change):
    with pytest.raises(ValueError):
        tables._table(f"clean a b c\n60% {change}", keys=1)


PAPER = Path(__file__).parents[2] / "shared" / "paper"
LINES = {  # of the paper's text: how the line of a row begins, after which its figures stand in order
    "table 1": lambda noise, clean: rf"{clean:.0%}",
    "table 2": lambda clean, method: rf"\d\. {NAMES[method]}\s+{clean:.0%}",
    "table 4": lambda pair, shape: rf"\${pair[0]} \\rightarrow {pair[-1]}\$\s+{shape}",
    "table 5": lambda clean: rf"{clean:.0%}(?=\s+{100 * clean:.0f}\s)",
}
NAMES = {"itlm": "Ours", "reweight": "Reweight", "mentornet-pd": "MentorNet PD", "mentornet-dd": "MentorNet DD"}


def numbers(line):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", line)]


def paper_lines():
    if not PAPER.is_dir():
        pytest.skip(f"the paper's text is not at {PAPER.name}")
    return next(path for path in sorted(PAPER.glob("000*.txt"))).read_text().splitlines()


@pytest.mark.parametrize(
    "name, row, figures",
    [
        *(("table 1", row, list(figures.values())) for row, figures in TABLE1.items()),
        *(("table 2", row, list(figures.values())) for row, figures in TABLE2.items()),
        *(("table 4", row, list(figures.values())) for row, figures in TABLE4.items()),
        *(("table 5", row, list(figures.values())) for row, figures in TABLE5.items()),
    ],
)
def test_every_figure_stands_in_its_line_of_the_paper(name, row, figures):
    begun = re.compile(LINES[name](*row))
    found = [numbers(line[match.end() :]) for line in paper_lines() if (match := begun.match(line))]
    if name == "table 2":  # a method that is given no clean samples has "No" there
        found = [[*line, 0.0] if len(line) == 2 else line for line in found]
    assert figures in found


@pytest.mark.parametrize("pair", ["mnist+fashion_mnist", "celeba+cifar10"])
def test_table_3_stands_in_the_paper_column_by_column(pair):
    lines = [numbers(line.partition("\t")[2]) for line in paper_lines() if line.startswith("iter-")]
    first = 0 if pair.startswith("mnist") else 3
    for i, clean in enumerate((0.9, 0.8, 0.7)):
        assert [line[first + i] for line in lines] == list(TABLE3[pair, clean].values())


@pytest.mark.parametrize(
    "experiment, settings",
    [
        ("table1-mnist", {"data": "digits", "noise": "random", "clean": 0.3, "method": "itlm"}),
        ("table1-mnist", {**MNIST, "noise": "random", "clean": 0.6, "method": "itlm"}),
        ("table1-cifar", {"data": "cifar10", "noise": "random", "clean": 0.5, "method": "centroid"}),
        ("table3", {"pair": "celeba+cifar10", "clean": 0.7, "method": "centroid"}),
        ("table2", {"data": "digits", "clean": 0.6, "method": "itlm"}),
        ("table4", {"data": "cifar10", "pair": "1->2", "shape": "L", "method": "naive"}),
        ("table4", {"data": "digits", "pair": "1->2", "shape": "X", "method": "naive"}),
        ("table5", {"pair": "celeba+cifar10", "clean": 0.7, "method": "itlm"}),
        ("fig5", {"panel": "a"}),
    ],
)
def test_nothing_is_printed_for_other_cells(experiment, settings):
    assert printed(experiment, settings) == {}
