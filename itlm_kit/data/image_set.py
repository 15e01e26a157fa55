"""A set of labelled images, and smaller or larger versions of it."""

from typing import NamedTuple

import numpy as np

from itlm_kit.data.corrupted import rng_of
from itlm_kit.errors import InputError, check_integer, check_share
from itlm_kit.names import percent


class ImageSet(NamedTuple):
    """Labelled images, and where they come from."""

    name: str
    x: np.ndarray  # (n, channels, height, width) uint8
    y: np.ndarray  # (n,) int64, in 0..classes-1
    classes: int  # how many; 1 where the set has no labels
    source: str  # what a figure was computed from, e.g. "MNIST, 60,000 training images"
    names: tuple = ()  # of the classes, in the order of their numbers; () where they have none
    files: tuple = ()  # (n,) Paths the images came from; () where they lie in one file


def subsample(image_set, share, seed):
    """Draw a share of an ImageSet with the same share of each class, in the original order.

    share: in (0, 1]. The number drawn is share * n, rounded, and each class gets its exact share rounded up or down.
    Raises InputError when share or seed is not one, or a class would be left without an image.
    """
    rng = rng_of(seed)
    check_share("share", share, remedy="It is the part of the images to draw, e.g. 0.05")
    members = [np.flatnonzero(image_set.y == c) for c in range(image_set.classes)]
    sizes = _shares(share, np.array([len(m) for m in members]))
    if (sizes == 0).any():
        c = int(np.argmin(sizes))
        raise InputError(f"share must leave each class an image; {share!r} of {len(members[c])} of class {c} is none.")
    drawn = np.sort(np.concatenate([rng.choice(m, k, replace=False) for m, k in zip(members, sizes, strict=True)]))
    source = _subsample_source(image_set, share, seed)
    files = tuple(image_set.files[i] for i in drawn) if image_set.files else ()
    return image_set._replace(x=image_set.x[drawn], y=image_set.y[drawn], source=source, files=files)


def enlarge(image_set, size):
    """Return the ImageSet with images of size x size pixels, interpolated linearly; size: at least the present one."""
    from scipy.ndimage import zoom

    height, width = image_set.x.shape[2:]
    size = check_integer("size", size, low=max(height, width), remedy=f"Images are only enlarged, from {height}.")
    factors = (1, 1, size / height, size / width)
    return image_set._replace(x=zoom(image_set.x, factors, order=1, mode="nearest", grid_mode=True))


def _shares(share, counts):
    # Largest remainders: whole numbers that add up to the share of the whole.
    exact = share * counts
    sizes = np.floor(exact + 1e-9).astype(int)
    short = round(share * counts.sum()) - sizes.sum()
    sizes[np.argsort(sizes - exact, kind="stable")[:short]] += 1
    return sizes


def _subsample_source(image_set, share, seed):
    counted, shown = f"{len(image_set.y):,} ", percent(share, ".3g")
    title, is_whole, rest = image_set.source.rpartition(counted)
    if is_whole:
        return f"{title}{shown} of the {rest}, seed {seed}"
    return f"{image_set.source}, then {shown} of these, seed {seed}"
