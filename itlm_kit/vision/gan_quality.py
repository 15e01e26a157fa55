"""How good generated images are, told by a judge: a small net trained by the kit on real images of both kinds.

No weights are downloaded. The judge's classes are those of the clean images and one more for all bad ones, so that
it has a choice to call an image none of the clean kinds.
"""

import math

import numpy as np
from torch import nn

from itlm_kit.vision.features import penultimate_features
from itlm_kit.vision.frechet import frechet_distance
from itlm_kit.vision.models import two_layer_cnn
from itlm_kit.vision.training import Recipe, Samples, outputs, train

FEATURES = 64  # few enough that a thousand images tell their covariance


def judge_net(shape, classes):
    """The two-layer CNN with FEATURES features before its last layer."""
    return nn.Sequential(*two_layer_cnn(shape, FEATURES), nn.Tanh(), nn.Linear(FEATURES, classes))


class Judge:
    """A judge of images like `clean`, fitted to real images with their true kinds.

    clean, bad: uint8 (n, c, h, w); y: labels (n,) of the clean ones in 0..classes-1. steps: how long it is
    trained, in batches of 100. The Frechet distance is measured from the clean ones.
    """

    def __init__(self, clean, y, classes, bad, *, steps=600, seed=0, device="cpu"):
        labels = np.concatenate([y, np.full(len(bad), classes)])
        samples = Samples(np.concatenate([clean, bad]), labels, classes + 1, device)
        recipe = Recipe(judge_net, batch_size=min(100, len(samples)), step_size=0.1)  # 0.3 kills it on MNIST
        epochs = math.ceil(steps * recipe.batch_size / len(samples))
        self.model = train(samples, np.ones(len(samples), bool), recipe, epochs=epochs, seed=seed)
        self.classes = classes
        self._clean = self._features(clean)

    def clean_like(self, images):
        """Share of images (m, c, h, w) uint8, in percent, called one of the clean classes with 90 % certainty."""
        called = outputs(self.model, self._samples(images)).softmax(1)[:, : self.classes]
        return 100 * (called.amax(1) >= 0.9).double().mean().item()

    def distance(self, images):
        """Frechet distance of images (m, c, h, w) uint8, at least 2, from the clean ones in the judge's features."""
        return frechet_distance(self._features(images), self._clean)

    def _features(self, images):
        return penultimate_features(self.model, self._samples(images)).double().cpu().numpy()

    def _samples(self, images):
        # Samples wants a label of every class; nobody reads them here.
        labels = np.arange(len(images)) % (self.classes + 1)
        return Samples(images, labels, self.classes + 1, next(self.model.parameters()).device)
