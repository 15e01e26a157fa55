"""Claims on Table 2: its cells, and what the text says of them."""

from functools import partial

from itlm_kit.chapters.labels.table1_claims import ACCURACY, CLOSE, PAPER, WORDS
from itlm_kit.ledger.beside import table_claims
from itlm_kit.ledger.claim import Band, Claim, within
from itlm_kit.ledger.measures import cells, gain, last
from itlm_kit.ledger.printed import TABLE2

CHANCE = 10.0  # percent, of ten classes
LITERATURE = {"reweight": "Reweight", "mentornet-pd": "MentorNet PD", "mentornet-dd": "MentorNet DD"}


def claims():
    return [*_table2(), *_table2_sentences("paper"), *_table2_sentences("fast", ".fast")]


def _noisy(clean, method="itlm", recipe="paper"):
    return {"data": "cifar10", "recipe": recipe, "noise": "random", "clean": clean, "method": method}


def _table2():
    again = {
        row: {column: figure for column, figure in figures.items() if column != "full"}
        for row, figures in TABLE2.items()
        if row[0] == 0.2
    }  # whose last column is that of the rows above
    return table_claims(TABLE2 | again, _table2_claim, columns=("noisy", "full"))


def _table2_claim(clean, method, column, figure):
    ours, name = method == "itlm", LITERATURE.get(method, "ITLM")
    words = {
        "noisy": f"CIFAR-10, {clean:.0%} clean, random errors: {name} reaches {figure} %",
        "full": f"{name}'s network reaches {figure} % on clean CIFAR-10",
    }
    where = {"noisy": _noisy(clean, method), "full": _noisy(1.0, "oracle" if ours else method)}
    return {
        "id": f"T2.{round(100 * clean)}.{method}.{column}",
        "place": "Table 2",
        "says": words[column],
        "cells": cells("table2", where[column]),
        "paper": PAPER["cifar10"],
        "measure": last(ACCURACY),
        "band": within(figure, CLOSE, high=100.0),
        "why": "within 3 points of the printed figure",
        "wrong": CHANCE,
        "beyond": "" if ours else f"{name} by its authors' code: the table only quotes it, and so does the kit",
    }


def _table2_sentences(recipe, tag=""):
    """recipe: of the networks; tag: added to the claims' ids where it is not the paper's."""
    noisy = partial(_noisy, recipe=recipe)
    start = f"{WORDS['cifar10' + tag]}, "
    common = {"place": "Section 6.2", "paper": PAPER["cifar10"]}
    figure = {(clean, method): row["noisy"] for (clean, method), row in TABLE2.items()}
    above = {
        "sota": (0.6, "60 % clean: ITLM beats the best method that needs no clean samples"),
        "sota20": (0.2, "20 % clean: ITLM is significantly better than MentorNet PD"),
    }
    return [
        *(
            Claim(
                id=f"T2.{name}{tag}",
                says=start + text,
                cells=cells("table2", noisy(clean)),
                measure=last(ACCURACY),
                band=Band(figure[clean, "mentornet-pd"], strict=True),
                why=f"MentorNet PD's reported figure, {figure[clean, 'mentornet-pd']}, itself lies outside",
                wrong=figure[clean, "mentornet-pd"],
                printed=figure[clean, "itlm"],
                **common,
            )
            for name, (clean, text) in above.items()
        ),
        Claim(
            id=f"T2.close20{tag}",
            says=f"{start}20 % clean: ITLM is close to MentorNet DD, which is given clean samples",
            cells=cells("table2", noisy(0.2)),
            measure=last(ACCURACY),
            band=Band(46.3 - 5),
            why="within 5 points of its 46.3; printed 4.06 below",
            wrong=figure[0.2, "mentornet-pd"],
            printed=figure[0.2, "itlm"],
            note="one version of the table says MentorNet DD uses no clean samples in this row, the other 5k",
            **common,
        ),
        Claim(
            id=f"T2.drop{tag}",
            says=f"{start}60 % clean: only 6 % below training on clean data, the smallest drop reported",
            cells=cells("table2", noisy(1.0, "oracle"), noisy(0.6)),
            measure=gain(ACCURACY, "ITLM at 60 % clean"),
            band=Band(high=7.29),
            why="the next best, MentorNet DD, drops by 7.3",
            wrong=7.3,
            printed=6.28,
            **common,
        ),
    ]
