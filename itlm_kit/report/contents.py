"""What the report shows: an article for each experiment, with its pictures, claims and cells."""

import base64
import io
import re
from collections import Counter
from typing import NamedTuple

from itlm_kit.chapters import experiment_names, get_experiment, ledger, notebooks_of
from itlm_kit.experiments.results import by_settings
from itlm_kit.experiments.running import plan
from itlm_kit.experiments.spread import Spread
from itlm_kit.experiments.store import ResultStore
from itlm_kit.ledger.beside import compared
from itlm_kit.ledger.verdicts import NOT_RUN
from itlm_kit.progress import progress
from itlm_kit.report.figures import pictures
from itlm_kit.report.tables import told

_TEXT = "The text"


class Cell(NamedTuple):
    """One setting of an experiment, as measured."""

    anchor: str
    settings: str
    measured: list[str]  # a line per method
    rests_on: str  # seeds, data, device, versions


class Article(NamedTuple):
    """One experiment on the page."""

    name: str
    title: str
    place: str
    command: str
    wants: list[str]  # data sets and devices
    notebooks: list[str]  # their numbers
    pictures: list[dict]  # url, caption, width, height
    claims: list[dict]  # the ledger's rows, each with measured (text), is_open, cells (anchors)
    cells: list[Cell]

    @property
    def verdicts(self) -> Counter:
        """How many claims have each verdict."""
        return Counter(claim["verdict"] for claim in self.claims)


def contents(store: ResultStore) -> dict[str, list[Article]]:
    """{part: its articles}, in the paper's order: figures, tables, then what the text says."""
    entries, anchors, parts = ledger(store).to_dict("records"), {}, {}
    experiments = sorted(map(get_experiment, experiment_names()), key=lambda each: _order(each.place))
    for experiment in progress(experiments, words="drawing"):
        article = _article(experiment, store, entries, anchors)
        parts.setdefault(part_of(experiment.place), []).append(article)
    for claim in (claim for articles in parts.values() for article in articles for claim in article.claims):
        claim["cells"] = list(dict.fromkeys(anchors[key] for key in claim["keys"]))
    return parts


def part_of(place: str) -> str:
    """Its first figure or table: "Figure 2" for "Figures 2(a), 5(a), 6(a)"; "The text" where it names none."""
    match = re.match(r"(Figure|Table)s? (\d)", place)
    return " ".join(match.groups()) if match else _TEXT


def _order(place):
    part = part_of(place)
    return part == _TEXT, part, place


def _article(experiment, store, entries, anchors):
    """The Article of an experiment; anchors: {key of a result: where it stands on the page}, filled."""
    name, cells = experiment.name, experiment.cells("full")
    results = _finished(experiment, store)
    groups = {f"{name}-{i}": found for i, found in enumerate(by_settings(results), 1)}
    anchors |= {result.key: anchor for anchor, found in groups.items() for result in found}
    needs = [*experiment.data_sets(cells), *(["a GPU"] if all(map(experiment.needs_gpu, cells)) else [])]
    return Article(
        name=name, title=experiment.title, place=experiment.place, command=f"itlm reproduce {name} --profile full",
        wants=needs, notebooks=notebooks_of(name),
        pictures=[_shown(each) for each in pictures(experiment, results, cells)],
        claims=[_told(entry) for entry in entries if entry["experiment"][0] == name],
        cells=[_cell(anchor, found) for anchor, found in groups.items()],
    )  # fmt: skip


def _finished(experiment, store):
    """All finished cells of the full profile as the experiment is now, whatever their seed."""
    seeds = 1 + max((result.seed for result in store.results(experiment.name)), default=0)
    return plan(experiment, store, profile="full", seeds=seeds).done


def _shown(picture):
    file = io.BytesIO()
    picture.figure.savefig(file, format="png")
    url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    width, height = map(int, picture.figure.bbox.size)  # told to browsers, so that links find their place at once
    return {"url": url, "caption": picture.caption, "width": width, "height": height}


def _told(entry):
    spread = Spread(entry["figure"], entry["low"], entry["high"], len(entry["seeds"]))
    return {**entry, "measured": str(spread) if entry["seeds"] else "", "is_open": entry["verdict"] == NOT_RUN}


def _cell(anchor, results):
    first = results[0]
    settings = ", ".join(filter(None, (told(key, value) for key, value in first.settings.items())))
    seeds = ", ".join(str(result.seed) for result in results)
    versions = ", ".join(f"{name} {number}" for name, number in first.versions.items())
    data = first.data.partition(", seed")[0]
    rests_on = f"seeds {seeds}; {data}; {first.device}; {versions}"
    return Cell(anchor, settings, [_line(line, first.settings) for line in compared(results)], rests_on)


def _line(line, settings):
    """One line of `compared` as text, without its settings: "ITLM: error 0.12 (0.11 to 0.13)"."""
    method = line.get("method") if "method" not in settings else None
    figures = (f"{name} {text}".replace("_", " ") for name, text in line.items() if _is_figure(name, text, settings))
    return f"{method}: " * (method is not None) + ", ".join(figures)


def _is_figure(name, text, settings):
    return name not in (*settings, "method", "seeds") and text != ""
