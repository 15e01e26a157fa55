"""Backdoor attacks: images of one class, marked and given the label of another (section 6.4, Figure 4).

The shapes are those of Tran, Li & Madry (2018), the attack the paper follows. Positions are (row, column).
"""

from dataclasses import dataclass
from numbers import Real
from typing import NamedTuple, Protocol

import numpy as np

from itlm_kit.classes import as_labels
from itlm_kit.data.corrupted import rng_of
from itlm_kit.errors import InputError, check_choice, check_integer, check_share

CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
SHAPES = {  # offsets (row, column) from the position
    "pixel": ((0, 0),),
    "X": ((0, 0), *CORNERS),
    "L": ((0, 0), (1, 0), (0, 1)),
    "patch": tuple((row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)),
}


@dataclass(frozen=True)
class Watermark:
    """A few pixels overwritten in every channel.

    shape: "pixel", "X" (5 pixels), "L" (3) or "patch" (3 x 3). position: (row, column) of its middle, of its corner
    for the L. colour: 0..255, one value for all channels or one for each. Raises InputError for anything else.
    """

    shape: str = "X"
    position: tuple = (1, 1)
    colour: int | tuple = 255

    def __post_init__(self):
        check_choice("shape", self.shape, tuple(SHAPES))
        row, column = _pair(self.position)
        object.__setattr__(self, "position", (check_integer("row", row, low=0), check_integer("column", column, low=0)))
        object.__setattr__(self, "colour", _check_colour(self.colour))

    def pixels(self, height, width):
        """Bool mask (height, width) of the pixels it overwrites; raises InputError where it would leave the image."""
        rows, columns = (np.array(self.position) + SHAPES[self.shape]).T
        if min(rows.min(), columns.min()) < 0 or rows.max() >= height or columns.max() >= width:
            raise InputError(
                f"the watermark must lie in the image; {self.shape} at {self.position} leaves one of {height} x "
                f"{width}. {_room(self.shape, height, width)}"
            )
        mask = np.zeros((height, width), bool)
        mask[rows, columns] = True
        return mask

    def stamp(self, images):
        """Return copies of uint8 images (n, channels, height, width) with the watermark on each."""
        images = _check_images(images)
        colour = np.ravel(self.colour)
        if len(colour) not in (1, images.shape[1]):
            raise InputError(f"colour must be one value or one per channel; got {self.colour} for {images.shape[1]}.")
        stamped = images.copy()
        stamped[:, :, self.pixels(*images.shape[2:])] = colour[:, None]
        return stamped


@dataclass(frozen=True)
class Blend:
    """A faint pattern of noise laid over the whole image, after Chen et al. (2017).

    opacity: share of the pattern in the mixture, in (0, 1]. seed: of the pattern, the same for all images.
    """

    opacity: float = 0.2
    seed: int = 0

    def __post_init__(self):
        check_share("opacity", self.opacity, remedy="It is the pattern's share, e.g. 0.2")
        check_integer("seed", self.seed, low=0, remedy="It fixes the pattern.")

    def stamp(self, images):
        """Return copies of uint8 images (n, channels, height, width) with the pattern over each."""
        images = _check_images(images)
        pattern = np.random.default_rng(self.seed).integers(0, 256, images.shape[1:])
        return np.rint((1 - self.opacity) * images + self.opacity * pattern).astype(np.uint8)


class Poisoned(NamedTuple):
    """A training set with a backdoor and the truth about it, which only reports may see."""

    x: np.ndarray  # (n, channels, height, width) uint8
    y: np.ndarray  # (n,) int64, the labels given
    is_clean: np.ndarray  # (n,) bool: not poisoned
    y_true: np.ndarray  # (n,) int64, the labels before
    poisons: np.ndarray  # index of the poisoned samples, ascending


class Trigger(Protocol):
    """What marks images: a Watermark, a Blend, or anything else with this method."""

    def stamp(self, images: np.ndarray) -> np.ndarray:
        """A marked copy of the images (m, channels, height, width) uint8."""


def poison(
    x: np.ndarray, y: np.ndarray, trigger: Trigger, *, source: int, target: int, rate: float, seed: int
) -> Poisoned:
    """Mark images of class `source` and label them `target`; they replace their originals, so n stays.

    x: (n, channels, height, width) uint8; y: (n,) labels. trigger: see Trigger. rate:
    number of poisons as a share of the target class, e.g. 0.05; they are drawn from the source class. Returns a
    Poisoned. Raises InputError for images that are not uint8, be it x or what `stamp` returns, a watermark that leaves
    them, source equal to target, a class without images, a rate that is no poison or more than the source class has.
    Section 6.4.
    """
    if check_integer("source", source, low=0) == check_integer("target", target, low=0):
        raise InputError(f"source must differ from target; got {source!r} for both. `poison_clean_label` keeps labels.")
    return _poison(x, y, trigger, source=source, target=target, rate=rate, seed=seed)


