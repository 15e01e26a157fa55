"""Activation clustering: within a class that holds poisons, the features fall into two unequal heaps.

Chen et al. (2018). The features are those of a network trained on the poisoned set.
"""

import numpy as np

from itlm_kit.defences.spectral import check_features
from itlm_kit.errors import check_integer

DIMENSIONS = 10  # that the features are reduced to before clustering
SMALL = 0.35  # share of its class below which a cluster counts as poisons: relative size, section 5.2 there


def clustering_kept(features, y, *, seed):
    """Split each class in two by its features and drop the smaller part where it is under 35 %; a bool mask (n,).

    features: (n, d), reduced to their 10 principal components; y: (n,) labels. seed: of 2-means. A class of fewer
    than 3 samples is kept whole. Raises InputError when lengths differ, a feature is not finite or seed is not one.
    """
    seed = check_integer("seed", seed, low=0, remedy="It fixes the clusters.")
    features, y = check_features(features, y)
    kept = np.ones(len(y), bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        if len(members) > 2:
            small = smaller_cluster(features[members], seed)
            kept[members] = ~small | (small.mean() >= SMALL)
    return kept


def smaller_cluster(features, seed):
    """Mask (n,) of the smaller of two clusters of the features (n, d): principal components, then 2-means."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    components = PCA(min(DIMENSIONS, *features.shape), svd_solver="full").fit_transform(features)
    cluster = KMeans(2, n_init=10, random_state=seed).fit_predict(components).astype(bool)
    return cluster if cluster.mean() <= 0.5 else ~cluster
