"""Images of two kinds mixed, the one clean and the other bad."""

import math

import numpy as np

from itlm_kit.data.corrupted import Corrupted, check_clean, rng_of
from itlm_kit.errors import InputError


def mix_images(x, other, *, clean, seed):
    """Mix the images x with images drawn from `other` until x makes up the share `clean`, in (0, 1].

    x: (n, ...); other: (m, ...) of the same shape and dtype per image, drawn without repetition. The mixture has
    floor(n / clean) images; those of x keep their order, the others lie between them at random places. All are
    labelled 0, in truth the others are 1. Raises InputError for images unlike each other or too few of them.
    Section 6.3.
    """
    x, other, rng = np.asarray(x), np.asarray(other), rng_of(seed)
    if x.shape[1:] != other.shape[1:] or x.dtype != other.dtype:
        raise InputError(
            f"both kinds of images must have one shape and dtype; got {x.shape[1:]} {x.dtype} and "
            f"{other.shape[1:]} {other.dtype}. Resize one of them."
        )
    wanted = _num_others(x, other, clean)
    n = len(x) + wanted
    is_clean = np.ones(n, bool)
    is_clean[rng.choice(n, wanted, replace=False)] = False
    mixed = np.empty((n, *x.shape[1:]), x.dtype)
    mixed[is_clean], mixed[~is_clean] = x, other[rng.choice(len(other), wanted, replace=False)]
    return Corrupted(mixed, np.zeros(n, np.int64), is_clean, (~is_clean).astype(np.int64))


def _num_others(x, other, clean):
    wanted = math.floor(len(x) / check_clean(clean, "(0, 1]") + 1e-9) - len(x)
    if not len(x):
        raise InputError("there must be an image to mix with; got none.")
    if wanted > len(other):
        raise InputError(f"clean={clean} for {len(x)} images needs {wanted} others; got {len(other)}. Pass fewer x.")
    return wanted
