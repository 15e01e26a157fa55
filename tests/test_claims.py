"""The ledger: whole, read from files alone, and with bands that the baselines fall out of."""

import json
import math
import re
import warnings
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import toys

from itlm_kit.chapters import all_claims, counted_verdicts, get_experiment, observation
from itlm_kit.chapters.labels import table1_claims
from itlm_kit.chapters.regression import claims as regression
from itlm_kit.chapters.regression import convergence
from itlm_kit.chapters.regression import theory_claims as theory
from itlm_kit.errors import InputError
from itlm_kit.experiments.running import plan, run_plan
from itlm_kit.experiments.store import DamagedResult, ResultStore
from itlm_kit.ledger.beside import table_claims
from itlm_kit.ledger.claim import Band, Claim, Power, within
from itlm_kit.ledger.measures import beside, cells, gain, largest_loss, last, wins
from itlm_kit.ledger.printed import TABLE1_CIFAR, TABLE1_MNIST, printed
from itlm_kit.ledger.shelf import listed
from itlm_kit.ledger.text import counted, render
from itlm_kit.ledger.verdicts import departures, ledger
from itlm_kit.machine import Where

RESULTS = Path(__file__).parents[1] / "notebooks" / "results"
CLAIMS = all_claims()
BY_ID = {claim.id: claim for claim in CLAIMS}


# --- the list


def test_every_claim_has_a_name_of_its_own_and_says_what_it_checks():
    assert len(BY_ID) == len(CLAIMS)
    for claim in CLAIMS:
        assert claim.says and claim.place and claim.why and claim.cells and claim.measure.text, claim.id
        assert math.isfinite(claim.band.low) or math.isfinite(claim.band.high), claim.id


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_wrong_outcome_falls_out_of_the_band(claim):
    assert math.isfinite(claim.wrong) and not claim.band.contains(claim.wrong)


def test_a_measured_figure_belongs_to_one_claim():
    read = {}
    for claim in CLAIMS:
        asked = [(name, sorted(where.items(), key=str), rows) for name, where, rows in claim.cells]
        read.setdefault((str(asked), claim.measure.text, str(claim.band)), []).append(claim.id)
    assert [names for names in read.values() if len(names) > 1] == []


def test_bands_of_printed_levels_have_two_sides():
    levels = [
        c for c in CLAIMS if re.match(r"T[1345]\.|T2\.\d\d", c.id) and not c.id.startswith(("T1.gain", "T5.gain"))
    ]
    cells_of_tables = [c for c in levels if c.place.startswith("Table") and c.printed is not None]
    assert len(cells_of_tables) > 130
    for claim in cells_of_tables:
        assert math.isfinite(claim.band.low) and math.isfinite(claim.band.high), claim.id


def ids(template, *choices):
    return {template.format(*choice) for choice in product(*choices)}


METHODS = ["baseline", "itlm", "oracle", "centroid", "1-step", "delta-alpha-10", "delta-alpha-15"]
TABLE_CELLS = {
    "Table 1, MNIST, systematic": ids("T1.mnist.systematic.{}.{}", [60, 70, 80, 90], METHODS),
    "Table 1, MNIST, random": ids("T1.mnist.random.{}.{}", [30, 50, 70, 90], METHODS),
    "Table 1, CIFAR-10, systematic": ids("T1.cifar10.systematic.{}.{}", [60, 70, 80, 90], METHODS[:3]),
    "Table 1, CIFAR-10, random": ids("T1.cifar10.random.{}.{}", [30, 50, 70, 90], METHODS[:3]),
    "Table 2, 60 %": ids("T2.60.{}.{}", ["itlm", "reweight", "mentornet-pd", "mentornet-dd"], ["noisy", "full"]),
    "Table 2, 20 %": ids("T2.20.{}.noisy", ["itlm", "mentornet-pd", "mentornet-dd"]),
    "Table 3": ids("T3.{}.{}.iter{}", ["mnist", "celeba"], [90, 80, 70], [1, 2, 3, 4, 5]),
    "Table 4": ids("T4.{}.{}.{}", ["1->2", "9->4", "6->0", "2->8"], ["naive", "itlm"], ["test1", "test2"]),
    "Table 5": ids("T5.{}.{}", [70, 80, 90], ["centroid", "delta-alpha-10", "delta-alpha-15", "delta-alpha-20"])
    | ids("T3.mnist.{}.{}", [70, 80, 90], ["iter1", "iter5"]),  # its 1-Step and its ITLM
}


@pytest.mark.parametrize("table", TABLE_CELLS)
def test_every_table_cell_is_there_with_its_printed_figure(table):
    assert TABLE_CELLS[table] <= set(BY_ID)
    assert all(BY_ID[name].printed is not None for name in TABLE_CELLS[table])


