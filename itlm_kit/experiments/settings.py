"""What a setting of a cell may be: checked before work starts, and read from the text of a command."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

from itlm_kit.errors import InputError


@dataclass(frozen=True)
class Setting:
    """The values that one setting may have."""

    accepts: Callable[[Any], bool]
    rule: str  # in words, after "must be"
    read: Callable[[str], Any]  # from text; ValueError for one that is none


def one_of(*choices: Any) -> Setting:
    """One of these values, texts or numbers."""

    def read(text):
        return next((choice for choice in choices if matches(choice, text)), text)

    return Setting(lambda value: value in choices, f"one of {', '.join(map(str, choices))}", read)


def number(low: float, high: float, *, with_low: bool = True, with_high: bool = True) -> Setting:
    """A number between low and high, these ends with it unless told."""

    def accepts(value):
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        return is_number and low <= value <= high and (with_low or value > low) and (with_high or value < high)

    interval = f"{'[' if with_low else '('}{low:g}, {high:g}{']' if with_high else ')'}"
    return Setting(accepts, f"a number in {interval}", float)


def whole(low: int = 1) -> Setting:
    """A whole number of at least low."""

    def accepts(value):
        return isinstance(value, int) and not isinstance(value, bool) and value >= low

    return Setting(accepts, f"a whole number of at least {low}", int)


SHARE = number(0, 1, with_low=False)


def matches(setting: Any, text: str) -> bool:
    """Whether a text of the command line means this value."""
    if isinstance(setting, int | float) and not isinstance(setting, bool):
        try:
            return setting == float(text)  # 0.60 means 0.6
        except ValueError:
            return False
    return str(setting) == text


def split(option: str, text: str) -> tuple[str, str]:
    """("key", "value") of "key=value"; raises InputError for anything else."""
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{option} must look like KEY=VALUE; got {text!r}.")
    return key, value


def check_settings(experiment: str, allows: dict[str, Setting], settings: dict) -> None:
    """Raise InputError for a setting that the experiment does not have, or a value that it cannot have."""
    for key, value in settings.items():
        if key not in allows:
            raise InputError(f"{experiment} must be set by {', '.join(sorted(allows))}; it has no {key!r}.")
        if not allows[key].accepts(value):
            raise InputError(f"{key} must be {allows[key].rule}; got {value!r}.")


def read_settings(experiment: str, allows: dict[str, Setting], texts: tuple[str, ...]) -> dict:
    """The settings that "key=value" texts ask for, checked as `check_settings` does."""
    found = {}
    for key, text in (split("--set", text) for text in texts):
        try:
            found[key] = allows[key].read(text) if key in allows else text
        except ValueError:
            found[key] = text  # is none of its values: said by the check
    check_settings(experiment, allows, found)
    return found
