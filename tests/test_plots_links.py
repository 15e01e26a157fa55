import numpy as np

from itlm_kit.glm.flow import gradient_flow
from itlm_kit.plots.links import flow_in_plane


def test_flow_and_twin_run_from_the_start_to_the_fit_and_equal_times_are_joined():
    x = np.random.default_rng(0).normal(size=(50, 2)) * [1, 0.4]
    y = x @ [1.0, 2.0]
    flow = gradient_flow(x, y, np.zeros(2), np.array([0.0, 1.0, 5.0, 500.0]))
    across, up = np.meshgrid(np.linspace(0, 2, 9), np.linspace(0, 3, 9))
    loss = ((y - np.stack([across, up], axis=-1) @ x.T) ** 2).mean(-1) + 0.1
    figure = flow_in_plane(across, up, loss, flow, source="made up")
    (axis,) = figure.axes
    lines = {line.get_label(): line.get_xydata() for line in axis.lines}
    assert np.allclose(lines["gradient flow"], flow.flow) and np.allclose(lines["penalised"], flow.penalised)
    assert np.allclose(lines["fit of the kept set"], [1, 2], atol=1e-4)
    joined = [line.get_xydata() for line in axis.lines if line.get_label().startswith("_")]
    assert np.allclose(joined, np.stack([flow.flow, flow.penalised], axis=1))
    assert "made up" in figure.get_supxlabel()
