"""What was found in a person's data: suspects, how much to keep, and what can be done with them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.examine.copying import copy_files
from itlm_kit.examine.page import write_page
from itlm_kit.examine.report import Report
from itlm_kit.trajectories.recorder import TrajectoryRecorder
from itlm_kit.trajectories.suspects import write_suspects

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class Examination:
    """Samples from most to least suspicious, and which of them to keep. Nothing of the user's is ever changed.

    suspects: a frame as of `rank_suspects`, with a column kept, and file where samples are files. alpha: the share
    kept. kept: (n,) bool, in the order of the samples. report: what the models said, and what dropping would do to each
    class; print it. looks: what the page shows of each sample: images uint8 (n, c, h, w), or a frame with a row for
    each; None: the list alone. files: (n,) Paths that the samples came from, below root; () where they are no files.
    recorder: the TrajectoryRecorder that was read; None where there is none.
    """

    suspects: "DataFrame"
    alpha: float
    kept: np.ndarray
    report: Report
    looks: Any = None
    files: tuple[Path, ...] = ()
    root: Path | None = None
    recorder: TrajectoryRecorder | None = None

    def __str__(self):
        return str(self.report)

    def write(self, csv: str | Path) -> Path:
        """Write the list of suspects as CSV for any spreadsheet; raises InputError where the file is there already."""
        return write_suspects(self.suspects, csv)

    def page(self, html: str | Path) -> Path:
        """Write a page to look at, which works offline; raises InputError where the file is there already."""
        return write_page(html, self.suspects, says=str(self.report), title=self.report.source, looks=self.looks)

    def copy_kept(self, folder: str | Path) -> Path:
        """Copy the files kept to a new folder, each where it lay below the old one; returns its Path.

        Raises InputError where the samples are no files, or the folder is there already or cannot be written.
        """
        if not self.files:
            raise InputError("copy_kept needs samples that are files; these are not. Take kept_rows(your table).")
        kept = [file for file, is_kept in zip(self.files, self.kept, strict=True) if is_kept]
        return copy_files(kept, self.root, folder)

    def kept_rows(self, rows: Any) -> Any:
        """The rows kept of a frame, an array or a list with a row for each sample, of the same kind, in their order."""
        if np.shape(rows)[:1] != self.kept.shape and len(rows) != len(self.kept):
            raise InputError(f"rows must be one per sample, {len(self.kept)}; got {len(rows)}. Pass what was examined.")
        if hasattr(rows, "iloc"):
            return rows.iloc[np.flatnonzero(self.kept)]
        if isinstance(rows, list | tuple):
            return type(rows)(row for row, is_kept in zip(rows, self.kept, strict=True) if is_kept)
        return rows[self.kept]

    def relabelled(self) -> np.ndarray:
        """The labels (n,), as the user's data has them: of suspects the likely one, of all others the given one.

        Raises InputError where there are no classes.
        """
        if "likely" not in self.suspects:
            raise InputError(
                "relabelled needs classes; these samples have none. Drop the suspects, or mend them by hand."
            )
        listed = self.suspects.sort_values("index")
        is_known = listed["likely"].notna().to_numpy()
        labels = np.where(self.kept | ~is_known, listed["given"], listed["likely"])
        return np.array(labels.tolist())
