"""Recipes as plain values: what shapes a training is told apart, what has no name is refused."""

import json
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from itlm_kit.chapters import experiment_names, get_experiment
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.recipe import described
from itlm_kit.experiments.settings import check_settings


def network(width=1):
    return width


@dataclass(frozen=True)
class Recipe:
    build: object = network
    steps: tuple = (1, 2)
    alpha: float | None = None


def test_dataclasses_functions_and_partials_by_hand():
    assert described(Recipe()) == {"kind": "Recipe", "build": "network", "steps": [1, 2], "alpha": None}
    wide = Recipe(build=partial(network, width=3), alpha=0.5)
    assert described({"of": wide})["of"]["build"] == {"kind": "network", "width": 3}
    assert json.loads(json.dumps(described(wide))) == described(wide)


def test_a_later_field_is_part_of_it_only_where_it_changes_something():
    @dataclass(frozen=True)
    class Grown:
        size: int = 1
        momentum: float = field(default=0.0, metadata={"later": True})

    assert described(Grown()) == {"kind": "Grown", "size": 1}
    assert described(Grown(momentum=0.9)) == {"kind": "Grown", "size": 1, "momentum": 0.9}


@pytest.mark.parametrize("nameless", [lambda: 1, object(), partial(network, 3), {1: 2}, partial(lambda: 1)])
def test_what_has_no_name_is_refused(nameless):
    with pytest.raises(TypeError, match="named functions"):
        described(Recipe(build=nameless))


@pytest.mark.parametrize("name", experiment_names())
def test_every_listed_cell_is_one_that_its_experiment_allows(name):
    experiment = get_experiment(name)
    for profile in ("quick", "full"):
        for settings in experiment.cells(profile):
            check_settings(name, experiment.allows, settings)
            assert json.loads(json.dumps(described(experiment.recipe(settings))))


def changes(values):
    """Every way to change one number of a described recipe, as (path, other value)."""
    for name, value in values.items() if isinstance(values, dict) else enumerate(values):
        if isinstance(value, dict | list):
            yield from (((name, *path), other) for path, other in changes(value))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield (name,), value + 1


def changed(values, path, other):
    here, *rest = path
    copy = dict(values) if isinstance(values, dict) else list(values)
    copy[here] = changed(copy[here], rest, other) if rest else other
    return copy


@pytest.mark.parametrize("name", experiment_names())
def test_no_number_of_a_recipe_can_change_without_another_key(name):
    experiment = get_experiment(name)
    settings = experiment.cells("full")[0]
    told = described(experiment.recipe(settings))
    others = [changed(told, path, other) for path, other in changes(told)]
    keys = {Cell(replace(experiment, recipe=lambda settings, other=other: other), settings).key for other in others}
    assert others and len(keys) == len(others) and Cell(experiment, settings).key not in keys
