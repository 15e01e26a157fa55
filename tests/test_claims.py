"""The ledger: whole, read from files alone, and with bands that the baselines fall out of."""

import json
import math
import warnings
from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
import toys

from itlm_kit.chapters import all_claims, get_experiment
from itlm_kit.chapters.backdoors import claims as backdoors
from itlm_kit.chapters.labels import claims as labels
from itlm_kit.chapters.mixtures import claims as mixtures
from itlm_kit.chapters.regression import claims as regression
from itlm_kit.chapters.regression import theory_claims as theory
from itlm_kit.errors import InputError
from itlm_kit.experiments.running import plan, run_plan
from itlm_kit.experiments.store import DamagedResult, ResultStore
from itlm_kit.ledger import observation
from itlm_kit.ledger.claim import Band, Claim
from itlm_kit.ledger.measures import gain, largest_loss, metric, wins
from itlm_kit.ledger.printed import printed
from itlm_kit.ledger.text import render
from itlm_kit.ledger.verdicts import VERDICTS, entries
from itlm_kit.machine import Where

CLAIMS = all_claims()
BY_ID = {claim.id: claim for claim in CLAIMS}
BETTER = [claim for claim in CLAIMS if claim.baseline is not None]


# --- the list


def test_every_claim_has_a_name_of_its_own_and_says_what_it_checks():
    assert len(BY_ID) == len(CLAIMS)
    for claim in CLAIMS:
        assert claim.text and claim.place and claim.why and claim.measure.parts and claim.measure.text, claim.id
        assert math.isfinite(claim.band.low) or math.isfinite(claim.band.high), claim.id


def ids(template, *choices):
    return {template.format(*choice) for choice in product(*choices)}


METHODS = ["baseline", "itlm", "oracle", "centroid", "1-step", "delta-alpha-10", "delta-alpha-15"]
TABLE_CELLS = {
    "Table 1, MNIST, systematic": ids("T1.mnist.systematic.{}.{}", [60, 70, 80, 90], METHODS),
    "Table 1, MNIST, random": ids("T1.mnist.random.{}.{}", [30, 50, 70, 90], METHODS),
    "Table 1, CIFAR-10, systematic": ids("T1.cifar10.systematic.{}.{}", [60, 70, 80, 90], METHODS[:3]),
    "Table 1, CIFAR-10, random": ids("T1.cifar10.random.{}.{}", [30, 50, 70, 90], METHODS[:3]),
    "Table 2, 60 %": ids("T2.60.{}.{}", ["itlm", "reweight", "mentornet-pd", "mentornet-dd"], ["noisy", "full"]),
    "Table 2, 20 %": ids("T2.20.{}.{}", ["itlm", "mentornet-pd", "mentornet-dd"], ["noisy", "full"]),
    "Table 3": ids("T3.{}.{}.iter{}", ["mnist", "celeba"], [90, 80, 70], [1, 2, 3, 4, 5]),
    "Table 4": ids("T4.{}.{}.{}", ["1->2", "9->4", "6->0", "2->8"], ["naive", "itlm"], ["test1", "test2"]),
    "Table 5": ids(
        "T5.{}.{}",
        [70, 80, 90],
        [*METHODS[:2], "centroid", "1-step", "delta-alpha-10", "delta-alpha-15", "delta-alpha-20"],
    ),
}


@pytest.mark.parametrize("table", TABLE_CELLS)
def test_every_table_cell_is_there_with_its_printed_figure(table):
    assert TABLE_CELLS[table] <= set(BY_ID)
    assert all(BY_ID[name].published is not None for name in TABLE_CELLS[table])


def test_every_panel_statement_and_section_is_there():
    panels = ["1a", "1b", "1c", "1d", "2a", "2b", "2c", "3.left", "3.right", "4", *("5" + p for p in "abcdef")]
    panels += [*("6" + p for p in "abcdef"), "7a", "7b", "8"]
    statements = ["Def4", "Lem3", "Lem5", "Lem6", "Thm7", "Thm8", "Thm9", "Thm10", "Thm11", "Rem1", "Rem2"]
    sections = ["S1", "S2", "S3", "S6.1", "S6.2", "AppB", "AppC", "E2"]
    for start in (*(f"F{panel}" for panel in panels), *statements, *sections):
        assert any(name.startswith(start) for name in BY_ID), start


