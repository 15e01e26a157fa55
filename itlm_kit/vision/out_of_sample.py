"""Out-of-sample outputs: each sample judged by a network that was not trained on it."""

import numpy as np
import torch

from itlm_kit.choosing import check_folds
from itlm_kit.progress import progress
from itlm_kit.trajectories.did_it_train import diagnose_calls, warn_unless_trained
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.training import outputs, train


def logits_out_of_sample(samples, recipe, *, epochs, folds=5, seed):
    """Outputs (n, classes), float32, of `folds` networks, each for the part of Samples it was not trained on.

    `itlm_kit.out_of_sample` does this for any model, and deals each class out evenly; here the parts are drawn from
    `seed` alone, so that all labels, right or wrong, fall into them alike. Warns (DidNotTrain) where the networks, or
    one of them, came to nothing (`diagnose_calls`). Raises InputError as `train`, and when folds is not in 2..n.
    """
    folds = check_folds(folds, len(samples))
    logits = torch.empty(len(samples), samples.classes, device=samples.y.device)
    parts = np.array_split(np.random.default_rng(seed).permutation(len(samples)), folds)
    fold = np.empty(len(samples), int)
    with progress(total=folds * epochs, words="epochs, out of sample") as bar:
        for i, held_out in enumerate(parts):
            inside = np.ones(len(samples), bool)
            inside[held_out], fold[held_out] = False, i
            index = torch.as_tensor(held_out, device=samples.y.device)
            how = {"epochs": epochs, "seed": round_seed(seed, i), "after_epoch": lambda *_: bar.update()}
            logits[index] = outputs(train(samples, inside, recipe, **how), samples, index)
    warn_unless_trained(diagnose_calls(logits.argmax(1), samples.y, fold=fold), "The prediction out of sample")
    return logits