def test_every_panel_statement_and_section_is_there():
    panels = ["1a", "1b", "1c", "1d", "2a", "2b", "2c", "3.left", "3.right", *("5" + p for p in "abcdef")]
    panels += [*("6" + p for p in "abcdef"), "7a", "7b", "8"]
    panels = [panel for panel in panels if panel not in ("5a", "5b", "5c")]  # which print Figure 2's again
    # Figure 4 shows how watermarks look: nothing that a measurement could refute.
    statements = ["Def4", "Lem3", "Lem5", "Lem6", "Thm7", "Thm8", "Thm9", "Thm10", "Thm11", "Rem1", "Rem2"]
    sections = ["S1", "S2", "S3", "S6.1", "S6.2", "S6.full", "AppB.c", "AppB.e", "AppC", "E2"]
    for start in (*(f"F{panel}" for panel in panels), *statements, *sections):
        assert any(name.startswith(start) for name in BY_ID), start


@pytest.mark.parametrize(
    "name, figure",
    [
        ("T1.mnist.systematic.60.itlm", 84.98),
        ("T1.mnist.random.30.1-step", 93.91),
        ("T1.cifar10.random.50.baseline", 64.74),
        ("T2.60.itlm.noisy", 86.12),
        ("T2.60.mentornet-dd.full", 96.0),
        ("T3.mnist.80.iter1", 76.84),
        ("T3.celeba.70.iter4", 82.15),
        ("T4.9->4.itlm.test2", 0.60),
        ("T5.80.delta-alpha-15", 99.56),
        ("T1.gain.mnist.systematic.60", 18.29),
        ("T2.drop", 6.28),
        ("S6.2.alpha10", 4.15),
    ],
)
def test_printed_figures_copied_by_hand(name, figure):
    assert BY_ID[name].printed == figure


def test_printed_figures_lie_in_their_bands_but_for_the_slips_named():
    outside = {c.id for c in CLAIMS if c.printed is not None and not c.band.contains(c.printed)}
    assert outside == {"T1.mnist.random.30.1-step", "T1.gain.mnist.random.70", "T1.gain.mnist.random.90"}
    assert all(BY_ID[name].note for name in outside)


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


def claim_of(measure, *wheres, experiment="toy", **more):
    fields = {"id": "toy", "place": "", "says": "", "why": "", "band": Band(0.0), "wrong": -1.0}
    return Claim(**{**fields, "cells": cells(experiment, *wheres), "measure": measure, **more})


BETTER_TOY = claim_of(
    gain("accuracy", "method baseline"), ITLM, BASELINE, id="toy.better", place="Table 0", says="ITLM is better",
    band=Band(0.0, strict=True), wrong=0.0, printed=5.0, paper={"share": 1.0, "steps": 3}, note="a slip",
)  # fmt: skip


def verdict(folder, claim=BETTER_TOY, find=finder(toy())):  # noqa: B008
    return ledger([claim], ResultStore(folder), find).to_dict("records")[0]


def test_nothing_is_run_at_the_start(tmp_path):
    found = ledger(CLAIMS, ResultStore(tmp_path), get_experiment).to_dict("records")
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
    assert (entry["low"], entry["high"]) == (1.0, 8.0)
    assert (entry["data"], entry["device"], entry["needs"]) == (["MNIST, 5 %"], ["a CPU"], "")
    assert entry["departs"] == ["share not told, in the paper 1", "steps 1, in the paper 3"]


@pytest.mark.parametrize(
    "gains, expected",
    [
        ((8, 5, 1), "reproduced"),
        ((8, 5, -1), "mixed"),
        ((0, 8, 8), "mixed"),
        ((-1, -2, 0), "not reproduced"),
        ((3,), "reproduced"),
        ((-3,), "not reproduced"),
    ],
)
def test_a_verdict_needs_all_seeds(tmp_path, gains, expected):
    for seed, more in enumerate(gains):
        put(tmp_path, ITLM, {"accuracy": 80.0 + more}, seed=seed)
        put(tmp_path, BASELINE, {"accuracy": 80.0}, seed=seed)
    assert verdict(tmp_path)["verdict"] == expected


@pytest.mark.parametrize(
    "power, gains, words",
    [
        (Power(0.5), (8, 5, 1), "the effect, 0.5, is smaller than the spread over seeds, 7; it would take 198 seeds"),
        (Power(-0.5), (8, 5, 1), "the effect, -0.5, is smaller than the spread over seeds, 7; it would take 198 seeds"),
        (Power(7.0), (8, 5, 1), ""),
        (Power(0.5), (8,), ""),  # one seed has no spread
        (
            Power(0.5, bias=2.0, because="too few draws"),
            (8,),
            "the effect, 0.5, is smaller than a bias of 2: too few draws",
        ),
        (None, (8, 5, 1), ""),
    ],
)
def test_no_power_only_by_rule(tmp_path, power, gains, words):
    for seed, more in enumerate(gains):
        put(tmp_path, ITLM, {"accuracy": 80.0 + more}, seed=seed)
        put(tmp_path, BASELINE, {"accuracy": 80.0}, seed=seed)
    entry = verdict(tmp_path, replace(BETTER_TOY, power=power))
    assert (entry["verdict"], entry["power"]) == ("no power" if words else "reproduced", words)


