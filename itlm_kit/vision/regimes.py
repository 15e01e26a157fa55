"""How networks are trained on CIFAR-10: as the paper does, which takes a GPU, or fast, on any computer."""

from typing import NamedTuple

from itlm_kit.vision.augment import CropFlip
from itlm_kit.vision.published_recipes import CIFAR10, CIFAR10_SECONDS
from itlm_kit.vision.training import Recipe
from itlm_kit.vision.whitened import whiten, whitened_cnn


class Regime(NamedTuple):
    """A recipe, and how long it takes."""

    recipe: Recipe
    full: int  # epochs of a full training
    early: int  # epochs of a round stopped early
    seconds: float  # of an epoch of all 50,000 images: on one H200, or fast on one CPU core


# The step size: on 25,000 images with 40 % systematic errors (seed 0, one CPU core) naive training reached 59.3, 63.7,
# 69.5 and 72.3 % at 0.05, 0.15, 0.4 and 0.8, the oracle 81.7 and 81.0 % at the last two.
FAST = Recipe(
    whitened_cnn, batch_size=250, step_size=0.8, momentum=0.85, weight_decay=5e-4, warm_up=0.25, micro_batch=None,
    augment=CropFlip(2, mirrored=True), bfloat16=True, compiled=True, prepare=whiten,
)  # fmt: skip
REGIMES = {"paper": Regime(CIFAR10, full=80, early=20, seconds=CIFAR10_SECONDS), "fast": Regime(FAST, 8, 4, 27.0)}


def regime_of(settings: dict) -> Regime:
    """The Regime that a cell's setting `recipe` names; the paper's where it names none."""
    return REGIMES[settings.get("recipe", "paper")]


def wants_gpu(settings: dict) -> bool:
    """Whether a cell trains on CIFAR-10 as the paper does."""
    return settings["data"] == "cifar10" and regime_of(settings) is REGIMES["paper"]
