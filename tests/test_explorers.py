"""Explorers without a browser: what they compute, that controls move what is drawn, what stays when nothing moves."""

import ast
import base64
import html
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from explored import SMALL, content, gan_rounds, losses, noise_frame
from nbformat import v4
from PIL import Image

from itlm_kit import explorers
from itlm_kit.errors import InputError
from itlm_kit.explorers.controls import reach
from itlm_kit.runner.execution import execute

MAKERS = {
    "convergence": lambda **values: explorers.ConvergenceExplorer(**SMALL, **values),
    "gan": lambda **values: explorers.GanExplorer(*gan_rounds(), **values),
    "label_noise": lambda **values: explorers.NoiseExplorer(noise_frame(), **values),
    "line": lambda **values: explorers.LineExplorer(**values),
    "trajectories": lambda **values: explorers.TrajectoryExplorer(*losses(), **values),
    "watermarks": lambda **values: explorers.WatermarkEditor(**values),
}
every_explorer = pytest.mark.parametrize("name", explorers.names())


@every_explorer
def test_every_explorer_is_found_by_name_and_tested_here(name):
    assert isinstance(MAKERS[name](), explorers.get_explorer(name))
    assert explorers.get_explorer(name).__name__ in explorers.__all__


def test_unknown_names_are_told():
    with pytest.raises(InputError, match="explorer must be one of convergence, .*; got 'convergance'"):
        explorers.get_explorer("convergance")
    with pytest.raises(AttributeError, match="no attribute 'ConvergenceExplore'"):
        explorers.ConvergenceExplore  # noqa: B018


def test_the_list_of_explorers_brings_no_widgets():
    code = "import sys; from itlm_kit import explorers; explorers.names(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"ipywidgets", "plotly", "matplotlib", "torch"} & set(modules)