def test_departures_compare_settings_and_recipes_by_dotted_names():
    done = toys.result("toy", {"share": 0.05, "data": "mnist"}, {})
    done = replace(
        done, recipe={"kind": "R", "training": {"kind": "T", "steps": 150, "build": {"kind": "net", "w": 2}}}
    )
    paper = {
        "data": "mnist",
        "share": 1.0,
        "training.steps": None,
        "training.build": {"kind": "net", "w": 2},
        "training.batch_size": 64,
    }
    assert departures(paper, [done]) == [
        "share 0.05, in the paper 1",
        "steps 150, in the paper not told",
        "batch size not told, in the paper 64",
    ]
    trains_nothing = toys.result("toy", {"share": 0.05, "data": "mnist"}, {})
    assert departures(paper, [done, trains_nothing]) == departures(paper, [done])


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
    assert verdict(tmp_path, claim_of(last("accuracy"), ITLM), find)["verdict"] == "not run"


@pytest.mark.parametrize(
    "claim, needs",
    [
        (claim_of(last("acuracy"), ITLM), "a metric that the results of toy do not hold (acuracy)"),
        (claim_of(last("accuracy"), {**ITLM, "round": 7}), "results that hold method=itlm, round=7"),
        (
            claim_of(last("accuracy"), {"method": "oracle"}),
            "a cell of toy with method=oracle, which is not part of it yet",
        ),
        (
            claim_of(last("accuracy"), {"noise": "random"}),
            "a cell of toy with noise=random, which is not part of it yet",
        ),
        (
            claim_of(last("accuracy"), ITLM, experiment="unheard"),
            "experiment unheard, which is not part of this kit yet",
        ),
        (claim_of(last("order"), ITLM), "results on which its measure is defined"),
    ],
)
def test_what_cannot_be_read_says_what_it_needs(tmp_path, claim, needs):
    put(tmp_path, ITLM, {"rounds": [{"round": 0, "accuracy": 80.0, "order": None}]})
    entry = verdict(tmp_path, claim)
    assert (entry["verdict"], entry["needs"]) == ("not run", needs)


def test_an_experiment_that_cannot_be_imported_says_which_package(tmp_path):

    def no_torch(name):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    assert verdict(tmp_path, find=no_torch)["needs"] == "experiment toy, which needs the package torch"


def test_text_for_a_person(tmp_path):
    for seed, ours in enumerate((90.0, 79.0)):
        put(tmp_path, ITLM, {"accuracy": ours}, seed=seed)
        put(tmp_path, BASELINE, {"accuracy": 80.0}, seed=seed)
    missing = replace(BETTER_TOY, id="toy.missing", cells=cells("unheard", {}))
    weak = replace(BETTER_TOY, id="toy.weak", power=Power(1.0), paper={}, note="")
    frame = ledger([BETTER_TOY, weak, missing], ResultStore(tmp_path), finder(toy()))
    figure = "accuracy, gain over method baseline: 4.5 (-1 to 10) (band > 0, printed 5) [2 seeds; MNIST, 5 %; a CPU]"
    assert render(frame).splitlines() == [
        "Table 0",
        f"  ~ mixed          {'toy.better':34} ITLM is better",
        f"      {figure}",
        "      departs from the paper: share not told, in the paper 1; steps 1, in the paper 3",
        "      note: a slip",
        f"  o no power       {'toy.weak':34} ITLM is better",
        f"      {figure}",
        "      no power: the effect, 1, is smaller than the spread over seeds, 11; it would take 242 seeds",
        f"  . not run        {'toy.missing':34} ITLM is better",
        "",
        "3 claims: 0 reproduced, 1 mixed, 0 not reproduced, 1 no power, 1 not run; 0 rest on one seed",
        "What is not run needs:",
        "     1  experiment unheard, which is not part of this kit yet",
    ]


def test_one_seed_is_marked_where_it_is_told_and_where_it_is_counted(tmp_path):
    put(tmp_path, ITLM, {"accuracy": 90.0})
    put(tmp_path, BASELINE, {"accuracy": 80.0})
    frame = ledger([BETTER_TOY], ResultStore(tmp_path), finder(toy()))
    assert "[one seed; MNIST, 5 %; a CPU]" in render(frame) and "1 rest on one seed" in render(frame)
    assert counted({"toys": frame}).splitlines() == [
        "| chapter (notebooks) | reproduced | mixed | not reproduced | no power | not run | of one seed |",
        "|---|---|---|---|---|---|---|",
        "| toys | 1 | 0 | 0 | 0 | 0 | 1 |",
    ]


