"""`itlm examine`: a folder or a table in; a list, a page and a clean copy out."""

from pathlib import Path
from typing import Any

import click

from itlm_kit import examine
from itlm_kit.data.table_files import read_as_written, read_table
from itlm_kit.errors import InputError
from itlm_kit.examine import Examination
from itlm_kit.extras import MissingExtra
from itlm_kit.files import as_path, new_place, write_atomically, writing_to
from itlm_kit.names import listed, readable


def examine_path(path: str, *, target: str | None, out: str | None, copy_kept: str | None, **how: Any) -> None:
    """Examine what lies at `path`, write what was found to new places, and say it.

    how: of a folder and of a table alike (alpha, groups, seed), and device, skip_broken for folders. Raises InputError,
    before any work, for places that are there already, cannot be made or lie in the folder or in each other, and for a
    target that is no column.
    """
    path = as_path(path)
    outside = path if path.is_dir() else None
    places = [new_place(out or f"examined-{path.resolve().stem}", "--out", outside=outside)]
    places += [_copy_place(copy_kept, places[0], outside)] if copy_kept else []
    found = _table(path, target, **how) if path.is_file() or target else examine.folder(path, **how)
    with writing_to(places[0]):
        csv = found.write(places[0] / "suspects.csv")
        write_atomically(places[0] / "report.txt", lambda file: file.write(f"{found}\n".encode()))
        looks = _page(found, csv)
    click.echo(str(found))
    click.echo(looks)
    for place in places[1:]:
        _copy(found, path, place)
        click.echo(f"A copy of the {found.kept.sum():,} kept is in {readable(place)}.")


def _copy_place(copy_kept, out, outside):
    place = new_place(copy_kept, "--copy-kept", outside=outside)
    if out.resolve().is_relative_to(place.resolve()):
        raise InputError(f"--copy-kept must not hold --out; got {readable(place)} and {readable(out)}. Name another.")
    return place


def _table(path, target, *, device, skip_broken, **how):
    frame = read_table(path)
    if target not in frame:
        given = f"got {target!r}" if target else "none was given"
        columns = listed(map(repr, frame.columns), most=30)
        raise InputError(f"--target must be a column of the table; {given}. It has {columns}.")
    if frame.shape[1] == 1:
        raise InputError(
            f"a table must have columns beside --target to judge it by; it has {target!r} alone. Add some."
        )
    return examine.table(frame.drop(columns=target), frame[target], **how)


def _page(found, csv):
    """Write the page to look at, and say where it is; without what pages are made with, say what brings that."""
    try:
        page = found.page(csv.with_suffix(".html"))
    except MissingExtra as error:
        return f"The list is {readable(csv)}. A page to look at them is not there: {error}"
    return f"Look at them in {readable(page)}; the list is {csv.name} beside it."


def _copy(found: Examination, path: Path, place: Path) -> None:
    if found.files:
        found.copy_kept(place)
        return
    rows, written = read_as_written(path)
    kept = found.kept_rows(rows)
    with writing_to(place):
        write_atomically(place / path.name, lambda file: kept.to_csv(file, mode="wb", index=False, **written))
