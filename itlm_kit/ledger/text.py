"""The ledger as a person reads it in a terminal."""

import re

from itlm_kit.ledger.verdicts import NOT_RUN, VERDICTS

_SIGNS = dict(zip(VERDICTS, "+-.", strict=True))


def render(entries):
    """The ledger as text: claims by place, each figure beside its band, then the verdicts counted and what to run."""
    lines = []
    for place in dict.fromkeys(entry["place"] for entry in entries):
        lines += ["", place]
        for entry in entries:
            lines += _told(entry) if entry["place"] == place else []
    return "\n".join([*lines, "", *_summary(entries)]).lstrip("\n")


def _told(entry):
    yield f"  {_SIGNS[entry['verdict']]} {entry['verdict']:14} {entry['id']:34} {entry['claim']}"
    if entry["verdict"] != NOT_RUN:
        yield f"      {_figure(entry)}"
        if entry["departs"]:
            yield f"      departs from the paper: {'; '.join(entry['departs'])}"
        if entry["note"]:
            yield f"      note: {entry['note']}"


def _figure(entry):
    printed = "" if entry["published"] is None else f", printed {entry['published']:g}"
    seeds = f"seed{'s' if len(entry['seeds']) > 1 else ''} {', '.join(map(str, entry['seeds']))}"
    source = "; ".join([seeds, *entry["data"], *entry["device"]])
    return f"{entry['measure']}: {entry['figure']:.4g} (band {entry['band']}{printed}) [{source}]"


def _summary(entries):
    verdicts = [entry["verdict"] for entry in entries]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in VERDICTS)
    yield f"{len(entries)} claims: {counts}"
    needs = [_without_choices(entry["needs"]) for entry in entries if entry["verdict"] == NOT_RUN]
    if needs:
        yield "What is not run needs:"
        yield from (f"  {needs.count(need):4}  {need}" for need in dict.fromkeys(needs))


def _without_choices(command):
    return re.sub(r" --only ('[^']*'|[^ ;]+)", "", command)
