"""Finished cells of working folders, gathered into one published file per experiment."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Cell, Experiment
from itlm_kit.experiments.results import Result, as_text, as_values
from itlm_kit.experiments.store import ResultStore, in_order
from itlm_kit.files import write_arrays, write_atomically, writing_to

_MEASURED = ("metrics", "data")  # what must agree where a cell was computed twice; time and place may differ


class Gathered(NamedTuple):
    """What `gather` did for one experiment."""

    experiment: str
    cells: int  # that its file now holds
    new: int
    dropped: list[str]  # one line per cell that is not in it any more, or was not taken


def gather(folders: Iterable, into, find: Callable[[str], Experiment]) -> list[Gathered]:
    """Merge the cells of folders into the published files of the folder `into`; returns one Gathered per experiment.

    find(name) -> Experiment, InputError for an unknown name. The same call again changes nothing. A cell is left out
    only when what computed it is no more: its experiment, its settings or its recipe. Raises InputError for a folder
    without cells, for two different results of one cell, and for a published file that is damaged; then nothing is
    written.
    """
    sources = [ResultStore(folder) for folder in folders]
    for source in sources:
        if not source.experiments():
            raise InputError(f"folders must hold finished cells; {source.folder} has none. See itlm reproduce --out.")
    target = ResultStore(into)
    _check_whole(target)
    names = sorted({name for store in (target, *sources) for name in store.experiments()})
    merged = [_merge(name, target, sources, find) for name in names]
    for about, results in merged:
        _write(target.folder, about.experiment, results)
    return [about for about, _ in merged]


def _check_whole(target):
    for name in target.experiments():
        path = target.folder / f"{name}.jsonl"
        lines = len(path.read_bytes().splitlines()) if path.exists() else 0
        if lines != len(target.published(name)):
            raise InputError(
                f"published files must be whole before more is gathered; {path} has damaged lines. Restore it first."
            )


def _merge(name, target, sources, find):
    found, dropped = {}, []
    before = set(target.published(name))
    for store in (target, *sources):
        for result in store.results(name):
            why = _gone(result, find)
            if why:
                dropped.append(f"{result.settings}, seed {result.seed}: {why}")
            elif result.key in found:
                _check_same(found[result.key], result, store.folder)
            else:
                found[result.key] = result
    results = sorted(found.values(), key=in_order)
    return Gathered(name, len(results), len(found.keys() - before), dropped), results


def _gone(result, find):
    """Why nothing computes this result any more, in words; "" where something does."""
    try:
        cell = Cell(find(result.experiment), result.settings, result.seed)
        if cell.key == result.key:
            return ""
        return "its recipe is no more" if cell.experiment.version == result.version else "an older version's"
    except (InputError, KeyError) as error:
        return f"its settings are no more ({error})"


def _check_same(first: Result, second: Result, folder: Path):
    measured = [{name: as_values(result)[name] for name in _MEASURED} for result in (first, second)]
    curves = first.curves.keys() == second.curves.keys() and all(
        np.array_equal(values, second.curves[name], equal_nan=values.dtype.kind == "f")
        for name, values in first.curves.items()
    )
    if measured[0] != measured[1] or not curves:
        raise InputError(
            f"a cell must have one result; {first.experiment} {first.settings}, seed {first.seed}, has another in "
            f"{folder} ({first.device}; {second.device}). Leave one of them out."
        )


def _write(folder, name, results):
    path = folder / f"{name}.jsonl"
    if not results:
        for file in (path, path.with_suffix(".npz")):
            file.unlink(missing_ok=True)
        return
    curves = {f"{result.key}/{curve}": values for result in results for curve, values in result.curves.items()}
    lines = "".join(as_text(result) + "\n" for result in results)
    with writing_to(folder):
        if curves:  # first, so that a line that is there has its curves
            write_arrays(path.with_suffix(".npz"), curves)
        write_atomically(path, lambda f: f.write(lines.encode()))
        if not curves:
            path.with_suffix(".npz").unlink(missing_ok=True)
