"""Claims on wrong labels: sections 1 and 6.2, Figure 1(a, b), Tables 1 and 2, appendix E.1."""

from itlm_kit.ledger.claim import Band, Claim
from itlm_kit.ledger.measures import gain, largest_loss, metric, of_frames, wins
from itlm_kit.ledger.observation import observation
from itlm_kit.ledger.printed import METHODS, TABLE1_CIFAR, TABLE1_MNIST, TABLE2

ACCURACY = "selected_accuracy"  # the epoch selected on noisy validation data, as appendix E.1 says
CLOSE = 3.0  # points
TABLE1 = {
    "mnist": ("table1-mnist", TABLE1_MNIST, {"share": 0.05}),
    "cifar10": ("table1-cifar", TABLE1_CIFAR, {}),
}
MISPRINT = (("random", 0.3), "1-step")
LITERATURE = {"reweight": "Reweight", "mentornet-pd": "MentorNet PD", "mentornet-dd": "MentorNet DD"}


def claims():
    return [*_figure1(), *_section1(), *_table1_cells(), *_table1_gains(), *_section62(), *_table2()]


def _cell(data, noise, clean, method):
    return {"data": data, **TABLE1[data][2], "protocol": "paper", "noise": noise, "clean": clean, "method": method}


def _settings(data, rates, method="itlm"):
    return [_cell(data, noise, clean, method) for noise, clean in TABLE1[data][1] if clean in rates]


def _figure1():
    kinds = {"a": ("random", "40 % random label errors"), "b": ("systematic", "40 % systematic label errors")}
    return [
        claim
        for panel, (noise, setting) in kinds.items()
        for claim in observation(panel, setting, {"noise": noise, "clean": 0.6}, {"data": "cifar10"})
    ]


def _section1():
    why = "the footnote says 'about 70 %' and 'over 90 %'; its Table 1 prints 73.47 and 90.72"
    text = "footnote: 30 % systematic errors take a WideResNet-16 on CIFAR-10 from over 90 % to about 70 %"
    naive, oracle = (_cell("cifar10", "systematic", 0.7, method) for method in ("baseline", "oracle"))
    return [
        Claim("S1.fn1.naive", "Section 1", f"{text}: trained naively",
              metric("table1-cifar", naive, ACCURACY), Band(65, 77), why, 70.0),
        Claim("S1.fn1.clean", "Section 1", f"{text}: trained on the clean samples",
              metric("table1-cifar", oracle, ACCURACY), Band(88), why, 90.0),
    ]  # fmt: skip


def _table1_cells():
    return [
        _table1_cell(data, noise, clean, method, value)
        for data, (_, table, _) in TABLE1.items()
        for (noise, clean), row in table.items()
        for method, value in zip(METHODS, row, strict=False)  # CIFAR-10 has the first three
    ]


def _table1_cell(data, noise, clean, method, value):
    band, why, note = _table1_band(data, noise, clean, method, value)
    name = f"T1.{data}.{noise}.{round(100 * clean)}.{method}"
    text = f"{data}, {noise} errors, {clean:.0%} clean: test accuracy of {method} is {value:.2f} %"
    cell = _cell(data, noise, clean, method)
    return Claim(name, "Table 1", text, metric(TABLE1[data][0], cell, ACCURACY), band, why, value, note=note)


def _table1_band(data, noise, clean, method, value):
    if data == "mnist" and ((noise, clean), method) == MISPRINT:
        row = dict(zip(METHODS, TABLE1_MNIST[noise, clean], strict=True))
        note = f"printed {value}, above its own oracle, {row['oracle']}: likely a misprint"
        return Band(row["baseline"] - CLOSE, row["oracle"]), "from the printed baseline to the printed oracle", note
    if method == "itlm":
        return Band(value - CLOSE), "within 3 points of the printed figure or above it", ""
    return Band(value - CLOSE, value + CLOSE), "within 3 points: what one method is measured against must not drift", ""


def _table1_gains():
    better = Band(0.0, strict=True)
    return [
        *(
            Claim(
                f"T1.gain.{data}.{noise}.{round(100 * clean)}", "Table 1, caption",
                f"{data}, {noise} errors, {clean:.0%} clean: ITLM is better than naive training",
                gain(experiment, _cell(data, noise, clean, "itlm"), {"method": "baseline"}, ACCURACY),
                better, "naive training itself gains 0", round(row[1] - row[0], 2), 0.0,
                note="" if row[1] > row[0] else "the table's own figures are against its caption here",
            )
            for data, (experiment, table, _) in TABLE1.items()
            for (noise, clean), row in table.items()
        ),
        Claim(
            "T1.most.mnist", "Section 6.2", "ITLM improves on the baseline in most settings of MNIST",
            wins("table1-mnist", _settings("mnist", _rates("mnist")), {"method": "baseline"}, ACCURACY),
            Band(5, 8), "more than half of the 8 settings; the baseline has 0", 6.0, 0.0,
            note="the caption says all settings, the text most: at random 70 and 90 % the table itself shows none",
        ),
        Claim(
            "T1.all.cifar10", "Section 6.2", "ITLM improves on the baseline in all settings of CIFAR-10",
            wins("table1-cifar", _settings("cifar10", _rates("cifar10")), {"method": "baseline"}, ACCURACY),
            Band(8, 8), "all 8 settings; the baseline has 0", 8.0, 0.0,
        ),
    ]  # fmt: skip


