"""A page to look at suspects: one HTML file that works offline."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.examine.page_columns import MOST_COLUMNS, listed_columns, table_columns
from itlm_kit.files import new_place, write_atomically, writing_to
from itlm_kit.names import readable
from itlm_kit.pages import template

if TYPE_CHECKING:
    from pandas import DataFrame

_MOST = 20_000  # samples on a page, which a browser still opens with ease


def write_page(path: str | Path, suspects: "DataFrame", *, title: str, says: str, looks: Any = None) -> Path:
    """Write a page to look at suspects, which asks for nothing from elsewhere; returns its Path.

    suspects: a frame as of `rank_suspects`, with a column kept, and file where samples are files. title, says: what
    stands above it. looks: images uint8 (n, 1 or 3, h, w), shown as thumbnails, or a frame of n rows, both in the order
    of the samples; None: the list alone. A page holds 20,000 samples, suspects first, and 40 columns at most, and says
    so. Raises InputError where the file is there already, since people keep such pages, or cannot be written, or where
    looks are of another kind or number.
    """
    path = new_place(path)
    _check_looks(looks, len(suspects))
    page = _drawn(suspects, looks, title=readable(title), says=readable(says))
    with writing_to(path.parent):
        write_atomically(path, lambda file: file.write(page.encode()))
    return path


def _check_looks(looks, n):
    if looks is None or (_is_table(looks) or _is_images(looks)) and len(looks) == n:
        return
    raise InputError(
        f"looks must be NumPy images uint8 (n, 1 or 3, h, w) or a frame, one look for each of the {n:,} samples; "
        f"got {getattr(looks, 'dtype', type(looks).__name__)} {np.shape(looks)}."
    )


def _is_table(looks):
    return hasattr(looks, "iloc")


def _is_images(looks):
    return isinstance(looks, np.ndarray) and looks.dtype == np.uint8 and looks.ndim == 4 and looks.shape[1] in (1, 3)


def _drawn(suspects, looks, *, title, says):
    chosen = _chosen(suspects["kept"].to_numpy())
    listed = suspects.iloc[chosen]
    looks = _taken(looks, listed["index"].to_numpy())
    columns = listed_columns(listed, rank=chosen + 1)
    columns |= table_columns(looks) if _is_table(looks) else {}
    return template("itlm_kit.examine", "page.html").render(
        title=title,
        lines=[*says.splitlines(), *_left_out(listed, suspects, looks)],
        columns=columns,
        data=_data(columns),
        sheets=_sheets(looks) if _is_images(looks) else None,
    )


def _sheets(images):
    from itlm_kit.examine.thumbnails import draw_sheets  # here, since the lists of tables do without Pillow

    return draw_sheets(images)


def _chosen(is_kept):
    """Places in the list of the samples on the page, in its order: all, or if they are too many the suspects first."""
    return np.sort(np.argsort(is_kept, kind="stable")[:_MOST])


def _taken(looks, position):
    return looks.iloc[position] if _is_table(looks) else None if looks is None else looks[position]


def _left_out(listed, suspects, looks):
    samples, columns = len(suspects), looks.shape[1] if _is_table(looks) else 0
    if len(listed) < samples:
        yield f"This page has {len(listed):,} of {samples:,} samples, suspects first."
    if columns > MOST_COLUMNS:
        yield f"This page has the first {MOST_COLUMNS} of {columns:,} columns."


def _data(columns):
    """What the script reads; id: by which a browser knows the page again, and what was checked on it."""
    fields = {field: column.texts for field, column in columns.items()}
    return {"id": hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:16], "fields": fields}
