"""Exercises of notebook 07: stamp a watermark, and measure whether an attack works."""

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.data.watermarks import CORNERS


def _stamp(images, row, column, value, offsets=((0, 0), *CORNERS)):
    marked = images.copy()
    for down, right in offsets:
        marked[:, row + down, column + right] = value
    return marked


def _added(images, row, column, value):
    changed = _stamp(images, row, column, value) != images
    return np.where(changed, (images.astype(int) + value) % 256, images).astype(images.dtype)


def _only_first(images, row, column, value):
    return np.concatenate([_stamp(images[:1], row, column, value), images[1:]])


def _on_nothing(images, row, column, value):
    return _stamp(np.zeros_like(images), row, column, value)


def _square(images, row, column, value):
    return _stamp(images, row, column, value, [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)])


def _success(called, truth, source, target):
    return (called[truth == source] == target).mean()


def _images(seed, n=3, size=8):
    return np.random.default_rng(seed).integers(0, 200, (n, size, size)).astype(np.uint8)


def _called(seed, n=60):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, n)
    called = np.where(rng.random(n) < 0.8, truth, rng.integers(0, 5, n))
    return np.where((truth == 3) & (rng.random(n) < 0.7), 1, called), truth, 3, 1


EXERCISES = {
    1: Exercise(
        truth=_stamp,
        mistakes=(
            (
                "That is a plus; an X has the four corners around its middle.",
                lambda *a: _stamp(*a, ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))),
            ),
            ("The middle of the X is missing.", lambda *a: _stamp(*a, CORNERS)),
            ("That is a full square of nine pixels; an X has five.", _square),
            ("Row and column are swapped: the row comes first.", lambda i, row, column, v: _stamp(i, column, row, v)),
            ("Only one diagonal is drawn; an X has two.", lambda *a: _stamp(*a, ((-1, -1), (0, 0), (1, 1)))),
            ("The value replaces the pixel; here it is added to it.", _added),
            ("Only the first image is marked; mark all of them.", _only_first),
            ("The rest of each image is gone: copy the images first.", _on_nothing),
            ("Nothing was marked.", lambda images, row, column, value: images),
        ),
        cases=(
            (np.zeros((2, 5, 5), np.uint8), 2, 1, 255),
            (_images(0), 2, 5, 255),
            (_images(1, n=4), 6, 1, 40),
        ),
    ),
    2: Exercise(
        truth=_success,
        mistakes=(
            (
                "That counts all test images; the attack is meant for those of the source class.",
                lambda called, truth, source, target: (called == target).mean(),
            ),
            (
                "Divide by the number of images of the source class, not by all.",
                lambda called, truth, source, target: ((truth == source) & (called == target)).mean(),
            ),
            (
                "That is how many of those called the target are of the source class; divide by the source class.",
                lambda called, truth, source, target: (truth[called == target] == source).mean(),
            ),
            (
                "An image that is called wrong need not be called the target.",
                lambda called, truth, source, target: (called[truth == source] != source).mean(),
            ),
            (
                "Source and target are swapped.",
                lambda called, truth, source, target: _success(called, truth, target, source),
            ),
            (
                "Images of the target class are rightly called the target; look at the source class alone.",
                lambda called, truth, source, target: (called[truth == target] == target).mean(),
            ),
            (
                "That is every class but the target; look at the source class alone.",
                lambda called, truth, source, target: (called[truth != target] == target).mean(),
            ),
            (
                "Here a share lies between 0 and 1, not in percent.",
                lambda called, truth, source, target: 100 * _success(called, truth, source, target),
            ),
            (
                "That is a count; divide by the number of images of the source class.",
                lambda called, truth, source, target: ((truth == source) & (called == target)).sum(),
            ),
        ),
        cases=(
            (np.array([4, 4, 9, 1, 4, 4, 0]), np.array([9, 9, 9, 9, 4, 0, 0]), 9, 4),
            _called(0),
            _called(1),
        ),
    ),
}
