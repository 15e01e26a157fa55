"""The ledger as a person reads it: in a terminal, and counted for a README."""

import re

import pandas as pd

from itlm_kit.experiments.spread import Spread
from itlm_kit.ledger.verdicts import NOT_RUN, VERDICTS

_SIGNS = dict(zip(VERDICTS, "+~-o.", strict=True))
_CHOICES = re.compile(r" --only ('[^']*'|[^ ;]+)")


def render(frame: pd.DataFrame) -> str:
    """A ledger as text: claims by place, each figure beside its band, then the verdicts counted and what to run."""
    entries, lines = frame.to_dict("records"), []
    for place in dict.fromkeys(entry["place"] for entry in entries):
        lines += ["", place]
        for entry in entries:
            lines += _told(entry) if entry["place"] == place else []
    return "\n".join([*lines, "", *_summary(entries)]).lstrip("\n")


def counted(chapters: dict[str, pd.DataFrame]) -> str:
    """A table in Markdown: a line for each ledger of `chapters`, verdicts across, and how many rest on one seed."""
    lines = [f"| chapter (notebooks) | {' | '.join(VERDICTS)} | of one seed |", "|---|" + "---|" * (len(VERDICTS) + 1)]
    for name, frame in chapters.items():
        counts = [int((frame["verdict"] == verdict).sum()) for verdict in VERDICTS]
        lines.append(f"| {name} | {' | '.join(map(str, [*counts, _single(frame['seeds'])]))} |")
    return "\n".join(lines)


def in_print(frame: pd.DataFrame) -> str:
    """A table in Markdown: what the paper prints beside what was measured, a line for each claim of a ledger."""
    lines = ["| the paper | printed | measured | seeds | verdict |", "|---|---|---|---|---|"]
    for entry in frame.to_dict("records"):
        figure = str(_spread(entry)) if entry["seeds"] else ""
        told = f"{entry['place']}. {entry['says']}", f"{entry['printed']:g}", figure, str(len(entry["seeds"]))
        lines.append(f"| {' | '.join([*told, entry['verdict']])} |")
    return "\n".join(lines)


def _single(seeds):
    return sum(len(each) == 1 for each in seeds)


def _told(entry):
    yield f"  {_SIGNS[entry['verdict']]} {entry['verdict']:14} {entry['id']:34} {entry['says']}"
    if entry["verdict"] != NOT_RUN:
        yield f"      {_figure(entry)}"
        if entry["power"]:
            yield f"      no power: {entry['power']}"
        if entry["departs"]:
            yield f"      departs from the paper: {'; '.join(entry['departs'])}"
        if entry["note"]:
            yield f"      note: {entry['note']}"


def _figure(entry):
    printed = "" if entry["printed"] is None else f", printed {entry['printed']:g}"
    spread = _spread(entry)
    source = ["one seed" if spread.seeds == 1 else f"{spread.seeds} seeds", *entry["data"], *entry["device"]]
    return f"{entry['measure']}: {spread} (band {entry['band']}{printed}) [{'; '.join(source)}]"


def _spread(entry):
    return Spread(entry["figure"], entry["low"], entry["high"], len(entry["seeds"]))


def _summary(entries):
    verdicts = [entry["verdict"] for entry in entries]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in VERDICTS)
    yield f"{len(entries)} claims: {counts}; {_single(entry['seeds'] for entry in entries)} rest on one seed"
    needs = [_CHOICES.sub("", entry["needs"]) for entry in entries if entry["verdict"] == NOT_RUN]
    if needs:
        yield "What is not run needs:"
        yield from (f"  {needs.count(need):4}  {need}" for need in dict.fromkeys(needs))
