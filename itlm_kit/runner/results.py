"""results.json, in which a run says what became of its notebooks: written by it, read when it is gone on with."""

import json
import os

from itlm_kit.errors import InputError

SCHEMA = 1
RESULTS = "results.json"


def nothing_in(out):
    """{}, the entries of a run that begins; raises InputError for a folder that holds an earlier one."""
    if os.path.lexists(out / RESULTS):
        raise InputError(
            f"--out must hold no earlier run, or its pages would be taken for this one's; {out} does. Go on with it by "
            "--resume, or name another folder."
        )
    return {}


def earlier_entries(out):
    """{name: entry} of the run in a folder, {} where there is none; raises InputError for one that cannot be read."""
    path = out / RESULTS
    if not os.path.lexists(path):
        return {}
    try:
        if not path.is_file():  # a pipe would be waited for
            raise ValueError("no file")
        report = json.loads(path.read_text())
        return {entry["name"]: _checked(entry) for entry in report["notebooks"]} if report["schema"] == SCHEMA else {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"--resume must find a readable {RESULTS}; {path}: {error}. Begin anew in another folder."
        ) from error


_KINDS = {
    "name": str, "title": str | None, "thumbnail": str | None, "verdict": str, "failure": dict | None,
    "parameters": dict, "records": dict, "seconds": int | float, "budget_seconds": int | float | None,
    "peak_mb": int | float, "above_baseline_mb": int | float,
}  # fmt: skip


def _checked(entry):
    wrong = [name for name, kind in _KINDS.items() if not isinstance(entry.get(name), kind)]
    if wrong or entry["verdict"] not in ("passed", "failed"):
        raise ValueError(f"an entry without a proper {', '.join(wrong) or 'verdict'}")
    return entry