def test_commands_are_counted_without_their_choices(tmp_path):
    checks = [{"check": check, "kind": kind} for check in ("lemma 5", "lemma 6") for kind in ("random", "mixture")]
    claims = [claim_of(last("holds"), {"check": c}, id=c) for c in ("lemma 5", "lemma 6")]
    found = ledger(claims, ResultStore(tmp_path), finder(toy(cells=checks)))
    assert found["needs"][0] == "itlm reproduce toy --profile full --only 'check=lemma 5' (with mnist)"
    assert render(found).splitlines()[-1] == "     2  itlm reproduce toy --profile full (with mnist)"


@pytest.mark.parametrize("name, sets", [("E2.gaussian", "mnist"), ("T3.celeba.80.iter1", "celeba, cifar10")])
def test_a_command_names_the_data_of_its_own_cells(tmp_path, name, sets):
    assert verdict(tmp_path, BY_ID[name], get_experiment)["needs"].endswith(f"(with {sets})")


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


def test_a_band_around_a_printed_figure_is_cut_to_what_can_be():
    assert within(97.0, 5.0, low=0, high=100) == Band(92.0, 100.0)
    assert within(0.6, 5.0, low=0, high=100) == Band(0.0, 5.6)


FAST = [claim for claim in CLAIMS if ".fast" in claim.id]


def test_the_fast_recipe_has_entries_of_its_own():
    assert ids("T1.gain.cifar10.fast.systematic.{}", [60, 70, 80, 90]) <= set(BY_ID)
    assert ids("T4.fast.{}.{}", ["1->2", "9->4", "6->0", "2->8"], ["naive", "itlm", "filtered", "early"]) <= set(BY_ID)
    assert {"F1a.fast", "F1b.fast", "F1d.fast", "T2.drop.fast", "T2.sota20.fast", "people.worst.fast"} <= set(BY_ID)
    assert ids("T1.regained.cifar10.fast.random.{}", [30, 50, 70, 90]) <= set(BY_ID)


@pytest.mark.parametrize("claim", FAST, ids=lambda claim: claim.id)
def test_the_fast_recipe_s_entries_need_no_gpu(claim, tmp_path):
    needs = verdict(tmp_path, claim, get_experiment)["needs"]
    assert "--only recipe=fast" in needs and "cifar10" in needs and "GPU" not in needs


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_what_rests_on_the_fast_recipe_says_how_its_step_was_chosen(claim):
    assert ("step size was chosen by accuracy on true test labels" in claim.note) is (
        ".fast" in claim.id or claim.id.startswith("AppB.e")
    )


@pytest.mark.parametrize("printed, low", [(18.29, 0.5), (0.8, 0.4), (0.33, 0.165), (-0.06, 0.0)])
def test_a_gain_counts_when_luck_with_the_test_images_does_not_explain_it(printed, low):
    band = table1_claims._gained(printed)["band"]
    assert band == Band(low, strict=True) and band.contains(printed) is (printed > 0)
    assert 100 * math.sqrt(2 * 0.88 * 0.12 / 10_000) == pytest.approx(table1_claims.LUCK, abs=0.05)


@pytest.mark.parametrize("name", ["F1a", "F1d", "T1.cifar10.random.50.itlm", "T2.60.itlm.noisy", "T4.9->4.itlm.test1"])
def test_the_paper_s_own_entries_read_the_paper_s_recipe(name, tmp_path):
    needs = verdict(tmp_path, BY_ID[name], get_experiment)["needs"]
    assert "--only recipe=paper" in needs and needs.endswith("(with cifar10, a GPU)")


def test_what_itlm_regains_of_the_way_to_the_oracle():
    claim = BY_ID["T1.regained.cifar10.fast.systematic.60"]
    assert claim.printed == pytest.approx(100 * (81.01 - 62.03) / (90.14 - 62.03), abs=0.05)
    itlm, naive, oracle = (frame([{"selected_accuracy": a}]) for a in (80, 75, 85))
    assert claim.measure.figure([itlm, naive, oracle]) == 50
    assert math.isnan(claim.measure.figure([itlm, oracle, oracle]))


def test_the_cells_of_a_table_become_claims_one_by_one():
    table = {("random", 0.6): {"itlm": 84.5, "oracle": 92.0}, ("random", 0.8): {"itlm": 90.0, "oracle": 93.0}}

    def fields(noise, clean, method, figure):
        where = {"noise": noise, "clean": clean, "method": method}
        return {"id": f"{noise}.{clean}.{method}", "place": "", "says": "", "cells": cells("toy", where),
                "measure": last("accuracy"), "band": within(figure, 3.0), "why": "", "wrong": 10.0}  # fmt: skip

    found = table_claims(table, fields, columns=("itlm",))
    assert [(claim.id, claim.printed) for claim in found] == [("random.0.6.itlm", 84.5), ("random.0.8.itlm", 90.0)]


