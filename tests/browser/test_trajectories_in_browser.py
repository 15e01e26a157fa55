"""A sample of the trajectory explorer chosen in a real browser: by a click on its point, and by an arrow key."""

import json

import driving
import pytest
from nbformat import v4
from test_explorers_in_browser import MISSING

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
]
CELL = """
import numpy as np
from itlm_kit.explorers import TrajectoryExplorer

is_clean = np.arange(60) < 36
losses = 2 * np.exp(-np.arange(6)[:, None] / np.where(is_clean, 2, 20)) + 0.5 * np.random.default_rng(0).random((6, 60))
images = np.random.default_rng(1).integers(0, 256, (60, 8, 8), dtype=np.uint8)
TrajectoryExplorer(losses, is_clean, images=images, given=np.arange(60) % 3, right="ROC", epoch=2)
"""
# Where on the page a point of the ROC curve is, and whose it is.
POINT = """number => {
  const plot = document.querySelector('.js-plotly-plot')
  const curve = plot._fullData.find(trace => trace.name === 'ROC'), { xaxis2, yaxis2 } = plot._fullLayout
  const box = plot.getBoundingClientRect()
  const x = box.left + xaxis2._offset + xaxis2.d2p(curve.x[number])
  return [x, box.top + yaxis2._offset + yaxis2.d2p(curve.y[number]), curve.customdata[number]]
}"""
IMAGE = "() => document.querySelector('.js-plotly-plot image').getAttribute('href')"


def test_a_click_and_an_arrow_key_choose_a_sample(tmp_path):
    nb = v4.new_notebook(cells=[v4.new_code_cell(CELL)])
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / "explore.ipynb"
    path.write_text(json.dumps(nb))
    with driving.lab(path) as page:
        assert driving.run_all(page)
        driving.wait_for_plots(page, 1)
        box, before = page.get_by_role("spinbutton"), page.evaluate(IMAGE)
        x, y, sample = page.evaluate(POINT, 12)
        page.mouse.click(x, y)
        page.locator("p", has_text=_told(sample)).wait_for()
        assert box.input_value() == str(sample) and sample != 0
        driving.press(page, box, "ArrowUp")
        page.locator("p", has_text=_told(sample + 1)).wait_for()
        page.wait_for_function(f"({IMAGE})() !== {json.dumps(before)}")
        page.screenshot(path=tmp_path / "lab.png")
        assert (page.troubles, page.elsewhere) == ([], [])


def _told(sample):
    return f"Sample {sample}: given {sample % 3}, {'clean' if sample < 36 else 'bad'}, loss"
