"""What an examination says of itself: in sentences a person would use."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from itlm_kit.names import listed, percent

if TYPE_CHECKING:
    from pandas import DataFrame


GIVEN = "as you gave it"  # what alpha is, where it was not read from anything


@dataclass(frozen=True)
class Report:
    """What was examined, by what, and what dropping the suspects would do.

    source: what was examined, e.g. "holiday, 1,200 images". how: what judged it. alpha_from: what alpha was read from,
    in words. n, dropped: numbers of samples. by_class: a row for each class, as of `dropped_by_class`; None where there
    are no classes. cautions: sentences to read before anything is dropped.
    """

    source: str
    how: str
    alpha_from: str
    n: int
    dropped: int
    by_class: "DataFrame | None" = None
    cautions: tuple[str, ...] = ()

    def __str__(self):
        how = f"Judged by {self.how}. How much is kept (alpha): {self.alpha_from}."
        return "\n".join([self.found, how, *self._classes(), *self.cautions])

    @property
    def found(self) -> str:
        """What was found, in one sentence."""
        if not self.dropped:
            return f"{self.source}: nothing stands out; all {self.n:,} are kept."
        share, rest = percent(self.dropped / self.n), f"the other {self.n - self.dropped:,} are kept"
        are = "is a suspect" if self.dropped == 1 else "are suspects"
        return f"{self.source}: {self.dropped:,} of {self.n:,} {are} ({share}), {rest}."

    def _classes(self):
        if self.by_class is None or not self.dropped:
            return []
        rows = self.by_class.sort_values("share", ascending=False, kind="stable")
        parts = [f"{dropped:,} of {samples:,} in {name}" for name, samples, dropped, _ in rows.itertuples(index=False)]
        return [f"Suspects by class: {listed(parts)}."]