@pytest.mark.parametrize(
    "name, printed",
    [
        ("T1.mnist.systematic.60.itlm", 84.98),
        ("T1.mnist.random.30.1-step", 93.91),
        ("T1.cifar10.random.50.baseline", 64.74),
        ("T2.60.itlm.noisy", 86.12),
        ("T2.20.mentornet-dd.full", 96.0),
        ("T3.mnist.80.iter1", 76.84),
        ("T3.celeba.70.iter4", 82.15),
        ("T4.9->4.itlm.test2", 0.60),
        ("T5.80.delta-alpha-15", 99.56),
        ("T1.gain.mnist.systematic.60", 18.29),
        ("T2.drop", 6.28),
        ("S6.2.alpha10", 4.15),
    ],
)
def test_printed_figures_copied_by_hand(name, printed):
    assert BY_ID[name].published == printed


def test_printed_figures_lie_in_their_bands_but_for_the_slips_named():
    outside = {c.id for c in CLAIMS if c.published is not None and not c.band.contains(c.published)}
    assert outside == {"T1.mnist.random.30.1-step", "T1.gain.mnist.random.70", "T1.gain.mnist.random.90"}
    assert all(BY_ID[name].note for name in outside)


@pytest.mark.parametrize("claim", BETTER, ids=lambda claim: claim.id)
def test_the_baseline_falls_out_of_the_band_of_what_is_better(claim):
    assert not claim.band.contains(claim.baseline)


def test_who_says_better_names_a_baseline():
    words = ("better", "beats", "improve", "cleaner set", "cleaner than")
    saying = [c for c in CLAIMS if any(word in c.text for word in words)]
    assert len(saying) > 30
    assert [c.id for c in saying if c.baseline is None] == []


# --- read from files


def toy(name="toy", cells=({"method": "itlm"}, {"method": "baseline"}), **more):
    return toys.experiment(name, cells, needs=lambda settings: ["mnist"], **more)


def finder(*experiments):
    """The function that finds an experiment by name among these."""
    named = {experiment.name: experiment for experiment in experiments}

    def find(name):
        if name not in named:
            raise InputError(f"experiment must be one of {', '.join(named)}; got {name!r}.")
        return named[name]

    return find


def put(folder, settings, metrics, *, seed=0, version=1, experiment="toy", data="MNIST, 5 %"):
    result = toys.result(experiment, settings, metrics, seed=seed, version=version, data=data)
    return ResultStore(folder).save(result)


ITLM, BASELINE = {"method": "itlm"}, {"method": "baseline"}
BETTER_TOY = Claim(
    "toy.better", "Table 0", "ITLM is better", gain("toy", ITLM, BASELINE, "accuracy"), Band(0.0, strict=True),
    "none gives 0", published=5.0, baseline=0.0, paper={"share": 1.0}, note="a slip",
)  # fmt: skip


def verdict(folder, claim=BETTER_TOY, find=finder(toy())):  # noqa: B008
    return entries([claim], ResultStore(folder), find)[0]


