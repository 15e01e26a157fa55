"""The one error the kit raises for bad input, so that commands can turn it into one clear line."""

from numbers import Real


class InputError(ValueError):
    """Bad input, told as rule, value and remedy, before any work starts."""


def check_integer(name, value, *, low=1, high=None, remedy=""):
    """Return `value` as an int of at least `low` and at most `high`; raise InputError for anything else."""
    try:
        is_whole = not isinstance(value, bool) and int(value) == value
    except (TypeError, ValueError, OverflowError):
        is_whole = False
    if not is_whole or value < low or (high is not None and value > high):
        bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise InputError(f"{name} must be a whole number {bounds}; got {value!r}. {remedy}".rstrip())
    return int(value)


def check_share(name, value, interval="(0, 1]", *, remedy):
    """Return `value` as a float in an interval from 0 to 1, such as "[0, 1)"; raise InputError for anything else."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    open_ends = [end for end, bracket in ((0, interval[0]), (1, interval[-1])) if bracket in "()"]
    if not is_number or not 0 <= value <= 1 or value in open_ends:
        raise InputError(f"{name} must lie in {interval}; got {value!r}. {remedy}")
    return float(value)


def check_choice(name, value, choices):
    """Return `value` when it is one of `choices`; raise InputError naming them otherwise."""
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(map(str, choices))}; got {value!r}.")
    return value
