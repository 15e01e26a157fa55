"""Claims on wrong labels: sections 1 and 6.2, Figure 1(a, b), Tables 1 and 2, appendices B and E.1."""

import math
from functools import partial

from itlm_kit.chapters.fast_recipe import noted
from itlm_kit.chapters.observation import observation
from itlm_kit.data.cifar10n import BY_PEOPLE
from itlm_kit.ledger.beside import table_claims
from itlm_kit.ledger.claim import Band, Cells, Claim, Measure, Power, within
from itlm_kit.ledger.measures import beside, cells, gain, largest_loss, last, of_rows, wins
from itlm_kit.ledger.printed import ROUNDS, TABLE1_CIFAR, TABLE1_MNIST, TABLE2

ACCURACY = "selected_accuracy"  # the epoch selected on noisy validation data, as appendix E.1 says
CLOSE = 3.0  # points
CHANCE = 10.0  # percent, of ten classes
LUCK = 0.5  # points: what two accuracies near 88 % on 10,000 test images differ by, one standard error
TABLE1 = {
    "mnist": ("table1-mnist", TABLE1_MNIST,
              {"data": "mnist", "share": 0.05, "protocol": "authors", "step_size": 0.3, "length": "steps"}),
    "cifar10": ("table1-cifar", TABLE1_CIFAR, {"data": "cifar10", "recipe": "paper", "protocol": "paper"}),
    "cifar10.fast": ("table1-cifar", TABLE1_CIFAR, {"data": "cifar10", "recipe": "fast", "protocol": "last"}),
}  # fmt: skip
# Another network has other levels: of the fast recipe what is asked is the paper's sentences, and what ITLM regains.
WORDS = {"mnist": "MNIST", "cifar10": "CIFAR-10", "cifar10.fast": "CIFAR-10, fast recipe"}
FIGURE1 = {"a": "random", "b": "systematic"}  # the errors of its panels
BY_HEART = {"data": "mnist", "recipe": "memorising"}
NORMAL = {"kind": "draw_normal", "sigma": 0.02}
# What the paper, or where it says nothing its code, has beside the settings that a claim names.
PAPER = {
    "mnist": {
        "data": "mnist",
        "share": 0.05,
        "training.build": {"kind": "two_layer_cnn", "tanh_logits": True},
        "training.initialise": NORMAL,
        "training.batch_size": 1000,
        "training.step_size": 0.3,
        "protocol.watched": 10_000,
    },
    "cifar10": {
        "data": "cifar10",
        "training.build": "wide_resnet",
        "training.initialise": NORMAL,
        "training.batch_size": 256,
        "training.step_size": 0.1,
    },
}
PAPER["cifar10.fast"] = PAPER["cifar10"]
THETA = {method: {"method": "itlm", "round": t} for method, t in ROUNDS.items()}
MISPRINT = (("random", 0.3), "1-step")
# Of 2018, with training passes as ITLM has them: one with an additional network, one that the paper cites [ZS18].
PREVIOUS = {"coteaching": "co-teaching", "gce": "generalized cross-entropy"}
OTHER_WEIGHTS = "with Xavier weights (protocol paper; the text tells none) it ends at 84.8, naive training at 70.0"
ONE_NORM = (
    "images of one norm, as Table 5's printed shares have it. On raw pixels what centroid keeps is less clean (65 in "
    "place of 70 % at systematic 60 %, 63 in place of 76 % at random 50 %, seed 0) and networks end at 64.1 and 83.6 "
    "(median of three seeds)"
)
WARM = (
    "in accuracy the rounds that go on, whose training adds up, end no lower: 78 % in place of 77 (systematic), 94 in "
    "place of 90 (random; means over seeds)"
)
LITERATURE = {"reweight": "Reweight", "mentornet-pd": "MentorNet PD", "mentornet-dd": "MentorNet DD"}


def claims():
    table1 = [*_table1(), *_table1_gains(), *_regained()]
    table2 = [*_table2(), *_table2_sentences("paper"), *_table2_sentences("fast", ".fast")]
    figure1 = [*_figure1(), *_capacity(), *_section1()]
    return noted([*figure1, *table1, *_section62(), *table2, *_appendix_b(), *_early(), *_people()])


def _cell(data, noise, clean, method):
    """Where a method of Table 1 stands: naive training and 1-step are theta_0 and theta_1 of ITLM's own cell."""
    where = {**TABLE1[data][2], "noise": noise, "clean": clean}
    return {**where, **THETA.get(method, {"method": method})}


def _read(data, *wheres):
    return {"cells": cells(TABLE1[data][0], *wheres), "paper": PAPER[data]}


