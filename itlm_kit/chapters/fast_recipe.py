"""What every claim that was measured with the fast recipe for CIFAR-10 says beside its figure."""

from collections.abc import Iterable
from dataclasses import replace

from itlm_kit.ledger.claim import Claim

CHOSEN = (
    "the recipe's step size was chosen by accuracy on true test labels, on 25,000 of these images (systematic errors, "
    "60 % clean, seed 0)"
)


def noted(claims: Iterable[Claim]) -> list[Claim]:
    """The claims, those read from cells of the fast recipe with a note on how it was chosen."""
    return [replace(claim, note=_joined(claim.note, CHOSEN)) if _is_fast(claim) else claim for claim in claims]


def _is_fast(claim):
    return any(cells.where.get("recipe") == "fast" for cells in claim.cells)


def _joined(*notes):
    return "; ".join(filter(None, notes))
