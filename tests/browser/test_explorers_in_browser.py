"""Explorers in a real browser: every control is moved by keyboard, in JupyterLab and as a Voila page."""

import importlib.util
import json
import statistics

import driving
import pytest
from nbformat import v4

from itlm_kit import explorers
from itlm_kit.runner.execution import execute
from itlm_kit.runner.report import draw_page

MISSING = next(
    (
        reason
        for reason, there in {
            "no Chromium: install it, or name it in CHROMIUM": driving.CHROMIUM,
            "playwright is not installed: pip install itlm_kit[tests]": importlib.util.find_spec("playwright"),
            "Voila is not installed: pip install itlm_kit[notebooks]": importlib.util.find_spec("voila"),
        }.items()
        if not there
    ),
    None,
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
]

DATA = """
import numpy as np
import pandas as pd
from itlm_kit.explorers import ConvergenceExplorer, GanExplorer, LineExplorer, NoiseExplorer
from itlm_kit.explorers import TrajectoryExplorer, WatermarkEditor

rng, is_clean = np.random.default_rng(0), np.arange(300) < 180
falls = 2 * np.exp(-np.arange(12)[:, None] / np.where(is_clean, 4, 30))
losses = falls * np.exp(0.2 * rng.standard_normal((12, 300)))
images = rng.integers(0, 256, (300, 1, 8, 8), dtype=np.uint8)
panels = rng.integers(0, 256, (12, 32, 1, 8, 8), dtype=np.uint8)
runs = [
    {"noise": noise, "clean": clean, "method": "itlm", "round": t, "clean_share": 100 * clean + 4 * t,
     "last_accuracy": 60 + 20 * clean + 3 * t + len(noise), "best_accuracy": 65 + 20 * clean + 3 * t + len(noise)}
    for noise in ("random", "systematic") for clean in (0.6, 0.7, 0.8) for t in range(5)
]
"""
CALLS = {
    "convergence": "ConvergenceExplorer(seed=0)",
    "gan": "GanExplorer(losses, is_clean, images, panels, source='made up')",
    "label_noise": "NoiseExplorer(pd.DataFrame(runs), source='made up')",
    "line": "LineExplorer(seed=0)",
    "trajectories": "TrajectoryExplorer(losses, is_clean, source='made up', alpha=0.55)",
    "watermarks": "WatermarkEditor()",
}
BROKEN = """
class Broken(LineExplorer):
    def scene(self, *, alpha, **values):
        assert alpha > 0.5, "broken below one half"
        return super().scene(alpha=alpha, **values)
Broken(alpha=0.51)
"""
# Voila's page asks for icons from elsewhere and does without them; it has no document manager for lab extensions.
VOILAS_OWN = ("fontawesome", "net::ERR_FAILED", "@jupyterlab/docmanager")


@pytest.fixture
def notebook(tmp_path):
    def write(*cells):
        nb = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in (DATA, *cells)])
        nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = tmp_path / "explore.ipynb"
        path.write_text(json.dumps(nb))
        return path

    return write


def controls(page, plot):
    """(element, key that moves it) of every control around a plot that can be moved."""
    box = page.locator(".widget-vbox").nth(plot)
    for slider in box.get_by_role("slider").all():
        at_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
        yield slider, "ArrowLeft" if at_end else "ArrowRight"
    for choice in box.get_by_role("combobox").all():
        if choice.locator("option").count() > 1:
            yield choice, "ArrowDown"
    for number in box.get_by_role("spinbutton").all():
        yield number, "ArrowUp"
    for button in box.locator(".widget-toggle-button").all():
        yield button, "Space"


def report(capsys, where, **times):
    """Times from key to pixels, as one line; told and not judged, since a busy machine is no fault of the kit."""
    figures = {
        name: {"median_ms": round(statistics.median(ms)), "95_percent_ms": round(sorted(ms)[int(0.95 * len(ms))])}
        for name, ms in times.items()
    }
    with capsys.disabled():
        print(json.dumps({"name": f"explorer in {where}", **figures}))


def test_convergence_in_lab_answers_keys_and_survives_a_reload(notebook, capsys, tmp_path):
    with driving.lab(notebook(CALLS["convergence"])) as page:
        assert driving.run_all(page)
        driving.wait_for_plots(page, 1)
        one, twenty = press_alpha(page)
        report(capsys, "JupyterLab", one_run=one, twenty_runs=twenty)
        page.screenshot(path=tmp_path / "lab.png")
        driving.save(page)
        shown = driving.drawn(page)
        page.reload()
        driving.wait_for_plots(page, 1)
        assert driving.drawn(page) == shown
        assert (page.troubles, page.elsewhere) == ([], [])