def _settings(data, rates):
    return [_cell(data, noise, clean, "itlm") for noise, clean in TABLE1[data][1] if clean in rates]


def _rates(data):
    return {clean for _, clean in TABLE1[data][1]}


def _figure1():
    sets = {
        "": (WORDS["cifar10"], {"data": "cifar10", "recipe": "paper"}),
        ".fast": (WORDS["cifar10.fast"], {"data": "cifar10", "recipe": "fast"}),
        ".mnist": ("MNIST, a network that does not memorise", {"data": "mnist", "net": "two-layer-cnn-tanh"}),
        ".mnist.memorising": ("MNIST, a network that memorises", BY_HEART),
    }
    return [
        claim
        for panel, noise in FIGURE1.items()
        for tag, (words, where) in sets.items()
        for claim in observation(
            panel,
            f"{words}, 40 % {noise} label errors",
            {**where, "noise": noise, "clean": 0.6},
            tag=tag,
            paper=PAPER["cifar10"],
        )
    ]


def _capacity():
    return [
        Claim(
            id=f"S6.capacity.mnist.{noise}",
            place="Section 6",
            says=f"deep networks have the capacity to fit the bad samples as well (MNIST, {noise} errors)",
            cells=cells(f"fig1{panel}", {**BY_HEART, "noise": noise, "clean": 0.6}),
            measure=last("bad_accuracy"),
            band=Band(95.0),
            why="nearly all; one that has learnt the images alone calls at most one in ten by a wrong label",
            wrong=10.0,
        )
        for panel, noise in FIGURE1.items()
    ]


def _section1():
    text = "footnote: 30 % systematic errors take a WideResNet-16 on CIFAR-10 from over 90 % to about 70 %"
    common = {
        "place": "Section 1",
        "measure": last(ACCURACY),
        "why": "the footnote says 'about 70 %' and 'over 90 %'; its Table 1 prints 73.47 and 90.72",
    }
    naive, oracle = (_cell("cifar10", "systematic", 0.7, method) for method in ("baseline", "oracle"))
    return [
        Claim(
            id="S1.fn1.naive",
            says=f"{text}: trained naively",
            band=Band(65, 77),
            wrong=90.0,
            printed=70.0,
            **_read("cifar10", naive),
            **common,
        ),
        Claim(
            id="S1.fn1.clean",
            says=f"{text}: trained on the clean samples",
            band=Band(88),
            wrong=70.0,
            printed=90.0,
            **_read("cifar10", oracle),
            **common,
        ),
    ]


def _table1():
    return [
        claim
        for data, table in (("mnist", TABLE1_MNIST), ("cifar10", TABLE1_CIFAR))
        for claim in table_claims(table, lambda noise, clean, method, figure, data=data: {
            "id": f"T1.{data}.{noise}.{round(100 * clean)}.{method}",
            "place": "Table 1",
            "says": f"{data}, {noise} errors, {clean:.0%} clean: test accuracy of {method} is {figure:.2f} %",
            "measure": last(ACCURACY),
            **_read(data, _cell(data, noise, clean, method)),
            **_table1_band(TABLE1[data][1][noise, clean], ((noise, clean), method), figure),
        })
    ]  # fmt: skip


def _table1_band(row, cell, figure):
    """Within 3 points, or less where these would hold naive training and the oracle of its row alike."""
    if cell == MISPRINT and "1-step" in row:
        return {
            "band": Band(row["baseline"] - CLOSE, row["oracle"]),
            "why": "from the printed baseline to the printed oracle",
            "wrong": figure,
            "note": f"printed {figure}, above its own oracle, {row['oracle']}: likely a misprint",
        }
    between = round(row["oracle"] - row["baseline"], 2)
    band = within(figure, min(CLOSE, between / 2), high=100.0)
    wrong = next(each for each in (row["baseline"], row["oracle"]) if not band.contains(each))
    why = "within 3 points of the printed figure, and within half of what lies between the printed baseline and oracle"
    note = ONE_NORM if cell[1] == "centroid" else ""
    if cell == (("systematic", 0.6), "itlm") and "1-step" in row:
        note = OTHER_WEIGHTS
    return {"band": band, "why": why, "wrong": wrong, "power": Power(between), "note": note}


