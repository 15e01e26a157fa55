"""Anyone's own table in a text file, as spreadsheets write them: commas, semicolons or tabs, 1.5 or 1,5."""

import codecs
import csv
from pathlib import Path
from typing import TYPE_CHECKING

from itlm_kit.errors import InputError
from itlm_kit.files import as_path
from itlm_kit.names import readable

if TYPE_CHECKING:
    from pandas import DataFrame

SEPARATORS = ",;\t|"


def read_table(path: str | Path) -> "DataFrame":
    """Read a text file with a line of column names, UTF-8, separated by commas, semicolons, tabs or bars.

    Where semicolons or tabs separate, a comma may be the decimal point: it is, where that makes more columns numbers.
    Raises InputError for a file that is not there, is no such text, or has no rows.
    """
    path, separator = _checked(path)
    readings = [_read(path, sep=separator, decimal=point) for point in (".,".replace(separator, ""))]
    return max(readings, key=lambda frame: frame.select_dtypes("number").shape[1])  # of equals the first


def read_as_written(path: str | Path) -> tuple["DataFrame", dict[str, str]]:
    """The same table with each name and value as the text that stands in the file; and how `to_csv` writes the like."""
    path, separator = _checked(path)
    rows = _read(path, sep=separator, dtype=str, keep_default_na=False, header=None)
    with open(path, "rb") as file:
        encoding = "utf-8-sig" if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else "utf-8"
    return rows[1:].set_axis(rows.iloc[0].tolist(), axis=1), {"sep": separator, "encoding": encoding}


def _checked(path):
    path = as_path(path)
    if path.is_dir():
        raise InputError(f"a table must be a file; {readable(path)} is a folder. Of pictures it needs no target.")
    if not path.is_file():
        raise InputError(f"path must be a table, or a folder of pictures; {readable(path)} is not there.")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            head = file.readline()
    except UnicodeDecodeError as error:
        raise _not_text(path) from error
    return path, _separator(head)


def _separator(head):
    counts = {each: len(next(csv.reader([head], delimiter=each), [])) for each in SEPARATORS}
    return max(counts, key=counts.get)  # of equals the first


def _read(path, **how):
    import pandas as pd  # here, so that `import itlm_kit` stays light

    try:
        frame = pd.read_csv(path, encoding="utf-8-sig", index_col=False, **how)
    except UnicodeDecodeError as error:
        raise _not_text(path) from error
    except (ValueError, OSError) as error:  # rows of another length, no line at all
        reason = " ".join(str(error).split())
        raise InputError(f"a table must have a line of names and rows as long; {readable(path)}: {reason}.") from error
    if frame.empty:
        raise InputError(f"a table must have rows below its line of names; {readable(path)} has none.")
    return frame


def _not_text(path):
    return InputError(f"a table must be text in UTF-8; {readable(path)} is not. Save it as CSV, UTF-8.")
