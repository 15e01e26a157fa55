"""`itlm examine`: a folder or a table in; a list, a page and a clean copy out."""

from pathlib import Path
from typing import Any

import click

from itlm_kit import examine
from itlm_kit.data.table_files import read_as_written, read_table
from itlm_kit.errors import InputError
from itlm_kit.examine import Examination
from itlm_kit.extras import MissingExtra
from itlm_kit.files import as_path, new_place, whole_folder, writing_to
from itlm_kit.names import listed, readable


def examine_path(path: str, *, target: str | None, out: str | None, copy_kept: str | None, **how: Any) -> None:
    """Examine what lies at `path`, write what was found to new places, each there whole or not at all, and say it.

    how: of a folder and of a table alike (alpha, groups, seed), and device, skip_broken for folders. Raises InputError,
    before any work, for places that are there already, cannot be made or lie in the folder or in each other, and for a
    target that is no column.
    """
    path = as_path(path)
    outside = path if path.is_dir() else None
    places = [new_place(out or f"examined-{path.resolve().stem}", "--out", outside=outside)]
    places += [_copy_place(copy_kept, places[0], outside)] if copy_kept else []
    found = _table(path, target, **how) if path.is_file() or target else examine.folder(path, **how)
    with writing_to(places[0].parent), whole_folder(places[0]) as part:
        found.write(part / "suspects.csv")
        (part / "report.txt").write_bytes(f"{found}\n".encode())
        looks = _page(found, part, places[0])
        for place in places[1:]:
            _copy(found, path, place)
    click.echo(str(found))
    click.echo(looks)
    for place in places[1:]:
        click.echo(f"A copy of the {found.kept.sum():,} kept is in {readable(place)}.")


def _copy_place(copy_kept, out, outside):
    place = new_place(copy_kept, "--copy-kept", outside=outside)
    if out.resolve().is_relative_to(place.resolve()):
        raise InputError(f"--copy-kept must not hold --out; got {readable(place)} and {readable(out)}. Name another.")
    return place


def _table(path, target, *, device, skip_broken, **how):
    if skip_broken or device != "auto":
        name = "--skip-broken" if skip_broken else "--device"
        raise InputError(f"{name} must be left out for a table; it is for a folder of pictures.")
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


def _page(found, part, place):
    """Write the page to look at into `part`, which becomes `place`, and say where it is; or what it would take."""
    try:
        page = found.page(part / "suspects.html").name
    except MissingExtra as error:
        return f"The list is {readable(place / 'suspects.csv')}. A page to look at them is not there: {error}"
    return f"Look at them in {readable(place / page)}; the list is suspects.csv beside it."


def _copy(found: Examination, path: Path, place: Path) -> None:
    if found.files:
        found.copy_kept(place)
        return
    rows, written = read_as_written(path)
    kept = found.kept_rows(rows)
    with writing_to(place.parent), whole_folder(place) as part:
        kept.to_csv(part / path.name, index=False, **written)