def poison_clean_label(
    x: np.ndarray, y: np.ndarray, trigger: Trigger, *, target: int, rate: float, seed: int
) -> Poisoned:
    """Mark images of class `target` and leave their labels, which are right: poisons that no wrong label betrays.

    Arguments and errors as `poison`; the poisons are drawn from the target class itself.
    """
    return _poison(x, y, trigger, source=target, target=target, rate=rate, seed=seed)


def _poison(x, y, trigger, *, source, target, rate, seed):
    images = _check_images(x)
    y = _check_labels(images, y)
    labelled, members = _members(y, target, "target"), _members(y, source, "source")
    count = _count(rate, len(labelled), len(members))
    poisons = np.sort(rng_of(seed).choice(members, count, replace=False))
    marked, labels, is_clean = images.copy(), y.copy(), np.ones(len(y), bool)
    marked[poisons], labels[poisons], is_clean[poisons] = _stamped(trigger, images[poisons]), target, False
    return Poisoned(marked, labels, is_clean, y, poisons)


def _stamped(trigger, images):
    """The images with the trigger on each: checked, since an array of bytes takes other numbers without a word."""
    if not hasattr(trigger, "stamp"):
        raise InputError(f"trigger must have a method stamp; got {trigger!r}. Pass e.g. Watermark('X', (2, 2))")
    stamped = np.asarray(trigger.stamp(images))
    if (stamped.shape, stamped.dtype) != (images.shape, images.dtype):
        raise InputError(
            f"stamp must return uint8 images of the shape it got, {images.shape}; got {stamped.dtype} {stamped.shape}."
        )
    return stamped


def _members(y, label, name):
    members = np.flatnonzero(y == check_integer(name, label, low=0))
    if not members.size:
        raise InputError(f"{name} must be a class that has images; got {label!r} of classes {np.unique(y)}.")
    return members


def _count(rate, in_target, in_source):
    if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 < rate < np.inf:
        raise InputError(f"rate must be above 0; got {rate!r}. It is a share of the target class, e.g. 0.05")
    count = round(rate * in_target)
    if count < 1:
        raise InputError(f"rate must make a poison; {rate!r} of the {in_target} images of the target class is none.")
    if count > in_source:
        raise InputError(f"rate must leave poisons to draw; {count} are wanted, the source class has {in_source}.")
    return count


def _check_images(images):
    images = np.asarray(images)
    if images.ndim != 4:
        raise InputError(f"images must have shape (n, channels, height, width); got {images.shape}.")
    if images.dtype != np.uint8:
        remedy = "(255 * x).astype('uint8')" if images.dtype.kind == "f" else "x.astype('uint8')"
        raise InputError(f"images must be uint8, 0..255; got {images.dtype}. Convert: {remedy}")
    return images


def _check_labels(images, y):
    y = as_labels(y)
    if y.shape != (len(images),) or not np.issubdtype(y.dtype, np.integer):
        raise InputError(f"there must be a whole number per image as its label; got {y.dtype} of shape {y.shape}.")
    return y.astype(np.int64)


def _check_colour(colour):
    values = list(colour) if isinstance(colour, (tuple, list, np.ndarray)) else [colour]
    values = [check_integer("colour", value, low=0, remedy="It goes from 0 to 255.") for value in values]
    if not values or max(values) > 255:
        raise InputError(f"colour must lie in 0..255; got {colour!r}, e.g. 255 or (255, 0, 0)")
    return tuple(values) if len(values) > 1 else values[0]


def _pair(position):
    try:
        row, column = position
    except (TypeError, ValueError):
        raise InputError(f"position must be (row, column); got {position!r}, e.g. (1, 1)") from None
    return row, column


def _room(shape, height, width):
    """Where a shape fits, in words."""
    offsets = np.array(SHAPES[shape])
    low, high = -offsets.min(0), np.array([height, width]) - 1 - offsets.max(0)
    if (low > high).any():
        return "It needs a larger image."
    return f"Its position may be rows {low[0]}..{high[0]}, columns {low[1]}..{high[1]}."
