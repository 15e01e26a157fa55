"""Claims on backdoor attacks: Figure 1(d), section 6.4 and Table 4; the same on MNIST, which needs no GPU."""

from dataclasses import replace

from itlm_kit.chapters.fast_recipe import noted
from itlm_kit.chapters.observation import observation
from itlm_kit.ledger.beside import table_claims
from itlm_kit.ledger.claim import Band, Claim, within
from itlm_kit.ledger.measures import beside, cells, gain, last
from itlm_kit.ledger.printed import TABLE4

WIDE, FAST = ({"data": "cifar10", "recipe": recipe} for recipe in ("paper", "fast"))
MNIST = (("1->2", "X"), ("1->8", "L"))
CHOSEN = "step size and length of the early rounds were chosen by looking at seeds 0 to 2; later ones are fresh"
PAPER = {"data": "cifar10"}
PAPER_NETWORK = {**PAPER, "training.build": "wide_resnet"}
SAYS = {
    "naive:clean_accuracy": "naive training reaches {} % on clean test images",
    "naive:attack_success": "naive training follows the watermark in {} %",
    "itlm:clean_accuracy": "ITLM reaches {} % on clean test images",
    "itlm:attack_success": "with ITLM the attack succeeds in {} %",
}
TESTS = {"clean_accuracy": "test1", "attack_success": "test2"}  # as the table calls them


def claims():
    table4 = [claim for row in TABLE4 for claim in _sentences(f"T4.{row[0]}", _words(*row), _cell(*row), PAPER)]
    fast = [claim for row in TABLE4 for claim in _unprinted("fast", "CIFAR-10, fast recipe", FAST, *row)]
    mnist = [
        replace(claim, note=CHOSEN) for row in MNIST for claim in _unprinted("mnist", "MNIST", {"data": "mnist"}, *row)
    ]
    return noted([*_figure1(), *table_claims(TABLE4, _table4_cell), *table4, *fast, *mnist])


def _cell(pair, shape, method="itlm", trained=WIDE):
    return {**trained, "pair": pair, "shape": shape, "method": method}


def _words(pair, shape):
    return f"{pair} with an {shape}"


def _figure1():
    ours = {"paper": PAPER_NETWORK}
    return [
        *observation("d", "250 watermarked images in CIFAR-10", WIDE, paper=PAPER),
        *observation("d", "250 watermarked images in CIFAR-10, fast recipe", FAST, tag=".fast", **ours),
        *observation("d", "watermarked images in MNIST", {"data": "mnist"}, tag=".mnist", **ours),
    ]


def _table4_cell(pair, shape, column, figure):
    method, metric = column.split(":")
    return {
        "id": f"T4.{pair}.{method}.{TESTS[metric]}",
        "place": "Table 4",
        "says": f"{_words(pair, shape)}: {SAYS[column].format(figure)}",
        "cells": cells("table4", _cell(pair, shape, method)),
        "measure": last(metric),
        **(_accuracy(figure) if metric == "clean_accuracy" else _attack(pair, shape, method, figure)),
        "paper": PAPER,
    }


def _accuracy(figure):
    why = "within 3 points of the printed figure; chance, 10, lies outside"
    return {"band": within(figure, 3, low=0, high=100), "why": why, "wrong": 10.0}


def _attack(pair, shape, method, figure):
    band, naive = within(figure, 5, low=0, high=100), TABLE4[pair, shape]["naive:attack_success"]
    if method == "naive":
        why = "within 5 points of the printed figure; an attack that fails, 0, lies outside"
        return {"band": band, "why": why, "wrong": 0.0}
    why = f"within 5 points of the printed figure: as good as gone; naive training's {naive} lies outside"
    return {"band": band, "why": why, "wrong": naive, "note": "the text says zero, the table prints 0.10 to 1.30"}


def _sentences(tag, words, itlm, paper):
    """What section 6.4 says of every attack; itlm: the settings of its cell."""
    return [
        Claim(
            id=f"{tag}.filtered",
            place="Section 6.4",
            says=f"{words}: most of the injected samples are filtered out",
            cells=cells("table4", itlm),
            measure=last("bad_removed"),
            band=Band(50.0, strict=True),
            why="more than half of them, in percent; naive training removes 0",
            wrong=0.0,
            paper=paper,
        ),
        Claim(
            id=f"{tag}.early",
            place="Section 6.4",
            says=f"{words}: without early stopping the performance is poor",
            cells=beside("table4", [{**itlm, "method": "itlm-late"}], {"method": "itlm"}),
            measure=gain("attack_success", "itlm"),
            band=Band(20.0),
            why="full training in every round: the attack succeeds at least 20 points more often; "
            "if stopping early did nothing, 0",
            wrong=0.0,
            paper=paper,
        ),
    ]


def _unprinted(name, start, trained, pair, shape):
    """Table 4 and its sentences on MNIST, or with the fast recipe: where the paper has no figures."""
    naive, itlm = (_cell(pair, shape, method, trained) for method in ("naive", "itlm"))
    tag, words = f"T4.{name}.{pair}", f"{start}, {_words(pair, shape)}"
    common = {"place": "Table 4", "paper": PAPER_NETWORK}
    return [
        Claim(
            id=f"{tag}.naive",
            says=f"{words}: naive training follows the watermark",
            cells=cells("table4", naive),
            measure=last("attack_success"),
            band=Band(90.0),
            why="at least 90 %; the table prints 96.3 and more; an attack that fails, 0, lies outside",
            wrong=0.0,
            **common,
        ),
        Claim(
            id=f"{tag}.itlm",
            says=f"{words}: with ITLM the attack hardly succeeds",
            cells=cells("table4", itlm),
            measure=last("attack_success"),
            band=Band(high=5.0),
            why="5 %: as good as gone; naive training has about 90",
            wrong=90.0,
            **common,
        ),
        Claim(
            id=f"{tag}.clean",
            says=f"{words}: ITLM costs at most a point of accuracy on clean test images",
            cells=cells("table4", itlm, naive),
            measure=gain("clean_accuracy", "naive"),
            band=Band(-1.0),
            why="within a point; the table's largest loss is 0.53; to drop the attacked class would cost about 10",
            wrong=-10.0,
            **common,
        ),
        *_sentences(tag, words, itlm, PAPER_NETWORK),
    ]