# --- bands against measured baselines: every method does as the baseline does


def cells_of(claims):
    """The settings that claims ask for, by experiment; what is asked of rows left out."""
    found = {}
    for claim in claims:
        for name, where, _ in claim.cells:
            row_level = {"round"} | ({"method"} if name.startswith("fig") and name not in ("fig3", "fig8") else set())
            cell = {key: value for key, value in where.items() if key not in row_level}
            for kind in cell.pop("kind", (None,)) if isinstance(cell.get("kind"), tuple) else (cell.pop("kind", None),):
                found.setdefault(name, {})[json.dumps({**cell, **({"kind": kind} if kind else {})}, sort_keys=True)] = (
                    None
                )
    return {name: [json.loads(cell) for cell in cells] for name, cells in found.items()}


def levelled(value):
    """Metrics of a cell where no method is better than another, and no round than another."""
    names = ("selected_accuracy", "last_accuracy", "baseline_accuracy", "clean_share", "clean_like", "attack_success",
             "clean_accuracy")  # fmt: skip
    same = dict.fromkeys(names, value)
    return {**same, "rounds": [{"round": t, **same} for t in range(5)]}


LEVEL = [
    claim for claim in CLAIMS if re.search("gain over|in how many", claim.measure.text) and not claim.band.contains(0.0)
]


@pytest.mark.parametrize("claim", LEVEL, ids=lambda claim: claim.id)
def test_methods_that_are_all_alike_gain_nothing(claim, tmp_path):
    found = cells_of([claim])
    find = finder(*(toy(name=name, cells=asked) for name, asked in found.items()))
    for name, asked in found.items():
        for cell in asked:
            put(tmp_path, cell, levelled(80.0), experiment=name)
    assert verdict(tmp_path, claim, find)["verdict"] == "not reproduced"


def test_a_drop_as_large_as_the_next_best_method_s_is_not_reproduced(tmp_path):
    claim = BY_ID["T2.drop"]
    (name, cells), = cells_of([claim]).items()  # fmt: skip
    find = finder(toy(name=name, cells=cells))
    for cell in cells:
        put(tmp_path, cell, {"selected_accuracy": 96.0 if cell["clean"] == 1.0 else 88.7}, experiment=name)
    assert verdict(tmp_path, claim, find)["verdict"] == "not reproduced"


CURVES = [c for c in CLAIMS if "share of the naive fit's excess error" in c.measure.text and len(c.cells) == 1]


@pytest.mark.parametrize("claim", CURVES, ids=lambda claim: claim.id)
@pytest.mark.parametrize("error, expected", [(0.3, "not reproduced"), (0.05, "reproduced")])
def test_curves_as_far_off_as_the_naive_fit_are_not_reproduced(claim, error, expected, tmp_path):
    (name, where, _), = claim.cells  # fmt: skip
    cells = [{**where, "n": 1000 * s, "clean": 0.8, "sigma": s} for s in (1, 2)]
    find = finder(toy(name=name, cells=cells))
    errors = {"oracle": 0.04, "naive": 0.3, "itlm-1": error, "itlm-2": error}
    for cell in cells:
        rows = [{"method": method, "round": 0, "error": e} for method, e in errors.items()]
        put(tmp_path, cell, {"rounds": rows}, experiment=name)
    assert verdict(tmp_path, claim, find)["verdict"] == expected


def as_printed(name, cell):
    """Metrics of a cell of Table 1 with the paper's figures: naive training and 1-step are rounds of ITLM's cell."""
    rounds = {0: "baseline", 1: "1-step", 5: "itlm"} if cell["method"] == "itlm" else {0: cell["method"]}
    row = {t: printed(name, {**cell, "method": method}) for t, method in rounds.items()}
    return {"rounds": [{"round": t, **figures} for t, figures in row.items() if figures]}


def test_table_1_as_printed_is_reproduced_but_for_its_slips(tmp_path):
    claims = [c for c in CLAIMS if {cells.experiment for cells in c.cells} <= {"table1-mnist", "table1-cifar"}]
    found = cells_of(claims)
    find = finder(*(toy(name=name, cells=asked) for name, asked in found.items()))
    for name, asked in found.items():
        for cell in asked:
            if cell.get("share", 0.05) == 0.05:
                put(tmp_path, cell, as_printed(name, cell), experiment=name)
    by_verdict = {}
    for entry in ledger(claims, ResultStore(tmp_path), find).to_dict("records"):
        by_verdict.setdefault(entry["verdict"], []).append(entry["id"])
    slips = ["T1.mnist.random.30.1-step", "T1.gain.mnist.random.70", "T1.gain.mnist.random.90"]
    assert (by_verdict["not reproduced"], by_verdict["not run"]) == (slips, ["S6.2.subsample"])
    assert len(by_verdict["reproduced"]) == len(claims) - 4


