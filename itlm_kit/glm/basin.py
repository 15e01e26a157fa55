"""Where ITLM goes from where it starts, in a mixture of regressions: Theorem 8's initial condition as a map."""

from typing import NamedTuple

import numpy as np

from itlm_kit.errors import InputError, check_integer
from itlm_kit.glm.draws import Regression
from itlm_kit.glm.fast import FastFitter


class Basin(NamedTuple):
    """Starts on a plane and where ITLM ended from each of them."""

    plane: np.ndarray  # (m, 2), coordinates of the starts in the plane of the components
    components: np.ndarray  # (j, 2), the components in the same coordinates
    destination: np.ndarray  # (m,) int, the component reached; -1 where none was
    error: np.ndarray  # (m,), distance of the end from the nearest component
    ratio: np.ndarray  # (m,), |theta_0 - nearest component| / |theta_0 - second nearest|
    nearest: np.ndarray  # (m,) int, the component nearest to the start


def basin_map(data: Regression, *, alpha: float, points: int = 25, rounds: int = 40) -> Basin:
    """Run ITLM from a grid of starts in the plane of a mixture's components, and see which one it reaches; a Basin.

    data: a Regression of kind "mixture"; alpha: share kept; points: starts along each side of a square that reaches
    1.6 from the components' centre. An end counts as there within half of the shortest distance between components.
    Raises InputError without a second component. Theorem 8 and its remark.
    """
    if len(data.thetas) < 2:
        raise InputError("data must be a mixture of two components or more; draw it with kind='mixture'.")
    centre, axes = _plane(data.thetas)
    plane = _grid(check_integer("points", points, low=2))
    starts = centre + plane @ axes
    fitter = FastFitter(data.x)
    ends = np.array([fitter.path(data.y, alpha=alpha, rounds=rounds, theta0=s).thetas[-1] for s in starts])
    to_end, to_start = _distances(ends, data.thetas), _distances(starts, data.thetas)
    error = to_end.min(1)
    apart = np.sort(_distances(data.thetas, data.thetas).ravel())[len(data.thetas)]  # past the zeros of the diagonal
    two = np.sort(to_start, axis=1)[:, :2]
    return Basin(
        plane, (data.thetas - centre) @ axes.T, np.where(error < 0.5 * apart, to_end.argmin(1), -1), error,
        two[:, 0] / two[:, 1], to_start.argmin(1),
    )  # fmt: skip


def fitted_reach(basin: Basin, component: int) -> float:
    """C(alpha) fitted to a map: the largest ratio below which every start near `component` ended there.

    Theorem 8 asks for |theta_0 - theta_(j)| <= C(alpha) min over others |theta_0 - theta_(k)| (less a multiple of
    sigma) and leaves C open. Returns a share in [0, 1]; 1: all starts nearer to this component than to others reach it.
    """
    near = basin.nearest == component
    lost = near & (basin.destination != component)
    return float(basin.ratio[lost].min()) if lost.any() else 1.0


def _plane(thetas):
    """Centre of the components and two orthonormal rows that span the plane nearest to them."""
    centre = thetas.mean(0)
    if len(thetas) == 2:  # two points span a line: the second axis leads away from the origin
        first = thetas[0] - thetas[1]
        return centre, np.linalg.qr(np.stack([first, centre]).T)[0].T
    return centre, np.linalg.svd(thetas - centre)[2][:2]


def _grid(points):
    side = np.linspace(-1.6, 1.6, points)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def _distances(a, b):
    return np.linalg.norm(a[:, None] - b, axis=-1)