def move_all(page, names, folder):
    """Move every control of every explorer on the page by keyboard; its figure changes each time."""
    for plot, name in enumerate(names):
        moved = [driving.press(page, *control, plot) for control in controls(page, plot)]
        assert len(moved) >= 3 and page.locator(".widget-vbox").nth(plot).get_by_role("status").count() == 1
        page.locator(".js-plotly-plot").nth(plot).screenshot(path=folder / f"{name}.png")
    assert driving.unlabelled(page) == []
    assert all(value == seen for value, seen in driving.told(page))


def press_alpha(page):
    """Milliseconds from key to pixels of the slider over alpha, for one run and for twenty, the first key included."""
    driving.watch(page)
    alpha = page.get_by_role("slider", name="share kept α")
    one = [driving.time_press(page, alpha, "ArrowLeft") for _ in range(40)]
    driving.press(page, page.get_by_role("slider", name="runs"), "ArrowRight")
    return one, [driving.time_press(page, alpha, "ArrowRight") for _ in range(10)]


def test_every_control_moves_its_figure_and_errors_are_told(notebook, tmp_path):
    with driving.lab(notebook(*CALLS.values(), BROKEN)) as page:
        assert driving.run_all(page)
        driving.wait_for_plots(page, len(CALLS) + 1)
        move_all(page, CALLS, tmp_path)
        assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
        assert (page.troubles, page.elsewhere) == ([], [])
        page.get_by_role("slider", name="share kept α").last.press("ArrowLeft")
        page.get_by_role("alert").filter(has_text="AssertionError: broken below one half").wait_for()


def test_the_player_walks_to_the_end_stops_there_and_starts_again(notebook):
    with driving.voila(notebook(CALLS["gan"])) as page:
        driving.wait_for_plots(page, 1)
        play, slider = page.get_by_role("button", name="play: round t"), page.get_by_role("slider", name="round t")
        play.click()
        page.get_by_role("button", name="stop: round t").wait_for()
        play.wait_for()  # at the end
        assert slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
        driving.press(page, play, "Space")  # from the start again: another picture
        assert troubles(page) == []


@pytest.mark.slow  # forty keys, for their times; the next test moves each control of this page
def test_convergence_as_a_voila_page(notebook, capsys, tmp_path):
    with driving.voila(notebook(CALLS["convergence"])) as page:
        driving.wait_for_plots(page, 1)
        one, twenty = press_alpha(page)
        report(capsys, "Voila", one_run=one, twenty_runs=twenty)
        page.screenshot(path=tmp_path / "voila.png")
        assert troubles(page) == []


FIRST, *OTHERS = CALLS  # that of one is watched each time


@pytest.mark.parametrize("name", [FIRST, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_every_control_moves_its_figure_on_a_voila_page(notebook, tmp_path, name):
    """A page each, as `itlm explore` opens them: anywidget gives up figures that are not up within two seconds."""
    with driving.voila(notebook(CALLS[name])) as page:
        driving.wait_for_plots(page, 1)
        move_all(page, [name], tmp_path)
        assert troubles(page) == []


def troubles(page):
    """What went wrong on a Voila page, less what goes wrong on every one."""
    every = [*page.troubles, *page.elsewhere]
    return [one for one in every if not any(own in one for own in VOILAS_OWN)]


def test_a_click_selects_a_point_and_arrow_keys_move_it(notebook):
    with driving.voila(notebook(CALLS["line"])) as page:
        driving.wait_for_plots(page, 1)
        slider = page.get_by_role("slider", name="select point")
        before = slider.get_attribute("aria-valuenow")
        page.locator(".js-plotly-plot .scatterlayer .trace").first.locator("path.point").nth(5).click(force=True)
        page.wait_for_function(
            "([e, before]) => e.getAttribute('aria-valuenow') !== before", arg=[slider.element_handle(), before]
        )
        for _ in range(3):
            driving.press(page, page.get_by_role("slider", name="move it up"), "ArrowUp")
        assert "1 moved by hand" in driving.drawn(page)
        assert troubles(page) == []


def test_a_saved_page_shows_pictures_with_their_findings_and_asks_for_nothing_from_elsewhere(notebook, tmp_path):
    done = execute(notebook(*CALLS.values()), {}, seconds=300)
    assert done.failure is None
    page_file = tmp_path / "page.html"
    page_file.write_text(draw_page(done.nb, "explorers").html)
    with driving.page_at(page_file.as_uri()) as page:
        alts = page.evaluate("() => [...document.images].filter(i => i.naturalWidth > 600).map(i => i.alt)")
        assert alts == [cell.outputs[0]["data"]["text/plain"] for cell in done.nb.cells[1:]]
        assert (page.troubles, page.elsewhere) == ([], [])


def test_every_explorer_is_tested_here():
    assert sorted(CALLS) == explorers.names()