def test_an_explorer_brings_no_more_than_it_needs():
    """16 MB of a grammar that jsonschema would load for plotly; a script that one character would double to 10 MB."""
    code = """import sys, itlm_kit.explorers.base as base
print(base.FigureWidget._esm.isascii(), *sys.modules)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    script, *modules = done.stdout.split()
    assert script == "True" and not {"rfc3987_syntax", "lark", "torch", "sklearn", "pandas"} & set(modules)


@every_explorer
def test_a_sweep_visits_everything_draws_it_and_comes_back(name):
    explorer = MAKERS[name]()
    start, seen = explorer.values, []
    explorer.words.observe(lambda change: seen.append(explorer.values), "value")
    visited = explorer.sweep()
    for control, widget in explorer.controls.items():
        assert {value for name, value in visited if name == control} == set(reach(widget))
    assert len(seen) > len(explorer.controls) and explorer.values == start
    assert content(explorer.figure) == content(explorer.figure_at())


@every_explorer
def test_the_figure_on_screen_is_the_figure_of_its_values(name):
    explorer = MAKERS[name]()
    rng = np.random.default_rng(0)
    for _ in range(12):
        control = rng.choice([name for name in explorer.controls if name != "hundred"])
        widget = explorer.controls[control]
        choices = np.linspace(widget.min, widget.max, 4) if hasattr(widget, "min") else reach(widget)[:3]
        widget.value = choices[rng.integers(len(choices))] if control != "seed" else int(rng.integers(9))
        assert content(explorer.figure) == content(explorer.figure_at(**explorer.values))


@every_explorer
def test_figure_at_is_pure(name):
    explorer = MAKERS[name]()
    before, shown = explorer.values, content(explorer.figure)
    control, widget = next(iter(explorer.controls.items()))
    other = reach(widget)[-1]
    first, again = explorer.figure_at(**{control: other}), explorer.figure_at(**{control: other})
    assert content(first) == content(again) != shown
    assert explorer.values == before and content(explorer.figure) == shown


@every_explorer
def test_what_is_saved_is_what_is_shown(name):
    """A reloaded page is built from these two, which plotly itself leaves as they were at first."""
    explorer = MAKERS[name]()
    explorer.sweep()
    control = explorer.controls[{"label_noise": "noise", "line": "bad"}.get(name, "alpha")]
    control.value = control.options[-1] if hasattr(control, "options") else control.max
    saved = explorer.figure.get_state()
    assert saved["_widget_data"] == list(explorer.figure._data)
    layout = {name: value for name, value in saved["_widget_layout"].items() if value != []}  # plotly drops empty lists
    assert layout == explorer.figure.layout.to_plotly_json()
    assert "bdata" not in json.dumps(saved["_widget_data"])  # no buffers: they do not survive an export


@every_explorer
def test_a_page_without_widgets_has_the_picture_and_the_finding(name):
    explorer = MAKERS[name]()
    bundle, metadata = explorer._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert picture.width > 800 and picture.convert("L").getcolors(256)[20:]
    assert bundle["text/plain"] == metadata["image/png"]["alt"] == explorer.scene(**explorer.telling).words
    assert bundle["text/plain"].rstrip().endswith((".", ")")) and any(map(str.isdigit, bundle["text/plain"]))


@every_explorer
def test_the_picture_and_the_words_follow_the_controls(name):
    explorer = MAKERS[name]()
    before, _ = explorer._repr_mimebundle_()
    shown = explorer.words.value
    control = explorer.controls[{"label_noise": "noise", "line": "bad"}.get(name, "alpha")]
    control.value = control.options[-1] if hasattr(control, "options") else control.max
    after, _ = explorer._repr_mimebundle_()
    assert before["image/png"] != after["image/png"] and before["text/plain"] != after["text/plain"]
    assert explorer.words.value != shown


@pytest.mark.parametrize(
    "name, most",
    [
        ("convergence", {"round": 11}),
        ("gan", {"round": 2}),
        ("label_noise", {}),
        ("line", {"round": 8}),
        ("trajectories", {"epoch": 6, "sample": 30}),
        ("watermarks", {}),
    ],
)
def test_the_picture_that_stays_is_the_most_telling_one_until_somebody_chooses(name, most):
    explorer = MAKERS[name]()
    assert explorer.telling == {**explorer.values, **most}
    for control, value in most.items():
        assert explorer.values[control] < value and MAKERS[name](**{control: 1}).telling[control] == 1
        explorer.controls[control].value = 2 - (control == "round")
        assert explorer.telling[control] == explorer.values[control]


@every_explorer
def test_the_line_of_code_brings_the_controls_back(name):
    explorer = MAKERS[name]()
    takes = "..." if name in ("gan", "label_noise", "trajectories") else "n=200, d=5" * (name == "convergence")
    assert explorer.line == f'get_explorer("{name}")({takes})'
    control = explorer.controls[{"label_noise": "noise", "line": "bad"}.get(name, "alpha")]
    control.value = control.options[-1] if hasattr(control, "options") else control.max
    assert explorer.line in html.unescape(explorer.code.value)
    moved = ast.parse(explorer.line).body[0].value.keywords
    again = MAKERS[name](**{one.arg: ast.literal_eval(one.value) for one in moved if one.arg not in SMALL})
    assert again.values == explorer.values


@pytest.mark.parametrize("name", ["convergence", "gan", "line", "trajectories"])
def test_the_player_and_its_slider_are_one(name):
    explorer = MAKERS[name]()
    (button,), slider = explorer.players, explorer.controls[explorer.walks]
    assert (button.min, button.max, button.value, button.label) == (
        slider.min, slider.max, slider.value, slider.description)  # fmt: skip
    button.value += 1
    assert slider.value == slider.min + 1
    assert content(explorer.figure) == content(explorer.figure_at(**{explorer.walks: slider.min + 1}))
    slider.value = slider.max
    assert button.value == slider.max and "_esm" in button.keys


def test_the_player_follows_the_number_of_rounds():
    explorer = explorers.ConvergenceExplorer(**SMALL)
    explorer.controls["update"].value = "M = 1"
    assert explorer.players[0].max == explorer.controls["round"].max == 79


@every_explorer
def test_every_control_has_a_label_of_its_own(name):
    labels = [control.description for control in MAKERS[name]().controls.values()]
    assert all(labels) and len(set(labels)) == len(labels)


@every_explorer
def test_colour_is_never_the_only_cue(name):
    """Traces of one panel that share marks, dashes and hatches share the colour as well."""
    looks = {}
    for trace in MAKERS[name]().figure.data:
        color = trace.line.color if trace.type == "scatter" and "lines" in trace.mode else trace.marker.color
        pattern = trace.marker.pattern.shape if trace.type == "bar" else (trace.mode, trace.marker.symbol, trace.fill)
        width = None if trace.type == "bar" else trace.line.width
        dash = None if trace.type == "bar" else trace.line.dash
        looks.setdefault((trace.xaxis, trace.type, pattern, dash, width), set()).add(color)
    assert {look: colors for look, colors in looks.items() if len(colors) > 1 and "toself" not in look[2]} == {}


@every_explorer
def test_nothing_comes_from_elsewhere(name):
    figure = MAKERS[name]().figure
    assert "http" not in json.dumps(content(figure))
    assert figure.get_state()["_config"]["modeBarButtons"] == [["toImage", "resetScale2d"]]  # none uploads the data


@every_explorer
def test_starting_values_are_checked(name):
    with pytest.raises(InputError, match="control must be one of .*; got 'alfa'"):
        MAKERS[name](alfa=0.5)
    with pytest.raises(InputError, match="control must be one of .*; got 'alfa'"):
        MAKERS[name]().figure_at(alfa=0.5)


def test_values_out_of_range_are_told_before_any_work():
    explorer = explorers.LineExplorer()
    with pytest.raises(InputError, match=r"alpha must lie in 0\.3\.\.1\.0, the ends of its slider; got 1\.3"):
        explorer.figure_at(alpha=1.3)
    with pytest.raises(InputError, match=r"kind must be one of random, .*; got 'odd'"):
        explorers.ConvergenceExplorer(kind="odd")
    assert explorers.ConvergenceExplorer(**SMALL, seed=123456789).values["seed"] == 123456789


@pytest.mark.parametrize(
    "value, message",
    [
        ({"alpha": "0.5"}, r"alpha must lie in 0\.3\.\.1\.0, .*; got '0\.5'"),
        ({"alpha": None}, r"alpha must lie in 0\.3\.\.1\.0, .*; got None"),
        ({"alpha": float("nan")}, r"alpha must lie in 0\.3\.\.1\.0, .*; got nan"),
        ({"alpha": True}, r"alpha must lie in 0\.3\.\.1\.0, .*; got True"),
        ({"round": 1.5}, r"round must be a whole number of at least 0; got 1\.5"),
    ],
)
def test_a_figure_and_a_start_refuse_the_same_values(value, message):
    for ask in (explorers.LineExplorer, explorers.LineExplorer().figure_at):
        with pytest.raises(InputError, match=message):
            ask(**value)


def test_whole_numbers_may_be_floats():
    explorer = explorers.LineExplorer(round=3.0)
    assert content(explorer.figure) == content(explorers.LineExplorer().figure_at(round=3.0))


class Broken(explorers.LineExplorer):
    def scene(self, *, alpha, **values):
        if alpha < 0.5:
            raise ZeroDivisionError("broken below one half")
        return super().scene(alpha=alpha, **values)


def test_an_error_in_a_callback_is_raised_and_told():
    explorer = Broken()
    with pytest.raises(ZeroDivisionError, match="broken below one half"):
        explorer.controls["alpha"].value = 0.4
    assert 'role="alert"' in explorer.words.value and "broken below one half" in explorer.words.value
    with pytest.raises(ZeroDivisionError):
        explorer.sweep()
    explorer.controls["alpha"].value = 0.9
    assert 'role="alert"' not in explorer.words.value
    assert content(explorer.figure) == content(explorer.figure_at(alpha=0.9))


def test_rounds_are_whole_numbers_on_every_axis():
    for explorer in (explorers.NoiseExplorer(noise_frame()), explorers.ConvergenceExplorer(**SMALL, update="M = 1")):
        steps = [axis.dtick for axis in (explorer.figure.layout.xaxis, explorer.figure.layout.xaxis2)]
        assert all(step >= 1 and step == int(step) for step in steps)


# How fast


@pytest.mark.slow
def test_a_move_costs_a_small_multiple_of_its_draw_and_fit():
    """Shares of time in one run, so that a busy machine is no fault of the kit: about 0.18 and 0.27 where quiet."""
    command = [sys.executable, "-m", "tests.benchmarks", "explorers"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    ratios = {line["name"]: line["ratio"] for line in map(json.loads, done.stdout.splitlines())}
    assert ratios["explorer_with_one_run"] > 0.06 and ratios["explorer_with_twenty_runs"] > 0.1


# In a notebook that runs without a browser


def run_notebook(tmp_path, *cells):
    path = tmp_path / "explore.ipynb"
    nb = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(json.dumps(nb))
    return execute(path, {}, seconds=120)


@pytest.mark.notebook
def test_a_notebook_that_ran_headless_shows_the_picture(tmp_path):
    cells = "from itlm_kit.explorers import LineExplorer", "explorer = LineExplorer()\nexplorer", "explorer.sweep();"
    done = run_notebook(tmp_path, *cells)
    assert done.failure is None and "widgets" not in done.nb.metadata
    (output,) = done.nb.cells[1].outputs
    assert Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"]))).width > 800
    assert output["metadata"]["image/png"]["alt"] == output["data"]["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in output["data"]
    assert len(json.dumps(done.nb)) < 300_000


@pytest.mark.notebook
def test_an_error_behind_a_moved_slider_turns_a_notebook_red(tmp_path):
    """What a browser sends when a slider is moved, sent by hand: ipywidgets itself catches errors there."""
    broken = "\n".join([
        "from itlm_kit.explorers import LineExplorer",
        "class Broken(LineExplorer):",
        "    def scene(self, *, alpha, **values):",
        "        assert alpha > 0.5, 'broken below one half'",
        "        return super().scene(alpha=alpha, **values)",
        "explorer = Broken()",
    ])  # fmt: skip
    message = {"content": {"data": {"method": "update", "state": {"value": 0.4}}}}
    done = run_notebook(tmp_path, broken, f"explorer.controls['alpha']._handle_msg({message})")
    assert done.failure["cell"] == 2 and "broken below one half" in done.failure["error"]
