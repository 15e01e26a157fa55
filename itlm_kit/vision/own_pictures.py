"""How to train on pictures that nobody has tuned anything on, and what that takes on the machine at hand.

Chosen on scikit-learn's digits and on MNIST alone; the experiment own-pictures measures it on other sets.
"""

import time
from math import ceil, sqrt

import torch

from itlm_kit.names import counted, duration
from itlm_kit.vision.augment import Shift
from itlm_kit.vision.models import normalised_cnn
from itlm_kit.vision.recording import RecordedRecipe
from itlm_kit.vision.training import Recipe, Samples, outputs, train

BATCH = 32
PASSES = 1500  # epochs times the root of the number of pictures: few are seen more often, many are more steps
FEWEST, MOST = 8, 150  # epochs
PROBED = 4  # batches that are timed


def recipe_for(samples: Samples) -> RecordedRecipe:
    """The recipe for training on Samples of any pictures from 8 x 8 on, and how many epochs; see `recipe_of`."""
    return recipe_of(len(samples))


def recipe_of(n: int) -> RecordedRecipe:
    """The recipe for n pictures, from a few to many.

    The network normalises the pixels and what each layer makes of them, and the step size rises and falls within the
    training, so that neither few classes nor colours kill it; shifts and weight decay keep it from learning wrong
    labels by heart. Batches are as even as can be.
    """
    batch_size = ceil(n / max(1, round(n / BATCH)))
    training = Recipe(
        normalised_cnn, batch_size=batch_size, step_size=0.1, micro_batch=None, fewest=2, augment=Shift(),
        momentum=0.9, weight_decay=5e-3, warm_up=0.1,
    )  # fmt: skip
    return RecordedRecipe(training, min(max(round(PASSES / sqrt(n)), FEWEST), MOST))


def seconds(samples: Samples, how: RecordedRecipe) -> float:
    """What one recorded training of Samples takes on this machine, in seconds, told by a few batches here and now."""
    few = torch.arange(min(len(samples), PROBED * how.training.batch_size), device=samples.y.device)
    _train_and_look(samples, few, how.training)  # the first steps are slower
    started = time.perf_counter()
    _train_and_look(samples, few, how.training)
    return (time.perf_counter() - started) * len(samples) / len(few) * how.epochs


def in_words(samples: Samples, how: RecordedRecipe, *, trainings: int = 1) -> str:
    """A line to print before as many trainings: what is trained, how long, and the seconds that it will take."""
    about = f"{counted(how.epochs, 'epoch')} over {counted(len(samples), 'picture')}"
    shape = " x ".join(map(str, samples.x.shape[1:]))
    takes = duration(trainings * seconds(samples, how))
    return f"{counted(trainings, 'training')} of {about} of {shape}: about {takes} on this machine."


def _train_and_look(samples, few, recipe):
    model = train(samples, few, recipe, epochs=1, seed=0)
    return outputs(model, samples, few).cpu()  # waits for the device
