"""The kit's published results, which tests of its experiments look at."""

from pathlib import Path

from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.store import ResultStore

RESULTS = Path(__file__).parents[1] / "notebooks" / "results"
STORE = ResultStore(RESULTS)


def of_today(experiment, **where):
    """What is stored with these settings, by today's recipe and version."""
    found = [result for result in STORE.results(experiment.name) if where.items() <= result.settings.items()]
    return [result for result in found if result.key == Cell(experiment, result.settings, result.seed).key]
