"""`itlm reproduce`: what figures and tables still take is told, computed, and shown beside the published ones."""

import click

from itlm_kit import chapters
from itlm_kit.cli.computing import compute
from itlm_kit.cli.tables import comparison, on_paper
from itlm_kit.data import check
from itlm_kit.data import data_root as find_root
from itlm_kit.errors import InputError
from itlm_kit.experiments.running import joined, plan, run_plan
from itlm_kit.experiments.store import ResultStore
from itlm_kit.extras import needs
from itlm_kit.machine import Where, resolve_device
from itlm_kit.names import duration
from itlm_kit.runner.progress import INTERRUPTED


def list_experiments():
    """Print a line for each experiment: its name, its title, its place in the paper."""
    for name in chapters.experiment_names():
        experiment = chapters.get_experiment(name)
        click.echo(f"{name:<14} {experiment.title} ({experiment.place})")


def reproduce(names, choice, *, device, data_root, out, dry_run, cluster):
    """Compute the cells that the experiments of these names lack, and show each beside the paper; return the exit code.

    choice: profile, seeds, only, changes and jobs, as `plan` has them. Raises InputError before any work.
    """
    find_root(data_root)  # raises where it is a file
    if cluster and choice["jobs"] > 1:
        raise InputError("--jobs must be left out with --cluster, which has as many at once as it has workers.")
    experiments, store = [chapters.get_experiment(name) for name in names], ResultStore(out)
    needs("matplotlib", "tqdm")  # for its pictures, which come last
    plans = [plan(experiment, store, **choice) for experiment in experiments]
    planned = joined(plans)
    _tell_plans(experiments, plans, planned.todo)
    at_hand = cluster is None  # the workers look for theirs
    if at_hand:
        _tell_data(planned.todo, data_root, must_be_there=not dry_run)
    if dry_run:
        return 0
    where = Where(resolve_device(device) if at_hand else device, data_root)
    code = compute(planned.todo, run_plan(planned, store, where, cluster=cluster))
    if code != INTERRUPTED:
        for experiment in experiments:
            _show(experiment, plan(experiment, store, **choice).done, out)  # in their order, however they finished
    return code


def _tell_plans(experiments, plans, todo):
    for experiment, planned in zip(experiments, plans, strict=True):
        click.echo(f"{experiment.name}: {experiment.title} ({experiment.place})")
        count = len(planned.todo)
        click.echo(f"cells: {len(planned.done)} done, {count} to compute, about {duration(planned.seconds)}")
    if len(plans) > 1:
        click.echo(on_paper(todo))
    if any(cell.experiment.needs_gpu(cell.settings) for cell in todo):
        click.echo("device: a GPU is wanted; the time is an estimate for one H200")


def _tell_data(cells, data_root, *, must_be_there):
    for name in dict.fromkeys(name for cell in cells for name in cell.experiment.needs(cell.settings)):
        try:
            click.echo(f"data {name}: {check(name, data_root)['where']}")
        except InputError as error:
            if must_be_there:
                raise
            click.echo(f"data {name}: {error}")


def _show(experiment, finished, out):
    from itlm_kit.report import write_pictures  # here, since it takes matplotlib

    if finished:
        click.echo(comparison(finished))
        for path in write_pictures(experiment, finished, out):
            click.echo(f"picture: {path}")
