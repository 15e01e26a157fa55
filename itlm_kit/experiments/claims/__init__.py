"""The paper's claims, each with the measurement that checks it, and the ledger of how they fare."""

from itlm_kit.experiments.claims import backdoors, generation, label_noise, regression, theory
from itlm_kit.experiments.claims.claim import Band, Claim, Measure, Part
from itlm_kit.experiments.claims.text import render
from itlm_kit.experiments.claims.verdicts import entries

__all__ = ["CLAIMS", "Band", "Claim", "Measure", "Part", "ledger", "render"]

CHAPTERS = (theory, regression, label_noise, generation, backdoors)
CLAIMS = tuple(claim for chapter in CHAPTERS for claim in chapter.claims())


def ledger(results_folder):
    """One dict per claim of the paper, its figure read from a folder of result files; see `verdicts.entries`."""
    return entries(CLAIMS, results_folder)
