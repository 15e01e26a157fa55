"""The report as one HTML file that works offline."""

from pathlib import Path

from itlm_kit.experiments.store import ResultStore
from itlm_kit.files import as_path, write_atomically, writing_to
from itlm_kit.ledger.verdicts import VERDICTS
from itlm_kit.pages import template
from itlm_kit.report.contents import contents


def write_report(path: str | Path, store: ResultStore) -> Path:
    """Write the report on the cells of a store to a file, in place of an earlier one; returns its Path."""
    path = as_path(path, "--out")
    page = drawn("report.html", store)
    with writing_to(path.parent):
        write_atomically(path, lambda file: file.write(page.encode()))
    return path


def drawn(name: str, store: ResultStore, *, notebooks: dict[str, str] | None = None) -> str:
    """One of the report's templates filled: "report.html", a page by itself, or "body.html", what stands in a book.

    notebooks: {number: address} of those that can be linked to.
    """
    parts = contents(store)
    claims = [claim for articles in parts.values() for article in articles for claim in article.claims]
    counts = {verdict: sum(claim["verdict"] == verdict for claim in claims) for verdict in VERDICTS}
    return template("itlm_kit.report", name).render(parts=parts, counts=counts, notebooks=notebooks or {})