def _rates(data):
    return {clean for _, clean in TABLE1[data][1]}


def _section62():
    every, cleaner = _settings("mnist", _rates("mnist")), _settings("mnist", {0.7, 0.8, 0.9})
    return [
        Claim(
            "S6.2.alpha10", "Section 6.2", "ITLM is not very sensitive to alpha: 5 points more below alpha* on MNIST",
            largest_loss("table1-mnist", every, {"method": "delta-alpha-10"}, ACCURACY),
            Band(high=5.0), "5 points of accuracy for 5 points of alpha, in the worst of 8 settings", 4.15,
        ),
        Claim(
            "S6.2.alpha15", "Section 6.2", "… especially on cleaner data: 10 points more, 70 % clean and up",
            largest_loss("table1-mnist", cleaner, {"method": "delta-alpha-15"}, ACCURACY),
            Band(high=3.0 + 0.5), "the worst printed loss is 2.87; half a point for seeds", 2.87,
            note="at 30 % random the same choice costs 16.5 points in the table",
        ),
        *(
            Claim(
                f"S6.2.harder.{data}", "Section 6.2", f"systematic errors are less benign than random ({data}, 70 %)",
                gain(TABLE1[data][0], _cell(data, "random", 0.7, "baseline"), {"noise": "systematic"}, ACCURACY),
                Band(0.0, strict=True), "errors of one kind would give 0", round(random[0] - systematic[0], 2),
            )
            for data, (_, table, _) in TABLE1.items()
            for random, systematic in [(table["random", 0.7], table["systematic", 0.7])]
        ),
        Claim(
            "S6.2.subsample", "Section 6.2, footnote", "on all of MNIST methods lie closer together than on 5 %",
            of_frames(
                [("table1-mnist", {**_cell("mnist", "systematic", 0.6, method), "share": share})
                 for share in (0.05, 1.0) for method in ("oracle", "baseline")],
                _narrowing, "oracle less baseline at 5 % of MNIST, less the same at 100 %, points",
            ),
            Band(0.0, strict=True), "the same spread would give 0",
        ),
    ]  # fmt: skip


def _narrowing(frames):
    oracle, baseline, all_oracle, all_baseline = (f.groupby("seed")[ACCURACY].last().median() for f in frames)
    return (oracle - baseline) - (all_oracle - all_baseline)


def _table2():
    return [*_table2_cells(), *_table2_sentences()]


def _noisy(clean, method="itlm"):
    return {"data": "cifar10", "noise": "random", "clean": clean, "method": method}


def _table2_cells():
    entries = []
    for (clean, method), (noisy, full, _) in TABLE2.items():
        ours = method == "itlm"
        name, tag = LITERATURE.get(method, "ITLM"), f"T2.{round(100 * clean)}.{method}"
        beyond = "" if ours else f"{name} by its authors' code: the table only quotes it, and so does the kit"
        band = Band(noisy - CLOSE) if ours else Band(noisy - CLOSE, noisy + CLOSE)
        why = "within 3 points of the printed figure" + (" or above it" if ours else "")
        naive = _noisy(1.0, "baseline") if ours else {**_noisy(1.0), "method": method}
        entries += [
            Claim(f"{tag}.noisy", "Table 2", f"CIFAR-10, {clean:.0%} clean, random errors: {name} reaches {noisy} %",
                  metric("table2", _noisy(clean, method), ACCURACY), band, why, noisy, beyond=beyond),
            Claim(f"{tag}.full", "Table 2", f"{name}'s network ({clean:.0%} row) reaches {full} % on clean CIFAR-10",
                  metric("table2", naive, ACCURACY), Band(full - CLOSE, full + CLOSE), "within 3 points", full,
                  beyond=beyond),
        ]  # fmt: skip
    return entries


def _table2_sentences():
    def above(tag, clean, method, text):
        quoted = TABLE2[clean, method][0]
        return Claim(
            f"T2.{tag}", "Section 6.2", text, metric("table2", _noisy(clean), ACCURACY),
            Band(quoted, strict=True), f"{LITERATURE[method]}'s reported figure, {quoted}, itself lies outside",
            TABLE2[clean, "itlm"][0], quoted,
        )  # fmt: skip

    drop = gain("table2", _noisy(1.0, "baseline"), {"clean": 0.6, "method": "itlm"}, ACCURACY)
    return [
        above("sota", 0.6, "mentornet-pd", "60 % clean: ITLM beats the best method that needs no clean samples"),
        above("sota20", 0.2, "mentornet-pd", "20 % clean: ITLM is significantly better than MentorNet PD"),
        Claim(
            "T2.close20", "Section 6.2", "20 % clean: ITLM is close to MentorNet DD, which is given clean samples",
            metric("table2", _noisy(0.2), ACCURACY), Band(46.3 - 5), "within 5 points of its 46.3; printed 4.06 below",
            42.24, note="one version of the table says MentorNet DD uses no clean samples in this row, the other 5k",
        ),
        Claim(
            "T2.drop", "Section 6.2", "60 % clean: only 6 % below training on clean data, the smallest drop reported",
            drop, Band(high=7.29), "the next best, MentorNet DD, drops by 7.3", 6.28, 7.3,
        ),
    ]  # fmt: skip
