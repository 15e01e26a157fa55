"""What students write who err in the exercises of notebook 07, and a word of what they are told."""

import numpy as np

from itlm_kit.course import exercises


def marked_by(offsets):
    """What someone hands in who plants poisons in exercise 7.1 with a mark of these offsets."""

    def answer(images, labels, source, target, m, row, column):
        x, y = images.copy(), labels.copy()
        for i in np.flatnonzero(labels == source)[:m]:
            y[i] = target
            for down, right in offsets:
                x[i, row + down, column + right] = 255
        return x, y

    return answer


def pixels_without_images(images, labels, source, target, m, row, column):
    x, y = images.copy(), labels.copy()
    y[np.flatnonzero(labels == source)[:m]] = target
    for down, right in [(0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]:
        x[row + down, column + right] = 255
    return x, y


def more_images(images, labels, source, target, m, row, column):
    x, _ = exercises(7)[1].truth(images, labels, source, target, m, row, column)
    new = np.flatnonzero(labels == source)[:m]
    return np.concatenate([images, x[new]]), np.concatenate([labels, [target] * m])


WRONG = {
    "7.1": [
        (marked_by([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]), "plus"),
        (marked_by([(0, 0), (0, 1), (1, 0), (1, 1), (-1, -1), (-1, 0), (-1, 1), (0, -1), (1, -1)]), "square"),
        (pixels_without_images, "axis is forgotten"),
        (more_images, "replace"),
        (lambda x, y, source, target, m, r, c: (exercises(7)[1].truth(x, y, source, target, m, r, c)[0], y), "label"),
    ],
    "7.2": [
        (lambda called, truth, source, target: np.mean(called == target), "all test images"),
        (lambda called, truth, source, target: np.mean(truth[called == target] == source), "divide by the source"),
        (lambda called, truth, source, target: 1 - np.mean(called[truth == source] == source), "called wrong"),
        (lambda called, truth, source, target: np.mean(truth == called), "accuracy"),
    ],
    "7.3": [
        (lambda a, b, d: np.inf if 4 * (b - a) > d * d else max(b - a, 0) / d**2, "quadratic"),
        (
            lambda a, b, d: 0 if a > b else np.inf if 4 * (b - a) > d * d else 0.5 + np.sqrt(0.25 - (b - a) / d**2),
            "root",
        ),
        (lambda a, b, d: 0.5 - np.sqrt(0.25 - b / d**2) if b < d * d / 4 else np.inf, "subtract it"),
    ],
}
