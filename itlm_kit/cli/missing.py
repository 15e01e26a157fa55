"""`itlm reproduce --missing`: the time given goes to the cells that settle most open claims."""

import time
from typing import NamedTuple

import click

from itlm_kit.chapters import all_claims, get_experiment, ledger
from itlm_kit.cli.computing import compute
from itlm_kit.data import listing
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.running import run_cells
from itlm_kit.experiments.store import JoinedStores, ResultStore, published_results
from itlm_kit.experiments.time_limit import TimeUp, time_limit
from itlm_kit.ledger.planning import Step, steps, to_begin
from itlm_kit.ledger.shelf import lacking_cells, telling, words
from itlm_kit.ledger.text import render
from itlm_kit.machine import Where, resolve_device
from itlm_kit.names import counted, duration, listed
from itlm_kit.runner import results_folder


class Agenda(NamedTuple):
    """What a stretch of time is spent on."""

    steps: list[Step]
    todo: list[Cell]  # of the steps, in their order, then those begun
    begun: list[Cell]  # will not end in time, and go on another time


def spend(minutes, *, device, data_root, jobs, out, dry_run):
    """Spend so many minutes on claims without a verdict, tell the verdicts that this gave; returns the exit code."""
    end, where, store = time.monotonic() + 60 * minutes, Where(resolve_device(device), data_root), ResultStore(out)
    joined = JoinedStores(store, published_results(results_folder()))
    lacking = lacking_cells(all_claims(), joined, get_experiment)
    if not lacking:
        click.echo("nothing is missing: every claim that the kit can check has a verdict")
        return 0
    lacking = _at_hand(lacking, where)
    planned = agenda(lacking, 60 * minutes, jobs)
    _tell(planned, minutes)
    if dry_run or not planned.todo:
        return 0
    code = _work_off(planned, lacking, end=end, store=store, where=where, jobs=jobs)
    _tell_settled(lacking, store, joined)
    return code


def agenda(lacking, seconds, jobs):
    """The Agenda of so many seconds. lacking: {claim: the Cells that it lacks}."""
    cells = {cell.key: cell for each in lacking.values() for cell in each}
    needs = {claim: {cell.key for cell in each} for claim, each in lacking.items()}
    expected = {key: cell.seconds for key, cell in cells.items()}
    found = list(steps(needs, expected, limit=seconds, jobs=jobs))
    todo = [key for step in found for key in step.cells]
    rest = {claim: each - set(todo) for claim, each in needs.items()}
    begun = to_begin(rest, expected, {key for key, cell in cells.items() if _goes_on(cell)})
    return Agenda(found, [cells[key] for key in todo + begun], [cells[key] for key in begun])


def _goes_on(cell):
    return cell.experiment.goes_on(cell.settings)


def _at_hand(lacking, where):
    """What can be settled here; tells what is left out, and why."""
    click.echo(f"{counted(len(lacking), 'claim')} without a verdict")
    faults = {line["name"]: line["remedy"] for line in listing(where.data_root) if line["remedy"]}
    reasons = {"a GPU": "With one: --device cuda"} if where.device == "cpu" else {}
    for reason, remedy in (reasons | faults).items():
        wanting = [claim for claim, cells in lacking.items() if reason in _wants(cells)]
        if wanting:
            click.echo(f"left out: {counted(len(wanting), 'claim')} for want of {reason}. {remedy}")
        lacking = {claim: cells for claim, cells in lacking.items() if claim not in wanting}
    return lacking


def _wants(cells):
    """What cells cannot be computed without: names of data sets, and "a GPU"."""
    data = {name for cell in cells for name in cell.experiment.needs(cell.settings)}
    return data | {"a GPU" for cell in cells if cell.experiment.needs_gpu(cell.settings)}


def _tell(planned, minutes):
    claims = [claim for step in planned.steps for claim in step.claims]
    count = len(planned.todo) - len(planned.begun)
    took = duration(planned.steps[-1].end) if claims else "no time"
    click.echo(f"planned for {minutes:g} min: {counted(count, 'cell')}, {counted(len(claims), 'claim')}, about {took}")
    cells = iter(planned.todo)
    for step in planned.steps:
        for cell in [next(cells) for _ in step.cells]:
            click.echo(f"  {_told(cell)}")
        click.echo(f"    settles {listed(step.claims, most=3)}")
    for cell in planned.begun:
        click.echo(f"  {_told(cell)}; begun, and goes on another time")


def _told(cell):
    about = {key: cell.settings[key] for key in cell.settings if key in telling(cell.experiment.cells("full"))}
    return f"{cell.experiment.name}: {words({**about, 'seed': cell.seed})}; about {duration(cell.seconds)}"


def _work_off(planned, lacking, *, end, store, where, jobs):
    """Compute what is planned, then what fits into the time left, until nothing does; returns the exit code."""

    def may_start(cell):
        return _goes_on(cell) or time.monotonic() + cell.seconds <= end

    code = 0
    try:
        with time_limit(end - time.monotonic()):
            while planned.todo and not code:
                results = run_cells(planned.todo, store, where, jobs=jobs, may_start=may_start)
                code = compute(planned.todo, results)
                planned = agenda(_still(lacking, store), end - time.monotonic(), jobs)
    except TimeUp:
        click.echo("time is up; the same command goes on")
    return code


def _still(lacking, store):
    left = {claim: [cell for cell in cells if store.load(cell) is None] for claim, cells in lacking.items()}
    return {claim: cells for claim, cells in left.items() if cells}


def _tell_settled(lacking, store, joined):
    settled = lacking.keys() - _still(lacking, store).keys()
    if settled:
        found = ledger(joined)
        click.echo(render(found[found["id"].isin(settled)]))
