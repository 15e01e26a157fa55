"""Activation clustering: within a class that holds poisons, the features fall into two unequal heaps.

Chen et al. (2018). The features are those of a network trained on the poisoned set.
"""

from dataclasses import dataclass

import numpy as np

from itlm_kit.defences.features import check_features
from itlm_kit.defences.tasks import Evidence
from itlm_kit.errors import check_integer

DIMENSIONS = 10  # that the features are reduced to before clustering
SMALL = 0.35  # share of its class below which a cluster counts as poisons: relative size, section 5.2 there


def clustering_kept(features, y, *, seed, dimensions=DIMENSIONS, small=SMALL):
    """Split each class in two by its features and drop the smaller part where its share is under `small`; a mask (n,).

    features: (n, d), reduced to their principal components, `dimensions`; y: (n,) labels. seed: of 2-means. A class of
    fewer than 3 samples is kept whole. Raises InputError when lengths differ, features are not finite.
    """
    seed = check_integer("seed", seed, low=0, remedy="It fixes the clusters.")
    features, y = check_features(features, y)
    kept = np.ones(len(y), bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        if len(members) > 2:
            smaller = smaller_cluster(features[members], seed, dimensions)
            kept[members] = ~smaller | (smaller.mean() >= small)
    return kept


def smaller_cluster(features, seed, dimensions=DIMENSIONS):
    """Mask (n,) of the smaller of two clusters of the features (n, d): principal components, then 2-means."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    components = PCA(min(dimensions, *features.shape), svd_solver="full").fit_transform(features)
    cluster = KMeans(2, n_init=10, random_state=seed).fit_predict(components).astype(bool)
    return cluster if cluster.mean() <= 0.5 else ~cluster


@dataclass(frozen=True)
class Clustering:
    """Activation clustering as an experiment has it."""

    dimensions: int = DIMENSIONS
    small: float = SMALL

    def __call__(self, seen: Evidence) -> np.ndarray:
        how = {"dimensions": self.dimensions, "small": self.small}
        return clustering_kept(seen.features, seen.labels, seed=0, **how)


BACKDOOR_DEFENCES = {"clustering": Clustering()}
