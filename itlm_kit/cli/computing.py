"""Cells computed under a progress bar, whatever goes wrong told in a line; the exit code says how it went."""

from concurrent.futures import BrokenExecutor

import click

from itlm_kit.experiments.cluster import ClusterGone
from itlm_kit.experiments.running import CellsFailed
from itlm_kit.experiments.time_limit import TimeUp
from itlm_kit.runner.progress import INTERRUPTED, watch_cells


def compute(cells, results):
    """Go through the `results` of `run_cells`, which computes these cells, and return the exit code.

    Raises TimeUp where a time limit ends it.
    """
    try:
        for _ in watch_cells(cells, results):
            pass
    except TimeUp:
        raise
    except ClusterGone as error:
        click.echo(f"itlm: {error}; what came home is kept, and the same command goes on", err=True)
        return 1
    except CellsFailed as error:
        click.echo(f"itlm: {error}", err=True)
        return 1
    except BrokenExecutor:
        click.echo("itlm: a process was killed, out of memory? What finished is kept. Try fewer --jobs", err=True)
        return 1
    except KeyboardInterrupt:
        click.echo("stopped; the same command goes on")
        return INTERRUPTED
    return 0