def _table1_gains():
    each = [
        Claim(
            id=f"T1.gain.{data}.{noise}.{round(100 * clean)}",
            place="Table 1, caption",
            says=f"{WORDS[data]}, {noise} errors, {clean:.0%} clean: ITLM is better than naive training",
            **_read(data, _cell(data, noise, clean, "itlm"), _cell(data, noise, clean, "baseline")),
            measure=gain(ACCURACY, "naive training"),
            **_gained(round(row["itlm"] - row["baseline"], 2)),
        )
        for data, (_, table, _) in TABLE1.items()
        for (noise, clean), row in table.items()
    ]
    counted = {
        "T1.most.mnist": ("mnist", "most", Band(5, 8), "more than half of the 8 settings", 6.0),
        "T1.all.cifar10": ("cifar10", "all", Band(8, 8), "all 8 settings", 8.0),
        "T1.all.cifar10.fast": ("cifar10.fast", "all", Band(8, 8), "all 8 settings", 8.0),
    }
    return each + [
        Claim(
            id=name,
            place="Section 6.2",
            says=f"ITLM improves on the baseline in {words} settings of {WORDS[data]}",
            cells=beside(TABLE1[data][0], _settings(data, _rates(data)), THETA["baseline"]),
            paper=PAPER[data],
            measure=wins(ACCURACY, 8, "naive training"),
            band=band,
            why=f"{why}; the baseline has 0",
            wrong=0.0,
            printed=printed,
            note="the caption says all settings, the text most: at random 70 and 90 % the table itself shows none"
            if data == "mnist"
            else "",
        )
        for name, (data, words, band, why, printed) in counted.items()
    ]


def _gained(printed):
    """What counts as a gain over naive training, where the paper prints one of so many points."""
    return {
        "band": Band(max(0.0, min(LUCK, printed / 2)), strict=True),
        "why": f"more than the {LUCK} points that luck with 10,000 test images can give, or than half of the printed "
        "gain where that is less; naive training itself gains 0",
        "wrong": 0.0,
        "printed": printed,
        "power": Power(printed),
        "note": "" if printed > 0 else "the table's own figures are against its caption here",
    }


def _regained():
    """How far ITLM comes from naive training to the oracle, as a share of the way: what other networks can have too."""

    def share(frames):
        itlm, naive, oracle = (float(frame[ACCURACY].iloc[-1]) for frame in frames)
        return 100 * (itlm - naive) / (oracle - naive) if oracle > naive else math.nan

    return table_claims(
        {row: {"itlm": _share_regained(**figures)} for row, figures in TABLE1_CIFAR.items()},
        lambda noise, clean, _, figure: {
            "id": f"T1.regained.cifar10.fast.{noise}.{round(100 * clean)}",
            "place": "Table 1",
            "says": f"{WORDS['cifar10.fast']}, {noise} errors, {clean:.0%} clean: ITLM regains {figure} % of what "
            "naive training loses against the oracle",
            **_read("cifar10.fast", *(_cell("cifar10.fast", noise, clean, m) for m in ("itlm", "baseline", "oracle"))),
            "measure": Measure(share, f"{ACCURACY}: how far ITLM comes from naive training to the oracle, percent"),
            "band": within(figure, 20.0),
            "why": "within 20 points of what the printed figures give; naive training regains 0",
            "wrong": 0.0,
        },
    )


def _share_regained(baseline, itlm, oracle):
    return round(100 * (itlm - baseline) / (oracle - baseline), 1)


def _section62():
    grid = [_much_below(), _cross_validated(), _harder_on_grid()]
    return [*_alphas(), *grid, *_full_updates(), *_harder(), _subsampled(), *_previous()]


def _alphas():
    every, cleaner = _settings("mnist", _rates("mnist")), _settings("mnist", {0.7, 0.8, 0.9})
    return [
        Claim(
            id="S6.2.alpha10",
            place="Section 6.2",
            says="ITLM is not very sensitive to alpha: 5 points more below alpha* on MNIST",
            cells=beside("table1-mnist", every, {"method": "delta-alpha-10"}),
            paper=PAPER["mnist"],
            measure=largest_loss(ACCURACY, len(every), "alpha 10 points below alpha*"),
            band=Band(high=5.0),
            why="5 points of accuracy for 5 points of alpha, in the worst of 8 settings",
            wrong=18.29,  # what naive training loses against ITLM in the worst setting
            printed=4.15,
        ),
        Claim(
            id="S6.2.alpha15",
            place="Section 6.2",
            says="… especially on cleaner data: 10 points more, 70 % clean and up",
            cells=beside("table1-mnist", cleaner, {"method": "delta-alpha-15"}),
            paper=PAPER["mnist"],
            measure=largest_loss(ACCURACY, len(cleaner), "alpha 15 points below alpha*"),
            band=Band(high=3.0 + 0.5),
            why="the worst printed loss is 2.87; half a point for seeds",
            wrong=16.54,  # the table's loss at random 30 %
            printed=2.87,
            note="at 30 % random the same choice costs 16.5 points in the table",
        ),
    ]


