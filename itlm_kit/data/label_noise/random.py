"""Wrong labels drawn at random, alike for all."""

from itlm_kit.data.corrupted import choose_bad, relabelled, rng_of


def random_labels(x, y, *, clean, classes, seed):
    """Give bad samples a label drawn uniformly from the other classes, so the true noise rate equals the named one.

    x: (n, ...) samples; y: (n,) labels in 0..classes-1. clean: share of clean samples, in [0, 1]. As in the authors'
    code, the first samples of each class stay clean and its last are bad; of n_c samples clean * n_c, rounded, are
    clean. Raises InputError for labels out of range or not whole numbers, a class without samples, lengths that
    differ. Section 6.2.
    """
    y, is_bad = choose_bad(x, y, clean, classes)
    shift = rng_of(seed).integers(1, classes, size=len(y))
    return relabelled(x, y, is_bad, (y + shift) % classes)


LABEL_NOISE = {"random": random_labels}
