"""How figures were measured, in one line: rounds and epochs, alpha, network, selection of the epoch, seeds, data."""

from itertools import groupby

from itlm_kit.experiments.recipe import described
from itlm_kit.experiments.results import Result, by_settings

SELECTION = {
    "last": "last epoch",
    "paper": "epoch selected on noisy test labels",
    "holdout": "epoch selected on noisy held-out samples",
    "authors": "protocol authors, epoch selected on noisy test labels",
}
MOST = 3  # different values that are named one by one


def conditions(results):
    """One line on how Results were measured: rounds, epochs · α · network · selection · seeds · data · device.

    It is read from their recipes and settings; what they do not have is left out. Where several values occur all are
    named, or the first and the last of more than three.
    """
    results = list(results)
    line = [_either(map(_schedule, sorted(results, key=_passes))), _alphas(results)]
    line += [_either(map(each, results)) for each in (_network, _step_size, _selection, _size)]
    line += [_seeds(results), *(_either(map(each, results)) for each in (_data, _device))]
    return " · ".join(filter(None, line)) or "no results"


def just_done(recipe, seed, data, device, protocol):
    """A Result without figures, of what was computed outside any experiment; recipe: {name: value}, as a recipe has."""
    about = {"settings": {"protocol": protocol}, "recipe": described(recipe), "seed": seed, "data": data}
    return Result("", 0, **about, metrics={}, device=device, seconds=0, versions={})


def schedule_in_words(epochs):
    """Epochs of theta_0 ... theta_T: "5 rounds: 6 x 40 epochs", of one training "40 epochs"."""
    runs = [(number, len(list(same))) for number, same in groupby(epochs)]
    sums = " + ".join(f"{number}" if times == 1 else f"{times} x {number}" for number, times in runs)
    rounds = {1: "", 2: "1 round: "}.get(len(epochs), f"{len(epochs) - 1} rounds: ")
    return f"{rounds}{sums} epochs"


def _passes(result):
    return sum(_epochs(result))


def _epochs(result):
    if result.recipe.get("stretched"):  # by a share that the labels tell: the rounds say what came of it
        return [row["epochs"] for row in result.metrics["rounds"]]
    epochs = result.recipe.get("epochs", result.settings.get("epochs", ()))
    return [epochs] * (1 + result.settings.get("updates", 0)) if isinstance(epochs, int) else epochs


def _schedule(result):
    if _epochs(result):
        return schedule_in_words(_epochs(result))
    rounds, steps = _rounds(result), result.recipe.get("training", {}).get("steps")
    most = "at most " if result.recipe.get("training", {}).get("stop") else ""  # a rule ends it
    return " x ".join(filter(None, [_counted(rounds, "round"), steps and most + _counted(steps, "step")]))


def _rounds(result):
    rounds = result.recipe.get("rounds", result.settings.get("rounds"))
    return max(rounds.values()) if isinstance(rounds, dict) else rounds


def _counted(number, name):
    return number and f"{number} {name}{'' if number == 1 else 's'}"


def _alphas(results):
    found = [alpha for result in results for alpha in _alphas_of(result)]
    alphas = sorted({round(alpha, 4) for alpha in found if alpha is not None})
    told = alphas if len(alphas) <= MOST else [alphas[0], alphas[-1]]
    return told and "α = " + (" to " if told != alphas else ", ").join(f"{alpha:g}" for alpha in told)


def _alphas_of(result):
    return result.recipe.get("grid") or [result.recipe.get("alpha", result.settings.get("alpha"))]


def _network(result):
    training, name = result.recipe.get("training", {}), result.settings.get("recipe")
    if "build" in training:
        return _named(training["build"]) + (f" by recipe {name}" if name else "")
    return "width" in training and f"{training['kind'].removesuffix('Recipe')} of width {training['width']}"


def _named(build):
    """A network of a recipe in words: its function's name, and the keywords that it is built with."""
    keywords = {"kind": build} if isinstance(build, str) else dict(build)
    kind = keywords.pop("kind")
    told = [name if value is True else f"{name} {value}" for name, value in keywords.items()]
    return ", ".join([kind, *told]).replace("_", " ")


def _step_size(result):
    size = result.recipe.get("training", {}).get("step_size")
    return size and f"step size {size:g}"


def _selection(result):
    return SELECTION.get(result.settings.get("protocol"))


def _size(result):
    """Samples and dimensions of what was drawn."""
    return ", ".join(f"{name} = {result.settings[name]:,}" for name in ("n", "d") if name in result.settings)


def _seeds(results):
    by_cell = [{result.seed for result in cell} for cell in by_settings(results)]
    seeds = sorted(set().union(*by_cell) - {None})
    least = min(map(len, by_cell), default=0)
    name = "seed" if len(seeds) == 1 else "seeds"
    return seeds and f"{name} {_span(seeds)}" + (f", at least {least} a cell" if least < len(seeds) else "")


def _span(seeds):
    is_row = len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]} to {seeds[-1]}" if is_row else ", ".join(map(str, seeds))


def _data(result):
    return result.data.replace(f", seed {result.seed}", "")


def _device(result):
    return result.device


def _either(told):
    """Words of every result as one text: each once; of too many the first and the last."""
    words = list(dict.fromkeys(filter(None, told)))
    return " or ".join(words) if len(words) <= MOST else f"{words[0]} … {words[-1]}"
