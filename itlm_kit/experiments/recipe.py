"""A recipe as plain values, so that it can be stored with a result and be part of its key."""

from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any


def described(recipe: Any) -> Any:
    """A recipe as JSON has it: dataclasses as {"kind": class, field: value, ...}, functions by their names.

    recipe: a frozen dataclass, or anything it may hold: numbers, texts, None, tuples, dicts with text as keys, named
    functions, a `partial` of one with keywords. A field with the metadata {"later": True} is left out at its default:
    results stored before the recipe had it keep their keys. Raises TypeError for a lambda and whatever else has no
    name: a recipe that cannot be told from another must not become part of a key.
    """
    if recipe is None or isinstance(recipe, bool | int | float | str):
        return recipe
    if is_dataclass(recipe):
        counted = [field.name for field in fields(recipe) if not _is_as_before(field, recipe)]
        return {"kind": type(recipe).__name__, **{name: described(getattr(recipe, name)) for name in counted}}
    if isinstance(recipe, dict) and all(isinstance(key, str) for key in recipe):
        return {key: described(value) for key, value in recipe.items()}
    if isinstance(recipe, tuple | list):
        return [described(value) for value in recipe]
    if isinstance(recipe, partial) and not recipe.args:
        return {"kind": _name(recipe.func), **{key: described(value) for key, value in recipe.keywords.items()}}
    return _name(recipe)


def _is_as_before(field, recipe):
    return field.metadata.get("later", False) and getattr(recipe, field.name) == field.default


def _name(function):
    name = getattr(function, "__name__", "<")
    if not callable(function) or "<" in name:
        raise TypeError(f"a recipe must be made of plain values and named functions; got {function!r}")
    return name
