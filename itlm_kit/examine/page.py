"""A page to look at suspects: one HTML file that works offline."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame


def write_page(path: str | Path, suspects: "DataFrame", *, title: str, says: str, looks: Any = None) -> Path:
    """To be built."""
    raise NotImplementedError
