"""Wrong labels that depend on the image."""

import numpy as np

from itlm_kit.data.corrupted import choose_bad, relabelled, rng_of

SPREAD = 2.0  # standard deviation of the logits of wrong labels: some are e^4 times as likely as others


def instance_dependent_labels(x, y, *, clean, classes, seed):
    """Give bad samples a wrong label that depends on the image: like ones go wrong together, in the same way.

    A linear map per class, drawn from `seed`, gives each image a logit for each wrong label. The bad samples of a class
    are drawn without repetition with weights sum exp(logit), their labels with the logits' softmax; of n_c samples
    clean * n_c, rounded, are clean, as in `random_labels`, whose arguments and errors these are. Wrong labels are drawn
    as by Xia et al. (2020), appendix B; there the image has no say in which samples go wrong.
    """
    y, is_bad = choose_bad(x, y, clean, classes)
    rng, wrong = rng_of(seed), y.copy()
    for label in range(classes):
        members = np.flatnonzero(y == label)
        perturbed = _logits(np.asarray(x)[members], classes, rng) + rng.gumbel(size=(len(members), classes))
        perturbed[:, label] = -np.inf
        wrong[members] = perturbed.argmax(1)  # Gumbel's trick: a draw from the softmax ...
        order = np.argsort(-perturbed.max(1), kind="stable")  # ... and, in this order, from the sums, none twice
        is_bad[members[order]] = np.arange(len(members)) < is_bad[members].sum()
    return relabelled(x, y, is_bad, wrong)


def _logits(x, classes, rng):
    """A random linear map of the images of one class, (m, classes), each column with mean 0 and the same spread."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    logits = (flat - flat.mean(0)) @ rng.standard_normal((flat.shape[1], classes))
    deviation = logits.std(0)
    return SPREAD * logits / np.where(deviation > 0, deviation, 1)


LABEL_NOISE = {"instance": instance_dependent_labels}