def test_no_band_of_table_1_holds_naive_training_and_the_oracle_alike():
    rows = [(data, row, figures) for data, table in (("mnist", TABLE1_MNIST), ("cifar10", TABLE1_CIFAR))
            for row, figures in table.items()]  # fmt: skip
    for data, (noise, clean), figures in rows:
        ends = figures["baseline"], figures["oracle"]
        for method in figures.keys() - ({"1-step"} if (noise, clean) == ("random", 0.3) else set()):
            claim = BY_ID[f"T1.{data}.{noise}.{round(100 * clean)}.{method}"]
            assert claim.wrong in ends and claim.power.effect == pytest.approx(ends[1] - ends[0])
            assert claim.band.high - claim.band.low <= 6 + 1e-9


def test_what_is_judged_on_other_data_than_the_paper_s_says_so_in_its_id():
    others = [
        (claim.id, cells.where["data"])
        for claim in CLAIMS
        for cells in claim.cells
        if "data" in claim.paper and cells.where.get("data", claim.paper["data"]) != claim.paper["data"]
    ]
    assert others and not [name for name, data in others if data not in name.split(".")]


def test_a_network_that_memorises_and_one_that_does_not_are_judged_apart():
    figure1 = {c.id: c.cells for c in CLAIMS if c.cells[0].experiment in ("fig1a", "fig1b")}
    for panel in "ab":
        plain, by_heart = (figure1[f"F1{panel}.{tag}.early"] for tag in ("mnist", "mnist.memorising"))
        chosen = [
            [s for s in get_experiment(f"fig1{panel}").cells("full") if read.where.items() <= s.items()]
            for (read,) in (plain, by_heart)
        ]
        assert [[s.get("recipe") for s in each] for each in chosen] == [[None], ["memorising"]]


# --- measures, by hand


def frame(rows, **more):
    return pd.DataFrame([{"seed": 0, **more, **row} for row in rows])


def test_the_last_row_counts():
    assert last("accuracy").figure([frame([{"round": t, "accuracy": 70 + t} for t in range(3)])]) == 72


def test_gains_wins_and_losses_over_settings():
    pairs = [frame([{"accuracy": a}]) for a in (90, 85, 80, 80, 70, 72)]  # gains 5, 0, -2
    assert gain("accuracy", "naive").figure(pairs) == 5
    assert wins("accuracy", 3, "naive").figure(pairs) == 1
    assert largest_loss("accuracy", 3, "alpha 10 points lower").figure(pairs) == 5
    read = beside("x", [{"clean": c, "method": "itlm"} for c in (0.6, 0.7)], {"method": "baseline"})
    assert [(cells.where["clean"], cells.where["method"]) for cells in read] == [
        (0.6, "itlm"), (0.6, "baseline"), (0.7, "itlm"), (0.7, "baseline"),
    ]  # fmt: skip


def test_a_choice_loses_what_the_best_of_its_grid_has_more_where_that_is_most():
    grid, choices = [], []
    for noise, reached, chosen in (("random", (90.0, 92.0, 91.0), 91.5), ("systematic", (70.0, 80.0, 85.0), 81.0)):
        grid += [{"noise": noise, "clean": 0.7, "last_accuracy": accuracy} for accuracy in reached]
        by = {"cv": chosen, "elbow": 10.0}
        choices += [{"noise": noise, "clean": 0.7, "chooser": name, "accuracy": a} for name, a in by.items()]
    assert BY_ID["S6.2.cv"].measure.figure([frame(grid), frame(choices)]) == 4.0


def test_an_alpha_ten_points_lower_loses_what_it_does_where_that_is_most():
    rows = [{"noise": noise, "clean": 0.7, "alpha": alpha, "last_accuracy": accuracy}
            for noise, reached in (("random", (80.0, 88.0, 90.0)), ("systematic", (85.0, 99.0, 86.0)))
            for alpha, accuracy in zip((0.55, 0.6, 0.65), reached, strict=True)]  # fmt: skip
    assert BY_ID["S6.2.alpha15.batch-50"].measure.figure([frame(rows)]) == 10.0


def test_half_of_the_labels_random_it_costs_what_the_claim_says():
    claim, by_seed = BY_ID["S6.2.alpha15.batch-50"], {}
    for result in ResultStore(RESULTS).results("alpha"):
        if {"data": "mnist", "noise": "random", "clean": 0.5}.items() <= result.settings.items():
            by_seed[result.seed] = claim.measure.figure([frame(result.metrics["rounds"], **result.settings)])
    assert len(by_seed) == 3 and min(by_seed.values()) == pytest.approx(claim.wrong, abs=0.05)


