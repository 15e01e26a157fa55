"""The rule of ITLM: keep the k samples with the smallest losses. NumPy arrays and torch tensors alike."""

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.classes import label_codes
from itlm_kit.errors import InputError, check_integer, check_share

if TYPE_CHECKING:
    from torch import Tensor


def check_alpha(alpha: float) -> float:
    """Return alpha as a float in (0, 1]; raise InputError otherwise."""
    return check_share("alpha", alpha, remedy="It is the share of samples to keep, e.g. 0.65")


def num_kept(alpha: float, n: int, *, least: int = 0) -> int:
    """How many of n samples a share alpha keeps: floor(alpha n), safe against rounding of alpha, and at least `least`.

    Raises InputError when alpha lies outside (0, 1] or would keep no sample. Algorithm 1, step 4.
    """
    n = check_integer("n", n, remedy="It is the number of samples.")
    k = max(least, math.floor(check_alpha(alpha) * n + 1e-9))  # 0.29 * 100 is 28.999...: it means 29
    if k < 1:
        raise InputError(f"alpha must keep at least one sample; got alpha={alpha!r} of n={n}. Use alpha >= 1/{n}")
    return k


def check_kept_number(k: int, n: int) -> int:
    """Return k, how many of n samples to keep, as an int in 1..n; raise InputError otherwise."""
    k = check_integer("k", k, remedy=f"It is how many of the {n} samples to keep.")
    if k > n:
        raise InputError(f"k must lie in 1..{n}, the number of samples; got {k}.")
    return k


def trim(
    losses: "ArrayLike | Tensor", k: int | Callable[[int], int], groups: "ArrayLike | Tensor | None" = None
) -> "np.ndarray | Tensor":
    """Mark the k smallest losses on the last axis, or of each group on it; ties go to the lower index.

    losses: (..., n), NumPy array (or what NumPy reads as one) or torch tensor. k: how many to keep, or a function
    n -> k of how many there are. groups: (n,) labels, numbers or text. Returns a bool mask of the losses' shape, on
    the same device. Raises InputError for NaN or what is no real number, an empty axis, k outside 1..n, and labels
    that are missing or of several kinds. Algorithm 1, step 4.
    """
    losses = _check_losses(losses)
    if groups is None:
        return _smallest(losses, k)
    kept = losses != losses  # none: no loss is NaN
    for index in _members(label_codes(groups, losses.shape[-1], "groups")[0]):
        kept[..., index] = _smallest(losses[..., index], k)
    return kept


def trim_groups(losses: "ArrayLike | Tensor", alpha: float, groups: "ArrayLike | Tensor") -> "np.ndarray | Tensor":
    """Mark the floor(alpha m) smallest losses of each group of m samples, at least one, so that none dies out.

    losses: (..., n), NumPy or torch. groups: (n,) labels, numbers or text, e.g. the given classes. Returns a bool mask
    of the losses' shape; ties go to the lower index. Where some groups are worse than others, one alpha keeps bad
    samples of these and drops clean ones of those. Raises InputError as `trim`, and for alpha outside (0, 1].
    """
    return trim(losses, partial(num_kept, alpha, least=1), groups)


def trimmed_mean(losses: "ArrayLike | Tensor", alpha: float) -> "np.floating | np.ndarray | Tensor":
    """The mean of the floor(alpha m) smallest of a batch's m losses, at least one: what a step of SGD goes down.

    losses: (..., m), NumPy or torch. Returns (...). With torch it is differentiable: the gradient is 1/k for each of
    the k samples kept, and none for the others. Raises InputError as `trim`, and for alpha outside (0, 1]. Small-loss
    SGD: Shah, Wu & Sanghavi (2020), "Choosing the sample with lowest loss makes SGD robust".
    """
    losses = _check_losses(losses)
    k = num_kept(alpha, losses.shape[-1], least=1)
    return losses[_smallest(losses, k)].reshape(*losses.shape[:-1], k).mean(-1)


def _smallest(losses, k):
    k = check_kept_number(k(losses.shape[-1]) if callable(k) else k, losses.shape[-1])
    cut = _kth_smallest(losses, k)
    below, tied = losses < cut, losses == cut
    room = k - below.sum(-1)[..., None]
    return below | (tied & (tied.cumsum(-1) <= room))


def _kth_smallest(losses, k):
    if is_tensor(losses):
        return losses.kthvalue(k, dim=-1, keepdim=True).values
    return np.partition(losses, k - 1, axis=-1)[..., k - 1 : k]


def _members(codes):
    """The indices of each group, rising, in a list of arrays."""
    return np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])


def as_numbers(values: ArrayLike, name: str = "losses") -> np.ndarray:
    """Return `values` as a NumPy array; raise InputError for text, a masked value, unequal rows and the like."""
    if np.ma.is_masked(values):
        where = np.argwhere(np.atleast_1d(np.ma.getmaskarray(values)))[0, -1]
        raise InputError(f"{name} must have no value masked; sample {where} is. Drop it, or fill it in: .filled(value)")
    try:
        array = np.asarray(values)
    except (ValueError, RuntimeError) as error:  # rows of different lengths, tensors with a graph
        raise InputError(f"{name} must have one shape (..., n); {error}") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} must be real numbers; got {array.dtype}. Pass one number per sample.")
    return array


def _check_losses(values):
    losses = _real_tensor(values) if is_tensor(values) else as_numbers(values)
    if losses.ndim == 0 or losses.shape[-1] == 0:
        raise InputError(f"losses must hold at least one sample on the last axis; got shape {tuple(losses.shape)}.")
    bad = losses != losses  # NaN is the only value unlike itself, in both libraries
    if bad.any():
        where = int(bad.nonzero()[-1][0] if not is_tensor(losses) else bad.nonzero()[0, -1])
        raise InputError(f"losses must not be NaN; sample {where} is. Drop it, or lower the step size if it diverged.")
    return losses


def _real_tensor(values):
    if values.is_complex():
        raise InputError(f"losses must be real numbers; got {values.dtype}. Pass one number per sample.")
    return values if values.is_floating_point() else values.double()  # whole numbers have no mean, bool no order


def is_tensor(values: Any) -> bool:
    """Whether values is a torch tensor, told without importing torch."""
    return hasattr(values, "kthvalue")