def _much_below():
    """The second of these on the grid of `alpha`, by its networks."""
    return Claim(
        id="S6.2.alpha15.batch-50",
        place="Section 6.2",
        says="… especially on cleaner data: 10 points more, 70 % clean and up (batches of 50)",
        cells=cells("alpha", {**_on_grid(), "clean": (0.7, 0.8, 0.9)}),
        paper=PAPER["mnist"],
        measure=of_rows(loss_below, "largest loss of last_accuracy, alpha 15 points below alpha*, over 5 settings"),
        band=Band(high=3.0 + 0.5),
        why="as for S6.2.alpha15; at 50 % clean, random errors, the same choice costs 3.9 or more",
        wrong=3.9,
    )


def _on_grid():
    """MNIST's settings of Table 1, trained as in `alpha`."""
    noises = dict.fromkeys(noise for noise, _ in TABLE1_MNIST)  # in the same order in every process
    return {"data": "mnist", "noise": tuple(noises), "clean": tuple(_rates("mnist"))}


def loss_below(frame):
    """Accuracy of alpha 5 points below alpha* less that of 15, where it is largest."""
    below = (frame["clean"] - frame["alpha"]).round(2)
    near, far = (frame[below == margin].set_index(["noise", "clean"])["last_accuracy"] for margin in (0.05, 0.15))
    return float((near - far).max())


def _cross_validated():
    """That cross-validation finds the best alpha."""
    where = _on_grid()
    return Claim(
        id="S6.2.cv",
        place="Section 6.2",
        says="one can always use cross-validation to find the best alpha (MNIST)",
        cells=(Cells("alpha", where), Cells("alpha", where, rows="choices")),
        paper=PAPER["mnist"],
        measure=Measure(
            loss_by_choice,
            "accuracy of the best alpha of a grid less that of the one chosen, points, largest over 8 settings",
        ),
        band=Band(high=CLOSE),
        why="within 3 points, as for a printed figure; to keep all, whatever the setting, loses 9.5 or more",
        wrong=9.5,
        note="the best one as the test images tell it, on a grid of steps of 10 points; one split of five",
    )


def loss_by_choice(frames):
    """Accuracy of the best alpha less that of cross-validation's, where it is largest; frames: grids, and choices."""
    grids, choices = (frame.set_index(["noise", "clean"]) for frame in frames)
    best = grids.groupby(level=[0, 1])["last_accuracy"].max()
    return float((best - choices.loc[choices["chooser"] == "cv", "accuracy"]).max())


def _full_updates():
    return [
        Claim(
            id=f"S6.full.{noise}",
            place="Section 6",
            says=f"full updates are more stable than short ones, whose set is less clean (MNIST, {noise} errors, "
            f"{clean:.0%} clean)",
            cells=(
                Cells("warm-or-anew", {"data": "mnist", "noise": noise, "clean": clean, "weights": "anew"}),
                Cells("short-updates", {"data": "mnist", "noise": noise, "clean": clean}),
            ),
            paper=PAPER["mnist"],
            measure=gain("clean_share", "updates of two epochs, as many epochs in all"),
            band=Band(0.0, strict=True),
            why="an update's length that does not matter gives 0; a network that was deceived keeps what deceived it",
            wrong=0.0,
            note="full updates draw weights anew, short ones go on from the last: warm-or-anew tells the two apart",
        )
        for noise, clean in (("systematic", 0.6), ("random", 0.5))
    ]


def _harder():
    return [
        Claim(
            id=f"S6.2.harder.{data}",
            place="Section 6.2",
            says=f"systematic errors are less benign than random ({WORDS[data]}, 70 %)",
            **_read(data, *(_cell(data, noise, 0.7, "baseline") for noise in ("random", "systematic"))),
            measure=gain(ACCURACY, "noise systematic"),
            band=Band(0.0, strict=True),
            why="errors of one kind would give 0",
            wrong=0.0,
            printed=round(table["random", 0.7]["baseline"] - table["systematic", 0.7]["baseline"], 2),
        )
        for data, (_, table, _) in TABLE1.items()
    ]