def test_to_keep_all_loses_what_the_claim_on_cross_validation_says():
    """`wrong`: the least loss, over seeds, of alpha = 1 in the worst of the settings, from the stored cells."""
    claim, results = BY_ID["S6.2.cv"], ResultStore(RESULTS).results("alpha")
    worst = {}
    for result in results:
        if all(result.settings[key] in listed(value) for key, value in claim.cells[0].where.items()):
            best = max(row["last_accuracy"] for row in result.metrics["rounds"])
            loss = best - result.metrics["baseline_accuracy"]
            worst[result.seed] = max(loss, worst.get(result.seed, 0.0))
    assert len(worst) == 3 and min(worst.values()) == pytest.approx(claim.wrong, abs=0.05)


@pytest.mark.parametrize("epochs", [1, 0.05], ids=["whole epochs", "parts of one"])
def test_early_and_fading_gaps(epochs):
    gaps = [40, 30, 20, 20, 20, 20, 10, 0]
    rows = frame([{"epoch": epochs * i, "clean_accuracy": 50 + gap, "bad_accuracy": 50} for i, gap in enumerate(gaps)])
    rows = rows.sample(frac=1, random_state=0)  # epochs in any order
    assert observation.early_gap(rows) == 35
    assert observation.fading_gap(rows) == 30


@pytest.mark.parametrize(
    "shares, lost",
    [((80, 90, 85, 88, 95), 0.75), ((90, 99, 99, 99, 90), 0), ((80, 0, 0, 0, 70), -0.5), ([100] * 5, 0)],
)
def test_rounds_lose_a_share_of_the_bad_samples_that_the_first_set_has(shares, lost):
    rows = frame([{"round": t, "clean_share": float(share)} for t, share in enumerate(shares)])
    assert BY_ID["T3.mnist.80.rises"].measure.figure([rows]) == pytest.approx(lost)


def test_of_the_printed_rounds_each_loses_the_share_copied_by_hand():
    printed_shares = {tag: BY_ID[f"T3.{tag}.rises"].printed for tag in ("mnist.70", "celeba.90", "celeba.80")}
    assert printed_shares == {"mnist.70": 0.865, "celeba.90": 0.3542, "celeba.80": 0.6217}


def test_an_early_end_gains_what_the_last_look_lacks():
    looks = [(1, 8.0, 81.0), (100, 1.0, 94.0), (400, 0.9, 99.0), (1000, 0.1, 77.5)]
    rows = frame([{"step": step, "distance": d, "clean_share": share} for step, d, share in looks])
    assert BY_ID["small.length"].measure.figure([rows]) == 16.5


def curve(errors, axis="n"):
    """errors: method -> {value of axis: error}; only the last of two rounds counts."""
    return frame(
        {axis: value, "method": method, "round": t, "error": error if t else 9.0}
        for method, points in errors.items() for value, error in points.items() for t in (0, 1)
    )  # fmt: skip


def test_measures_of_curves():
    small = {"oracle": {1: 0.1, 2: 0.05, 3: 0.02}, "naive": {1: 0.5, 2: 0.45, 3: 0.42}}
    rows = curve({**small, "itlm-1": {1: 0.14, 2: 0.06, 3: 0.06}, "itlm-2": {1: 0.12, 2: 0.06, 3: 0.06}})
    assert regression.excess(rows, axis="n", method="itlm-2", high=3) == pytest.approx(0.1)
    assert regression.excess(rows, axis="n", method="itlm-2", high=2) == pytest.approx(0.05)
    assert regression.excess(rows, axis="n", method="naive", high=3) == 1
    assert regression.excess(rows, axis="n", method="oracle", high=3) == 0
    assert regression.drift(rows, method="itlm-1", small=2) == pytest.approx(3 / 1.4)
    assert regression.staying(rows, method="itlm-1") == pytest.approx(6 / 14)
    assert regression.falling(curve({"itlm-1": {0.6: 3, 0.7: 2, 0.8: 2.5}}, "clean"), method="itlm-1") == 0.5


