"""The one error the kit raises for bad input, so that commands can turn it into one clear line."""


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


def check_choice(name, value, choices):
    """Return `value` when it is one of `choices`; raise InputError naming them otherwise."""
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(map(str, choices))}; got {value!r}.")
    return value
