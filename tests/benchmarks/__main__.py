"""Benchmarks: `python -m tests.benchmarks [NAME] [--check | --record]`, one JSON line each.

NAME is a module of this folder (glm, ...), one of its benchmarks, or "steady": all that count the processor's seconds
of one thread, on which other work on the machine tells little. Every figure is a ratio of times measured side by side
in one run. --check fails where a ratio is below half of the recorded one, three times over; --record keeps the ratios
measured.
"""

import argparse
import json
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
RECORDED = HERE / "recorded.json"
TRIES = 3


def main():
    arguments = _parse()
    recorded = json.loads(RECORDED.read_text())
    slow = []
    for benchmark in _chosen(arguments.name):
        name = benchmark.__name__
        least = recorded.get(name, 0) / 2 if arguments.check else 0
        found = _measured(benchmark, least)
        if "absent" in found:  # cannot be measured here: says why
            print(json.dumps({"name": name, **found}), flush=True)
            continue
        line = {"name": name, **{key: float(f"{value:.3g}") for key, value in found.items()}}
        print(json.dumps({**line, "recorded": recorded.get(name)}), flush=True)
        if line["ratio"] < least:
            slow.append(name)
        if arguments.record:
            recorded[name] = line["ratio"]
            RECORDED.write_text(json.dumps(recorded, indent=1) + "\n")
    if slow:
        sys.exit(f"below half of the recorded ratio: {', '.join(slow)}")


def _measured(benchmark, least):
    """What a benchmark finds, anew where the ratio is too small: one bad moment of a busy machine tells nothing."""
    for _ in range(TRIES):
        found = benchmark()
        if "absent" in found or found["ratio"] >= least:
            break
    return found


def _parse():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", help="a module (glm, ...), a benchmark, or steady; all without it")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="fail below half of the recorded ratio")
    choice.add_argument("--record", action="store_true", help="keep the ratios measured")
    return parser.parse_args()


def _chosen(name):
    modules = [import_module(f"tests.benchmarks.{found.name}") for found in pkgutil.iter_modules([str(HERE)])]
    groups = {
        module.__name__.rpartition(".")[2]: module.BENCHMARKS for module in modules if hasattr(module, "BENCHMARKS")
    }
    every = [benchmark for group in groups.values() for benchmark in group]
    groups["steady"] = [benchmark for benchmark in every if not hasattr(benchmark, "by_the_wall_clock")]
    known = groups | {benchmark.__name__: [benchmark] for benchmark in every} | {None: every}
    if name not in known:
        sys.exit(f"name must be one of {', '.join(filter(None, known))}; got {name!r}.")
    return known[name]


if __name__ == "__main__":
    main()
