"""The report and the pictures: what stands there is what is printed and what was measured, and it leads somewhere."""

import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import toys
from PIL import Image

from itlm_kit import report
from itlm_kit.chapters import all_claims, experiment_names, get_experiment
from itlm_kit.cli.commands import _exit_code
from itlm_kit.experiments.store import ResultStore, published_results
from itlm_kit.ledger.printed import ROUNDS
from itlm_kit.plots.beside import printed_beside_measured
from itlm_kit.report import page as report_page
from itlm_kit.report.contents import contents, part_of
from itlm_kit.report.tables import told

RESULTS = Path(__file__).parents[1] / "notebooks" / "results"


@cache
def parts():
    return contents(published_results(RESULTS))


def articles():
    return {article.name: article for found in parts().values() for article in found}


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(report_page, "contents", lambda store: parts())
    return report.write_report(tmp_path / "new folder" / "report.html", published_results(RESULTS)).read_text()


class Seen(HTMLParser):
    """The ids of a page, where its links lead, and what it loads."""

    def __init__(self, page):
        super().__init__()
        self.ids, self.links, self.loads = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.loads += [found[key] for key in ("src", "srcset", "data", "href") if key in found and tag != "a"]


def test_the_page_loads_nothing_and_its_links_lead_somewhere(page):
    seen = Seen(page)
    assert {load.partition(":")[0] for load in seen.loads} == {"data"}
    assert "default-src 'none'" in page and "url(" not in page
    assert set(Counter(seen.ids).values()) == {1}
    assert seen.links and {link.removeprefix("#") for link in seen.links} <= set(seen.ids)


def test_every_claim_stands_there_once_with_its_figure():
    claims = [claim for article in articles().values() for claim in article.claims]
    assert sorted(claim["id"] for claim in claims) == sorted(claim.id for claim in all_claims())
    measured = [claim for claim in claims if claim["verdict"] != "not run"]
    assert len(measured) > 100
    for claim in measured:
        assert claim["measured"].startswith(f"{claim['figure']:.4g}") and claim["cells"] and claim["command"]


def test_a_claim_leads_to_the_cells_it_rests_on():
    (claim,) = (claim for claim in articles()["table1-mnist"].claims if claim["id"] == "T1.mnist.systematic.60.itlm")
    cells = {cell.anchor: cell for cell in articles()["table1-mnist"].cells}
    (anchor,) = claim["cells"]
    assert "60 % clean" in cells[anchor].settings and "systematic" in cells[anchor].settings
    assert f"selected accuracy {claim['measured']} [84.98]" in cells[anchor].measured[0]
    assert f"seeds {', '.join(map(str, claim['seeds']))};" in cells[anchor].rests_on


def test_every_experiment_has_an_article_in_the_paper_s_order():
    assert sorted(articles()) == experiment_names()
    figures, tables = [f"Figure {i}" for i in range(1, 9)], [f"Table {i}" for i in range(1, 6)]
    assert list(parts()) == [*figures, *tables, "The text"]
    assert {name for name, article in articles().items() if article.cells and not article.pictures} == {"fig4"}
    assert articles()["fig7"].command == "itlm reproduce fig7 --profile full"
    assert articles()["fig7"].notebooks == ["02", "03", "04"]


@pytest.mark.parametrize(
    "place, part", [("Figures 2(a), 5(a)", "Figure 2"), ("Table 1, left half", "Table 1"), ("Section 6.2", "The text")]
)
def test_parts_of_the_paper(place, part):
    assert part_of(place) == part


def finished(name, **where):
    results = published_results(RESULTS).results(name)
    return [r for r in results if all(r.settings.get(key) == value for key, value in where.items())]


def drawn_points(axis):
    """{label of a row: (printed, measured)} of a picture of a table."""
    rows = [text.get_text() for text in axis.get_yticklabels()]
    points = {line.get_label(): line.get_xdata() for line in axis.get_lines() if line.get_label() == "printed"}
    measured = axis.containers[0][0].get_xdata()
    return {row: pair for row, pair in zip(rows, zip(points["printed"], measured, strict=True), strict=True)}