def test_what_two_links_leave_is_compared_where_they_differ_most():
    ends = {"oracle": {0.1: 0.1, 0.2: 0.1}, "naive": {0.1: 0.5, 0.2: 0.5}}
    bent, straight = (
        curve({**ends, "itlm-2": errors}, "sigma") for errors in ({0.1: 0.14, 0.2: 0.2}, {0.1: 0.12, 0.2: 0.3})
    )
    for name in ("F7a", "F7b"):
        assert BY_ID[name].measure.figure([bent, straight]) == pytest.approx(2)
        assert [cells.where["panel"] for cells in BY_ID[name].cells] == [name[-1], "f"]


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
    by_kind = {"a": (0.2, 0.3), "b": (0.5, 0.4)}
    residuals = [{"kind": k, "round": t, "residual_ratio": r} for k, rs in by_kind.items() for t, r in enumerate(rs)]
    assert theory.residual_rates_apart(frame(residuals)) == pytest.approx(1.5)
    shares = frame([{"holds": 1.0, "contracting": 0.4}, {"holds": 0.9, "contracting": 1.0}])
    assert theory.smallest("holds")(shares) == 0.9 and theory.smallest("holds", "contracting")(shares) == 0.4
    reach = frame([{"components": m, "clean": c, "reach_of_last": r}
                   for m, c, r in ((2, 0.5, 1.0), (2, 0.8, 0.2), (3, 0.5, 0.8), (3, 0.8, 0.4))])  # fmt: skip
    assert theory.narrowing(reach) == 0.5


def test_thresholds_are_read_between_the_shares_measured():
    firsts = {5: (1.1, 0.9, 0.3, 0.1), 100: (0.4, 0.7, 0.6, 0.2)}
    rows = [{"d": d, "clean": c, "first_rate": r} for d, rates in firsts.items()
            for c, r in zip((0.6, 0.7, 0.8, 0.9), rates, strict=True)]  # fmt: skip
    assert theory.threshold(frame(rows)) == pytest.approx(0.8 + 0.1 / 4)
    assert theory.threshold(frame(rows[:4])) == pytest.approx(0.7 + 0.1 * 2 / 3)
    assert theory.threshold(frame(rows[:2])) == 1.0
    assert theory.threshold(frame(rows[2:4])) == 0.8


def test_samples_needed_are_compared_over_features():
    shares = {d: {k * d**2: s for k, s in ((1, 0.0), (2, 0.25), (3, 0.75), (4, 1.0))} for d in (10, 20, 40)}
    rows = [{"d": d, "n": n, "recovered": s} for d, points in shares.items() for n, s in points.items()]
    assert theory.growth_of_samples(frame(rows)) == pytest.approx(2)


def test_shares_that_recover_are_the_last_rows_from_a_share_on():
    rows = [{"method": "itlm-1", "clean": c, "round": t, "recovered": r + t / 10}
            for c, r in ((0.6, 0.1), (0.7, 0.8), (0.8, 0.7)) for t in (0, 1)]  # fmt: skip
    assert regression.recovered(frame(rows), method="itlm-1", low=0.7) == pytest.approx(0.8)


def test_samples_for_a_drift_are_those_where_it_is_foretold():
    n = regression.samples_for(0.05, "random", d=100, small=25_000)
    assert n == pytest.approx(5.8e6, rel=0.05)
    first, last = convergence.expected_ratio("random", np.array([25_000, n]), d=100)
    assert last / first == pytest.approx(1.05, abs=1e-3)


# --- the measures fit what the experiments record


SYNTHETIC = ("fig2", "fig5", "fig6", "fig7", "drift", "theory")


def few(name):
    """An experiment whose cells are its quick profile's smaller ones, with two runs each."""
    experiment = get_experiment(name)
    cells = [{**cell, "runs": 2} for cell in experiment.cells("quick") if cell["n"] <= 1000]
    return replace(experiment, cells=lambda profile: cells)


def test_claims_read_what_the_experiments_write(tmp_path):
    store, small = ResultStore(tmp_path), [few(name) for name in SYNTHETIC]
    for experiment in small:
        list(run_plan(plan(experiment, store), store, Where()))
    read = [c for c in CLAIMS if c.cells[0].experiment in SYNTHETIC]
    found = ledger(read, store, finder(*small)).to_dict("records")
    unread = [e for e in found if e["verdict"] == "not run"]
    assert all(e["experiment"] == ["theory"] and "not part of it yet" in e["needs"] for e in unread)
    assert len(found) - len(unread) > 40
    assert all("runs 2, in the paper 100" in e["departs"] for e in found if e["experiment"] != ["theory"])


def test_table_1_s_claims_name_cells_that_exist():
    claims = [c for c in CLAIMS if c.cells[0].experiment in ("table1-mnist", "fig1a", "fig1b")]
    found = ledger(claims, ResultStore("nowhere"), get_experiment).to_dict("records")
    missing = [entry["id"] for entry in found if "not part of" in entry["needs"]]
    assert missing == ["S6.2.subsample"]


# --- the verdicts of the figures that were measured


def test_the_readme_shows_the_verdicts_as_counted():
    """Paste what `itlm claims --count` prints when new figures are stored."""
    root = Path(__file__).parents[1]
    assert counted_verdicts(ResultStore(root / "notebooks/results")) in (root / "README.md").read_text()
