"""Exercises of notebook 07: plant poisons, measure whether the attack works, and when a spectral score can see them."""

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.data.watermarks import CORNERS

X = ((0, 0), *CORNERS)
VALUE = 255


def _stamp(images, row, column, offsets=X):
    marked = images.copy()
    for down, right in offsets:
        marked[:, row + down, column + right] = VALUE
    return marked


def _poison(images, labels, source, target, m, row, column, stamp=_stamp):
    chosen = np.flatnonzero(labels == source)[:m]
    return _with(images, labels, chosen, stamp(images[chosen], row, column), target)


def _with(images, labels, chosen, marked, target):
    x, y = images.copy(), labels.copy()
    x[chosen], y[chosen] = marked, target
    return x, y


def _stamped_by(stamp):
    return lambda *case: _poison(*case, stamp=stamp)


def _square(images, row, column):
    return _stamp(images, row, column, [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)])


def _without_the_axis(images, row, column):
    marked = images.copy()
    for down, right in X:
        marked[(row + down) % len(marked), column + right] = VALUE
    return marked


def _axis_forgotten(images, labels, source, target, m, row, column):
    y = _poison(images, labels, source, target, m, row, column)[1]
    return _without_the_axis(images, row, column), y


def _whole_rows(images, row, column):
    marked = images.copy()
    for down, _ in X:
        marked[:, row + down] = VALUE
    return marked


def _appended(images, labels, source, target, m, row, column):
    chosen = np.flatnonzero(labels == source)[:m]
    return np.concatenate([images, _stamp(images[chosen], row, column)]), np.append(labels, np.full(m, target))


def _all_of_the_source(images, labels, source, target, m, row, column):
    return _poison(images, labels, source, target, len(labels), row, column)


def _first_of_all(images, labels, source, target, m, row, column):
    return _with(images, labels, np.arange(m), _stamp(images[:m], row, column), target)


def _of_the_target(images, labels, source, target, m, row, column):
    return _poison(images, labels, target, source, m, row, column)


def _clean_label(images, labels, source, target, m, row, column):
    return _poison(images, labels, target, target, m, row, column)


def _label_kept(images, labels, source, target, m, row, column):
    return _poison(images, labels, source, source, m, row, column)


def _success(called, truth, source, target):
    return (called[truth == source] == target).mean()


def _smallest_share(within, largest, distance):
    lacking = (largest - within) / distance**2
    if lacking <= 0:
        return 0.0
    return (1 - np.sqrt(1 - 4 * lacking)) / 2 if lacking <= 0.25 else np.inf


def _larger_root(within, largest, distance):
    share = _smallest_share(within, largest, distance)
    return 1 - share if 0 < share < 1 else share


def _images(seed, n=16, size=8):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 200, (n, size, size)).astype(np.uint8), rng.permutation(np.arange(n) % 4)


def _called(seed, n=60):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, n)
    called = np.where(rng.random(n) < 0.8, truth, rng.integers(0, 5, n))
    return np.where((truth == 3) & (rng.random(n) < 0.7), 1, called), truth, 3, 1


EXERCISES = {
    1: Exercise(
        truth=_poison,
        mistakes=(
            ("The poisons replace their originals: n stays as it is.", _appended),
            ("The marked images keep their label; they must get that of the target.", _label_kept),
            ("All images of the source class are marked; only the first m.", _all_of_the_source),
            ("Those are the first m images of all; take the first m of the source class.", _first_of_all),
            ("Source and target are swapped: the source class is marked and gets the target's label.", _of_the_target),
            ("Those are images of the target class, whose label is right; mark the source class.", _clean_label),
            ("The labels are changed, and no image is marked.", _stamped_by(lambda images, row, column: images)),
            (
                "An axis is forgotten: x[row, column] is row `column` of image number `row`. Name images, row, column.",
                _axis_forgotten,
            ),
            (
                "An axis is forgotten: marked[row, column] is row `column` of image number `row`. Keep a colon before.",
                _stamped_by(_without_the_axis),
            ),
            ("Whole rows are overwritten: a pixel needs its row and its column.", _stamped_by(_whole_rows)),
            (
                "That is a plus; an X has the four corners around its middle.",
                _stamped_by(lambda *a: _stamp(*a, ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)))),
            ),
            ("The middle of the X is missing.", _stamped_by(lambda *a: _stamp(*a, CORNERS))),
            ("That is a full square of nine pixels; an X has five.", _stamped_by(_square)),
            (
                "Row and column are swapped: the row comes first.",
                _stamped_by(lambda images, row, column: _stamp(images, column, row)),
            ),
            (
                "Only one diagonal is drawn; an X has two.",
                _stamped_by(lambda *a: _stamp(*a, ((-1, -1), (0, 0), (1, 1)))),
            ),
        ),
        cases=(
            (np.zeros((4, 5, 5), np.uint8), np.array([1, 0, 1, 1]), 1, 0, 2, 2, 1),
            (*_images(0), 2, 3, 3, 2, 5),
            (*_images(1), 0, 1, 2, 6, 1),
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
                "That is the accuracy, on images that carry the mark; count those called the target.",
                lambda called, truth, source, target: (called == truth).mean(),
            ),
            (
                "That is the accuracy on the source class: high where the attack fails. Count those called the target.",
                lambda called, truth, source, target: (called[truth == source] == source).mean(),
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
    3: Exercise(
        truth=_smallest_share,
        mistakes=(
            ("That is the larger root: the share from which on too *many* are poisons.", _larger_root),
            (
                "It takes ε for ε(1 - ε): solve the quadratic equation.",
                lambda within, largest, distance: (
                    max(largest - within, 0) / distance**2 if _smallest_share(within, largest, distance) < 1 else np.inf
                ),
            ),
            (
                "The distance enters squared.",
                lambda within, largest, distance: _smallest_share(within, largest, np.sqrt(distance)),
            ),
            (
                "The spread within along the line counts as well: subtract it.",
                lambda within, largest, distance: _smallest_share(0, largest, distance),
            ),
            (
                "What both spreads have in common is subtracted, not added.",
                lambda within, largest, distance: _smallest_share(-within, largest, distance),
            ),
            (
                "Where no share up to a half is enough, return np.inf.",
                lambda within, largest, distance: (
                    (1 - np.sqrt(1 - 4 * (largest - within) / distance**2)) / 2 if largest > within else 0.0
                ),
            ),
            (
                "Where the line is the widest direction anyhow, no poison is needed: return 0.",
                lambda within, largest, distance: (
                    (1 - np.sqrt(1 - 4 * (largest - within) / distance**2)) / 2
                    if largest - within <= distance**2 / 4
                    else np.inf
                ),
            ),
        ),
        cases=((1.0, 2.0, 4.0), (0.5, 3.0, 8.0), (1.0, 4.0, 2.0), (2.0, 1.0, 3.0)),
    ),
}