def test_a_table_s_picture_holds_what_is_printed_and_measured():
    settings = {"data": "mnist", "protocol": "paper", "noise": "systematic"}
    found = finished("table1-mnist", **settings)
    ((caption, figure),) = report.pictures(get_experiment("table1-mnist"), found)
    points = drawn_points(figure.axes[0])
    of_itlm = [r.metrics for r in found if (r.settings["clean"], r.settings["method"]) == (0.6, "itlm")]
    paper = {"itlm": 84.98, "baseline": 66.69, "1-step": 74.29}
    metrics = {"itlm": of_itlm, **{name: [m["rounds"][t] for m in of_itlm] for name, t in ROUNDS.items()}}
    for method, printed in paper.items():
        median = np.median([each["selected_accuracy"] for each in metrics[method]])
        assert points[f"60 % clean, {method}"] == pytest.approx((printed, median))


def test_what_is_not_measured_is_drawn_beside_what_is_and_never_alone():
    experiment, found = get_experiment("table5"), finished("table5", method="centroid", clean=0.8)
    ((_, figure),) = report.pictures(experiment, found, experiment.cells("full"))
    assert len(figure.axes[0].get_yticklabels()) > len({str(result.settings) for result in found})
    other = finished("table1-mnist", protocol="paper", noise="systematic")
    assert (
        len(report.pictures(get_experiment("table1-mnist"), other, get_experiment("table1-mnist").cells("full"))) == 1
    )


def test_ranges_are_drawn_and_groups_apart():
    rows = {"label": ["a", "b", "c"], "group": [1, 1, 2], "paper": [9, np.nan, 8], "measured": [5, 6, np.nan]}
    frame = pd.DataFrame({**rows, "low": [4, 6, np.nan], "high": [7, 6, np.nan]})
    figure = printed_beside_measured({"accuracy": frame, "share": frame}, source="made up", title="T", unit=" (%)")
    for axis, name in zip(figure.axes, ("accuracy", "share"), strict=True):
        assert axis.get_xlabel() == f"{name} (%)"
        ((low, _), (high, _)) = axis.containers[0][2][0].get_segments()[0]
        assert (low, high) == (4, 7)
        assert [
            line.get_ydata()[0] for line in axis.get_lines() if line.get_xdata()[0] == 0 and len(line.get_xdata()) == 2
        ] == [1.5]


@pytest.mark.parametrize(
    "key, value, text",
    [
        ("clean", 0.6, "60 % clean"),
        ("alpha", 0.96, "alpha 0.96"),
        ("d", 5, "d 5"),
        ("pair", "a_b", "a b"),
        ("net", None, ""),
    ],
)
def test_settings_in_words(key, value, text):
    assert told(key, value) == text


def test_pictures_of_nothing_and_of_an_unknown_experiment_are_none():
    toy = toys.experiment(cells=[{"n": 1}])
    assert report.pictures(toy, []) == report.pictures(toy, [toys.result("toy", {"n": 1}, {"error": 1.0})]) == []


@pytest.mark.parametrize("name", published_results(RESULTS).experiments())
def test_a_single_cell_can_be_drawn(name):
    """A run of a few cells ends in a picture, not in an error."""
    first = published_results(RESULTS).results(name)[:1]
    assert all(picture.figure.axes for picture in report.pictures(get_experiment(name), first))


def test_pictures_are_written_as_files_named_by_caption(tmp_path):
    found = [result for result in finished("fig1b", data="mnist") if "recipe" not in result.settings]
    (path,) = report.write_pictures(get_experiment("fig1b"), found, tmp_path / "out")
    assert path == tmp_path / "out" / "fig1b-mnist.png"
    assert min(Image.open(path).size) > 200 and not list(path.parent.glob("*.part"))


def test_reproduce_says_where_the_picture_is(tmp_path, capsys):
    assert _exit_code(["reproduce", "fig4", "--dry-run", "--out", str(tmp_path)]) == 0
    assert "picture" not in capsys.readouterr().out
    store = ResultStore(tmp_path)
    for cell in get_experiment("fig7").cells("quick"):
        store.save(toys.result_of(get_experiment("fig7"), cell, rounds_of(cell)))
    assert _exit_code(["reproduce", "fig7", "--out", str(tmp_path)]) == 0
    (place,) = re.findall("picture: (.*)", capsys.readouterr().out)
    assert Path(place) == tmp_path / "fig7.png" and Path(place).is_file()


def rounds_of(cell):
    errors = {"error": 0.5, "low": 0.4, "high": 0.6, "recovered": 0.0}
    return {"rounds": [{"method": cell["follow"], "round": t, **errors} for t in range(4)]}


def test_a_report_needs_results(tmp_path, capsys):
    assert _exit_code(["report", "--results", str(tmp_path), "--out", str(tmp_path / "report.html")]) == 2
    assert "results must be a folder" in capsys.readouterr().err
    assert not (tmp_path / "report.html").exists()
