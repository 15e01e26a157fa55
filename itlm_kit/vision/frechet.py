"""How far two clouds of features lie apart."""

import numpy as np

from itlm_kit.errors import InputError


def frechet_distance(a, b):
    """Squared Frechet distance between the normal distributions fitted to features a (n, d) and b (m, d).

    |mean_a - mean_b|^2 + tr(A + B - 2 (A B)^{1/2}) with covariances A and B (Heusel et al., 2017). Raises InputError
    for fewer than two rows or widths that differ.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 2 or b.ndim != 2 or min(len(a), len(b)) < 2 or a.shape[1] != b.shape[1]:
        raise InputError(f"features must be (n, d) and (m, d) with n and m at least 2; got {a.shape} and {b.shape}.")
    first, second = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (a, b))
    root = _root(first)
    # (A B)^{1/2} and (A^{1/2} B A^{1/2})^{1/2} have one trace, and the second is symmetric.
    mixed = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(first) + np.trace(second) - 2 * mixed)


def _root(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