def test_nothing_is_run_at_the_start(tmp_path):
    found = entries(CLAIMS, ResultStore(tmp_path), get_experiment)
    assert [entry["id"] for entry in found] == [claim.id for claim in CLAIMS]
    for entry in found:
        assert (entry["verdict"], entry["figure"], entry["seeds"]) == ("not run", None, []), entry["id"]
        assert entry["needs"], entry["id"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert not list(tmp_path.iterdir())


def test_a_figure_comes_from_files_and_lights_the_entry_up(tmp_path):
    assert verdict(tmp_path)["needs"] == (
        "itlm reproduce toy --profile full --only method=baseline --only method=itlm (with mnist)"
    )
    for seed, (ours, theirs) in enumerate([(88.0, 80.0), (85.0, 80.0), (81.0, 80.0)]):
        put(tmp_path, ITLM, {"accuracy": ours}, seed=seed)
        put(tmp_path, BASELINE, {"accuracy": theirs}, seed=seed)
    entry = verdict(tmp_path)
    assert (entry["verdict"], entry["figure"], entry["seeds"]) == ("reproduced", 5.0, [0, 1, 2])
    assert (entry["data"], entry["device"], entry["needs"]) == (["MNIST, 5 %"], ["a CPU"], "")
    assert entry["departs"] == ["share not told, in the paper 1.0"]


def test_a_figure_outside_the_band_is_not_reproduced(tmp_path):
    put(tmp_path, ITLM, {"accuracy": 80.0})
    put(tmp_path, BASELINE, {"accuracy": 80.0})
    assert verdict(tmp_path)["verdict"] == "not reproduced"


def test_only_seeds_that_all_cells_have_count(tmp_path):
    put(tmp_path, ITLM, {"accuracy": 90.0}, seed=0)
    put(tmp_path, BASELINE, {"accuracy": 80.0}, seed=1)
    assert verdict(tmp_path)["verdict"] == "not run"
    put(tmp_path, ITLM, {"accuracy": 83.0}, seed=1)
    entry = verdict(tmp_path)
    assert (entry["figure"], entry["seeds"]) == (3.0, [1])


def _other_version(folder, path):
    path.unlink()
    put(folder, ITLM, {"accuracy": 90.0}, version=2)


SPOILT = {
    "missing": lambda folder, path: path.unlink(),
    "of another version": _other_version,
    "cut short": lambda folder, path: path.write_text(path.read_text()[:-20]),
    "of other settings": lambda folder, path: path.write_text(path.read_text().replace('"itlm"', '"centroid"')),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_claim_with_a_cell_that_is_not_whole_and_present_is_not_run(tmp_path, spoil):
    put(tmp_path, BASELINE, {"accuracy": 80.0})
    path = put(tmp_path, ITLM, {"accuracy": 90.0})
    assert verdict(tmp_path)["verdict"] == "reproduced"
    spoil(tmp_path, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedResult)
        assert verdict(tmp_path)["verdict"] == "not run"


def test_cells_that_are_not_of_the_experiment_do_not_count(tmp_path):
    find = finder(toy(cells=({"method": "itlm", "runs": 100},)))
    put(tmp_path, {"method": "itlm", "runs": 3}, {"accuracy": 90.0})
    claim = Claim("toy", "", "", metric("toy", ITLM, "accuracy"), Band(0.0), "")
    assert verdict(tmp_path, claim, find)["verdict"] == "not run"


@pytest.mark.parametrize(
    "measure, needs",
    [
        (metric("toy", ITLM, "acuracy"), "a metric that the results of toy do not hold (Column not found: acuracy)"),
        (metric("toy", {**ITLM, "round": 7}, "accuracy"), "results that hold method=itlm, round=7"),
        (
            metric("toy", {"method": "oracle"}, "accuracy"),
            "a cell of toy with method=oracle, which is not part of it yet",
        ),
        (
            metric("toy", {"noise": "random"}, "accuracy"),
            "a cell of toy with noise=random, which is not part of it yet",
        ),
        (metric("unheard", ITLM, "accuracy"), "experiment unheard, which is not part of this kit yet"),
        (metric("toy", ITLM, "order"), "results on which its measure is defined"),
    ],
)
def test_what_cannot_be_read_says_what_it_needs(tmp_path, measure, needs):
    put(tmp_path, ITLM, {"rounds": [{"round": 0, "accuracy": 80.0, "order": None}]})
    entry = verdict(tmp_path, Claim("toy", "", "", measure, Band(0.0), ""))
    assert (entry["verdict"], entry["needs"]) == ("not run", needs)


def test_an_experiment_that_cannot_be_imported_says_which_package(tmp_path):

    def no_torch(name):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    assert verdict(tmp_path, find=no_torch)["needs"] == "experiment toy, which needs the package torch"


def test_text_for_a_person(tmp_path):
    put(tmp_path, ITLM, {"accuracy": 90.0})
    put(tmp_path, BASELINE, {"accuracy": 80.0})
    missing = replace(BETTER_TOY, id="toy.missing", measure=metric("unheard", {}, "accuracy"))
    text = render(entries([BETTER_TOY, missing], ResultStore(tmp_path), finder(toy())))
    assert text.splitlines() == [
        "Table 0",
        f"  + reproduced     {'toy.better':34} ITLM is better",
        "      accuracy, gain over method baseline: 10 (band > 0, printed 5) [seed 0; MNIST, 5 %; a CPU]",
        "      departs from the paper: share not told, in the paper 1.0",
        "      note: a slip",
        f"  . not run        {'toy.missing':34} ITLM is better",
        "",
        "2 claims: 1 reproduced, 0 not reproduced, 1 not run",
        "What is not run needs:",
        "     1  experiment unheard, which is not part of this kit yet",
    ]


def test_commands_are_counted_without_their_choices(tmp_path):
    cells = [{"check": check, "kind": kind} for check in ("lemma 5", "lemma 6") for kind in ("random", "mixture")]
    find = finder(toy(cells=cells))
    claims = [Claim(c, "", "", metric("toy", {"check": c}, "holds"), Band(1.0), "") for c in ("lemma 5", "lemma 6")]
    found = entries(claims, ResultStore(tmp_path), find)
    assert found[0]["needs"] == "itlm reproduce toy --profile full --only 'check=lemma 5' (with mnist)"
    assert render(found).splitlines()[-1] == "     2  itlm reproduce toy --profile full (with mnist)"


@pytest.mark.parametrize("name, sets", [("E2.gaussian", "mnist"), ("T3.celeba.80.iter1", "celeba, cifar10")])
def test_a_command_names_the_data_of_its_own_cells(tmp_path, name, sets):
    (entry,) = entries([BY_ID[name]], ResultStore(tmp_path), get_experiment)
    assert entry["needs"].endswith(f"(with {sets})")


@pytest.mark.parametrize(
    "band, inside, outside, text",
    [
        (Band(1.0), [1.0, 9.0], [0.9], ">= 1"),
        (Band(1.0, strict=True), [1.1], [1.0], "> 1"),
        (Band(high=1.0), [1.0, -9.0], [1.1], "<= 1"),
        (Band(1.0, 2.0), [1.0, 2.0], [0.9, 2.1], ">= 1, <= 2"),
        (Band(1.0, 1.0), [1.0], [0.9, 1.1], "= 1"),
    ],
)
def test_bands(band, inside, outside, text):
    assert all(band.contains(figure) for figure in inside)
    assert not any(band.contains(figure) for figure in outside)
    assert not band.contains(float("nan"))
    assert str(band) == text


# --- bands against measured baselines: every method does as the baseline does


def cells_of(claims):
    """The settings that claims ask for, by experiment; what is asked of rows left out."""
    found = {}
    for claim in claims:
        for name, where in claim.measure.parts:
            row_level = {"round"} | ({"method"} if name.startswith("fig") and name not in ("fig3", "fig8") else set())
            cell = {key: value for key, value in where.items() if key not in row_level}
            for kind in cell.pop("kind", (None,)) if isinstance(cell.get("kind"), tuple) else (cell.pop("kind", None),):
                found.setdefault(name, {})[json.dumps({**cell, **({"kind": kind} if kind else {})}, sort_keys=True)] = (
                    None
                )
    return {name: [json.loads(cell) for cell in cells] for name, cells in found.items()}


def levelled(name, cell, value):
    """Metrics of a cell in an experiment where ITLM is no better than what it is compared with."""
    if name == "theory":
        if cell["check"] == "remark 2":
            return {"rounds": [{"round": t, "error_ratio": 0.5} for t in range(3)]}
        return {"time_ratio": 1.0, "rounds": [{"method": "exact", "error": 1e6}]}
    if name.startswith("fig1"):
        return {"rounds": [{"epoch": e, "clean_accuracy": 60.0, "bad_accuracy": 60.0} for e in range(8)]}
    names = ("selected_accuracy", "clean_share", "clean_like", "attack_success", "bad_removed")
    same = {metric_name: value for metric_name in names}
    return {**same, "rounds": [{"round": t, **same} for t in range(5)]}


LEVEL = [
    c for c in BETTER if c.measure.parts[0].experiment not in ("fig2", "fig5", "fig6", "fig7") and c.id != "T2.drop"
]


@pytest.mark.parametrize("claim", LEVEL, ids=lambda claim: claim.id)
def test_a_method_no_better_than_the_baseline_is_not_reproduced(claim, tmp_path):
    (name, cells), = cells_of([claim]).items()  # fmt: skip
    if name == "theory" and cells[0]["check"] == "breakdown":
        cells = [{**cells[0], "bad": bad, "n": 15} for bad in (1, 2)]
    find = finder(toy(name=name, cells=cells))
    for cell in cells:
        put(tmp_path, cell, levelled(name, cell, claim.baseline), experiment=name)
    assert verdict(tmp_path, claim, find)["verdict"] == "not reproduced"


def test_a_drop_as_large_as_the_next_best_method_s_is_not_reproduced(tmp_path):
    claim = BY_ID["T2.drop"]
    (name, cells), = cells_of([claim]).items()  # fmt: skip
    find = finder(toy(name=name, cells=cells))
    for cell in cells:
        put(tmp_path, cell, {"selected_accuracy": 96.0 if cell["clean"] == 1.0 else 88.7}, experiment=name)
    assert verdict(tmp_path, claim, find)["verdict"] == "not reproduced"


CURVES = [c for c in BETTER if c.measure.parts[0].experiment in ("fig2", "fig5", "fig6", "fig7")]


@pytest.mark.parametrize("claim", CURVES, ids=lambda claim: claim.id)
@pytest.mark.parametrize("error, expected", [(0.3, "not reproduced"), (0.05, "reproduced")])
def test_curves_as_far_off_as_the_naive_fit_are_not_reproduced(claim, error, expected, tmp_path):
    (name, where), = claim.measure.parts  # fmt: skip
    cells = [{**where, "n": 1000 * s, "clean": 0.8, "sigma": s} for s in (1, 2)]
    find = finder(toy(name=name, cells=cells))
    errors = {"oracle": 0.04, "naive": 0.3, "itlm-1": error, "itlm-2": error}
    for cell in cells:
        rows = [{"method": method, "round": 0, "error": e} for method, e in errors.items()]
        put(tmp_path, cell, {"rounds": rows}, experiment=name)
    assert verdict(tmp_path, claim, find)["verdict"] == expected


def test_table_1_as_printed_is_reproduced_but_for_its_slips(tmp_path):
    claims = [c for c in CLAIMS if c.measure.parts[0].experiment in ("table1-mnist", "table1-cifar")]
    found = cells_of(claims)
    find = finder(*(toy(name=name, cells=cells) for name, cells in found.items()))
    for name, cells in found.items():
        for cell in cells:
            if row := printed(name, cell) if cell.get("share", 0.05) == 0.05 else {}:
                put(tmp_path, cell, row, experiment=name)
    by_verdict = {}
    for entry in entries(claims, ResultStore(tmp_path), find):
        by_verdict.setdefault(entry["verdict"], []).append(entry["id"])
    slips = ["T1.mnist.random.30.1-step", "T1.gain.mnist.random.70", "T1.gain.mnist.random.90"]
    assert (by_verdict["not reproduced"], by_verdict["not run"]) == (slips, ["S6.2.subsample"])
    assert len(by_verdict["reproduced"]) == len(claims) - 4


# --- measures, by hand


def frame(rows, **more):
    return pd.DataFrame([{"seed": 0, **more, **row} for row in rows])


def test_the_last_row_of_each_seed_counts_and_the_median_over_seeds():
    rows = [{"seed": s, "round": t, "accuracy": 70 + 10 * s + t} for s in range(3) for t in range(3)]
    assert metric("x", {}, "accuracy").figure([frame(rows)]) == 82


def test_wins_and_losses_over_settings():
    pairs = [frame([{"accuracy": a}]) for a in (90, 85, 80, 80, 70, 72)]  # gains 5, 0, -2
    settings = [{"clean": c} for c in (0.6, 0.7, 0.8)]
    assert wins("x", settings, {"method": "baseline"}, "accuracy").figure(pairs) == 1
    assert largest_loss("x", settings, {"method": "baseline"}, "accuracy").figure(pairs) == 5
    assert len(wins("x", settings, {"method": "baseline"}, "accuracy").parts) == 6


def test_early_and_fading_gaps():
    gaps = [40, 30, 20, 20, 20, 20, 10, 0]
    rows = frame([{"epoch": e, "clean_accuracy": 50 + gap, "bad_accuracy": 50} for e, gap in enumerate(gaps)])
    assert observation.early_gap(rows) == 35
    assert observation.fading_gap(rows) == 30


def curve(errors, axis="n"):
    """errors: method -> {value of axis: error}; only the last of two rounds counts."""
    return frame(
        {axis: value, "method": method, "round": t, "error": error if t else 9.0}
        for method, points in errors.items() for value, error in points.items() for t in (0, 1)
    )  # fmt: skip


def test_measures_of_curves():
    small = {"oracle": {1: 0.1, 2: 0.05, 3: 0.02}, "naive": {1: 0.5, 2: 0.45, 3: 0.42}}
    rows = curve({**small, "itlm-1": {1: 0.14, 2: 0.06, 3: 0.06}})
    assert regression.excess(rows, axis="n", method="itlm-1") == pytest.approx(0.1)
    assert regression.excess(rows, axis="n", method="itlm-1", low=2, high=2) == pytest.approx(0.025)
    assert regression.excess(rows, axis="n", method="naive") == 1
    assert regression.excess(rows, axis="n", method="oracle") == 0
    assert regression.drift(rows, method="itlm-1", small=2) == pytest.approx(3 / 1.4)
    assert regression.falling(curve({"itlm-1": {0.6: 3, 0.7: 2, 0.8: 2.5}}, "clean"), method="itlm-1") == 0.5


def test_measures_of_the_theory():
    n = frame([{"n": n, "error": 3 / n**0.5} for n in (100, 400, 1600)])
    assert theory.slope("error")(n) == pytest.approx(-0.5)
    assert theory.shrinkage("error")(n) == pytest.approx(0.25)
    errors = {0: 0.1, 1: 0.2, 2: 1e5, 3: 0.3}
    broken = frame([{"n": 10, "bad": b, "method": "exact", "error": e} for b, e in errors.items()])
    assert theory.resisted("exact")(broken) == 0.1
    rates = frame([{"kind": k, "round": t, "error_ratio": r} for k, rs in {"a": (0.4, 0.2), "b": (0.5, 0.1)}.items()
                   for t, r in enumerate(rs)])  # fmt: skip
    assert theory.speeding_up(rates) == 0.5
    assert theory.first_rates(rates) == 0.5
    assert theory.constant_drift(frame([{"sigma": s, "kappa_constant": c} for s, c in ((0.1, 2), (0.01, 6))])) == 3
    reach = frame([{"components": m, "clean": c, "reach_of_last": r}
                   for m, c, r in ((2, 0.5, 1.0), (2, 0.8, 0.2), (3, 0.5, 0.8), (3, 0.8, 0.4))])  # fmt: skip
    assert theory.narrowing(reach) == 0.5


# --- the measures fit what the experiments record


SYNTHETIC = ("fig2", "fig5", "fig6", "fig7", "theory")


def few(name):
    """An experiment whose cells are its quick profile's smaller ones, with two runs each."""
    experiment = get_experiment(name)
    cells = [{**cell, "runs": 2} for cell in experiment.cells("quick") if cell["n"] <= 1000]
    return replace(experiment, cells=lambda profile: cells)


def test_claims_read_what_the_experiments_write(tmp_path):
    store, small = ResultStore(tmp_path), [few(name) for name in SYNTHETIC]
    for experiment in small:
        list(run_plan(plan(experiment, store), store, Where()))
    read = [c for c in CLAIMS if c.measure.parts[0].experiment in SYNTHETIC]
    found = entries(read, store, finder(*small))
    unread = [e for e in found if e["verdict"] == "not run"]
    assert all(e["experiment"] == ["theory"] and "not part of it yet" in e["needs"] for e in unread)
    assert len(found) - len(unread) > 50
    assert all("runs 2, in the paper 100" in e["departs"] for e in found if e["experiment"] != ["theory"])


def test_table_1_s_claims_name_cells_that_exist():
    claims = [c for c in CLAIMS if c.measure.parts[0].experiment in ("table1-mnist", "fig1a", "fig1b")]
    missing = [e["id"] for e in entries(claims, ResultStore("nowhere"), get_experiment) if "not part of" in e["needs"]]
    assert missing == ["S6.2.subsample"]


# --- the verdicts of the figures that were measured


def test_the_readme_counts_the_verdicts_of_each_chapter():
    """Run `itlm claims` and correct the table when new figures are stored."""
    root = Path(__file__).parents[1]
    chapters = [(theory, regression), (labels,), (mixtures,), (backdoors,)]
    table = (root / "README.md").read_text().partition("| chapter (notebooks) |")[2].partition("\n\n")[0]
    told = [[int(count) for count in line.split("|")[2:-1]] for line in table.splitlines()[2:]]
    store = ResultStore(root / "notebooks/results")
    found = [[e["verdict"] for part in c for e in entries(part.claims(), store, get_experiment)] for c in chapters]
    assert told == [[verdicts.count(verdict) for verdict in VERDICTS] for verdicts in found]
