"""Wrong labels that agree: one class is always taken for the same other."""

from itlm_kit.data.corrupted import choose_bad, relabelled


def systematic_labels(x, y, *, clean, classes, seed=None):
    """Give bad samples the label y + 1 modulo the classes: all bad samples of a class agree on the wrong one.

    Arguments, choice of the bad samples and errors as `random_labels`; nothing is drawn, so that seed changes
    nothing: it is there that the two can be called alike. Section 6.2.
    """
    y, is_bad = choose_bad(x, y, clean, classes)
    return relabelled(x, y, is_bad, (y + 1) % classes)


LABEL_NOISE = {"systematic": systematic_labels}