def _harder_on_grid():
    """The same at once: where alpha is 1, the grid of `alpha` has naive training."""
    return Claim(
        id="S6.2.harder.mnist.batch-50",
        place="Section 6.2",
        says="systematic errors are less benign than random (MNIST, 70 %, batches of 50)",
        cells=cells("alpha", *({**_on_grid(), "noise": noise, "clean": 0.7} for noise in ("random", "systematic"))),
        paper=PAPER["mnist"],
        measure=gain("baseline_accuracy", "noise systematic"),
        band=Band(0.0, strict=True),
        why="errors of one kind would give 0",
        wrong=0.0,
        printed=round(TABLE1_MNIST["random", 0.7]["baseline"] - TABLE1_MNIST["systematic", 0.7]["baseline"], 2),
    )


def _subsampled():
    def narrowing(frames):
        oracle, baseline, all_oracle, all_baseline = (float(frame[ACCURACY].iloc[-1]) for frame in frames)
        return (oracle - baseline) - (all_oracle - all_baseline)

    return Claim(
        id="S6.2.subsample",
        place="Section 6.2, footnote",
        says="on all of MNIST methods lie closer together than on 5 %",
        cells=cells(
            "table1-mnist",
            *(
                {**_cell("mnist", "systematic", 0.6, method), "share": share}
                for share in (0.05, 1.0)
                for method in ("oracle", "baseline")
            ),
        ),
        measure=Measure(narrowing, "oracle less baseline at 5 % of MNIST, less the same at 100 %, points"),
        band=Band(0.0, strict=True),
        why="the same spread would give 0",
        wrong=0.0,
    )


def _previous():
    """Section 6 says it of all noisy labels, and shows it of figures that others report: here both run side by side."""
    where = {"data": "mnist", "noise": "random", "method": "itlm", "updates": 2}
    return [
        Claim(
            id=f"S6.previous.mnist.{method}",
            place="Section 6",
            says=f"random errors: ITLM performs better than previous methods (MNIST, 30 and 50 % clean: {name})",
            cells=beside("field", [{**where, "clean": clean} for clean in (0.3, 0.5)], {"method": method}),
            paper=PAPER["cifar10"],
            measure=wins("last_accuracy", 2, name),
            band=Band(2, 2),
            why="both settings; methods that are alike give 0",
            wrong=0.0,
            note="ITLM's two rounds, and of the other as many training passes; neither was tuned on these data",
        )
        for method, name in PREVIOUS.items()
    ]


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


def _appendix_b():
    return [
        Claim(
            id=f"AppB.c.{noise}",
            place="Appendix B (c)",
            says=f"re-initialised weights are harder to be stuck (MNIST, {noise} errors, {clean:.0%} clean)",
            cells=cells(
                "warm-or-anew",
                *({"data": "mnist", "noise": noise, "clean": clean, "weights": each} for each in ("anew", "last")),
            ),
            paper=PAPER["mnist"],
            measure=gain("clean_share", "rounds that go on from the last weights"),
            band=Band(0.0, strict=True),
            why="weights drawn anew to no effect gain 0; where rounds are stuck, what they keep gets no cleaner",
            wrong=0.0,
            note=WARM,
        )
        for noise, clean in (("systematic", 0.6), ("random", 0.5))
    ]


def _early():
    """Appendix B (e): four rounds stopped early beside four trained in full, with the fast recipe."""
    words = WORDS["cifar10.fast"]
    return [
        Claim(
            id=f"AppB.e.{noise}",
            place="Appendix B (e)",
            says=f"{words}, {noise} errors, {clean:.0%} clean: early stopping filters bad samples better",
            cells=(
                Cells(TABLE1["cifar10.fast"][0], {**_cell("cifar10.fast", noise, clean, "itlm"), "round": 4}),
                Cells("late-rounds", {"data": "cifar10", "noise": noise, "clean": clean}),
            ),
            paper=PAPER["cifar10.fast"],
            measure=gain("clean_share", "four rounds trained in full"),
            band=Band(0.0, strict=True),
            why="stopping that does not matter gains 0",
            wrong=0.0,
        )
        for noise, clean in (("systematic", 0.6), ("random", 0.5))
    ]


def _people():
    """Beyond the paper: the labels of CIFAR-10N, all of them, with the fast recipe."""
    where = {"recipe": "fast", "share": 1.0, "protocol": "last", "method": "itlm"}
    return [
        Claim(
            id=f"people.{labels}.fast",
            place="Section 6.2, beyond drawn errors",
            says=f"{WORDS['cifar10.fast']}, labels of people ({labels}): ITLM is better than naive training",
            cells=beside("cifar10n", [{**where, "labels": labels}], THETA["baseline"]),
            measure=gain("last_accuracy", "naive training"),
            band=Band(LUCK, strict=True),
            why=f"more than the {LUCK} points that luck with 10,000 test images can give; naive training gains 0",
            wrong=0.0,
        )
        for labels in BY_PEOPLE
    ]
