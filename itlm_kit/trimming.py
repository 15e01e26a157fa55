"""The rule of ITLM: keep the k samples with the smallest losses. NumPy arrays and torch tensors alike."""

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError, check_integer

if TYPE_CHECKING:
    from torch import Tensor


def check_alpha(alpha: float) -> float:
    """Return alpha as a float in (0, 1]; raise InputError otherwise."""
    if isinstance(alpha, bool) or not isinstance(alpha, Real) or not 0 < alpha <= 1:
        raise InputError(f"alpha must lie in (0, 1]; got {alpha!r}. It is the share of samples to keep, e.g. 0.65")
    return float(alpha)


def num_kept(alpha: float, n: int) -> int:
    """How many of n samples a share alpha keeps: floor(alpha n), safe against rounding of alpha.

    Raises InputError when alpha lies outside (0, 1] or would keep no sample. Algorithm 1, step 4.
    """
    n = check_integer("n", n, remedy="It is the number of samples.")
    k = math.floor(check_alpha(alpha) * n + 1e-9)  # 0.29 * 100 is 28.999...: it means 29
    if k < 1:
        raise InputError(f"alpha must keep at least one sample; got alpha={alpha!r} of n={n}. Use alpha >= 1/{n}")
    return k


def check_kept_number(k: int, n: int) -> int:
    """Return k, how many of n samples to keep, as an int in 1..n; raise InputError otherwise."""
    k = check_integer("k", k, remedy=f"It is how many of the {n} samples to keep.")
    if k > n:
        raise InputError(f"k must lie in 1..{n}, the number of samples; got {k}.")
    return k


def trim(losses: "ArrayLike | Tensor", k: int) -> "np.ndarray | Tensor":
    """Mark the k smallest losses on the last axis; ties go to the lower index.

    losses: (..., n), NumPy array (or what NumPy reads as one) or torch tensor. Returns a bool mask of the same
    shape, on the same device. Raises InputError for NaN or what is no real number, an empty axis or k outside 1..n.
    Algorithm 1, step 4.
    """
    losses = losses if is_tensor(losses) else as_numbers(losses)
    _check_losses(losses, k)
    cut = _kth_smallest(losses, k)
    below, tied = losses < cut, losses == cut
    room = k - below.sum(-1)[..., None]
    return below | (tied & (tied.cumsum(-1) <= room))


def _kth_smallest(losses, k):
    if is_tensor(losses):
        return losses.kthvalue(k, dim=-1, keepdim=True).values
    return np.partition(losses, k - 1, axis=-1)[..., k - 1 : k]


def as_numbers(values: ArrayLike, name: str = "losses") -> np.ndarray:
    """Return `values` as a NumPy array; raise InputError for text, rows of different lengths and the like."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise InputError(f"{name} must have one shape (..., n); {error}") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} must be real numbers; got {array.dtype}. Pass one number per sample.")
    return array


def _check_losses(losses, k):
    if losses.ndim == 0 or losses.shape[-1] == 0:
        raise InputError(f"losses must hold at least one sample on the last axis; got shape {tuple(losses.shape)}.")
    check_kept_number(k, losses.shape[-1])
    bad = losses != losses  # NaN is the only value unlike itself, in both libraries
    if bad.any():
        where = int(bad.nonzero()[-1][0] if not is_tensor(losses) else bad.nonzero()[0, -1])
        raise InputError(f"losses must not be NaN; sample {where} is. Drop it, or lower the step size if it diverged.")


def is_tensor(values: Any) -> bool:
    """Whether values is a torch tensor, told without importing torch."""
    return hasattr(values, "kthvalue")
