"""Which wrong labels are found: the list of `examine` beside cleanlab's, on the same out-of-sample outputs.

Both train the same networks: one that is watched, and five that judge what they have not seen. The kit ranks by the
first and chooses alpha by the others; cleanlab names label errors by the others' probabilities, and has its own order
for all samples. Each is judged at its own cut, and for as many samples as are bad.
"""

import numpy as np
import pandas as pd
from scipy.special import softmax

from itlm_kit.chapters.labels import own_pictures
from itlm_kit.chapters.labels.own_pictures import DIGITS, DRAWN, PEOPLE, at_bad, pictures
from itlm_kit.choosing import choose_alpha
from itlm_kit.defences.cleanlab_issues import cleanlab_kept
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.extras import needs
from itlm_kit.trajectories import SCORES
from itlm_kit.trimming import num_kept, trim
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.out_of_sample import logits_out_of_sample
from itlm_kit.vision.own_pictures import recipe_of
from itlm_kit.vision.recording import percent_of, record_training

IMAGES = 2000  # drawn of each large set


def run(settings, recipe, seed, where):
    """One noisy set of pictures, its errors looked for in both ways."""
    needs("cleanlab")
    samples, is_clean, source = pictures(settings, seed, where)
    how, y = {"epochs": recipe.epochs, "seed": round_seed(seed, 0)}, samples.y.cpu().numpy()
    suspicion = SCORES["aum"](record_training(samples, recipe.training, **how))
    logits = logits_out_of_sample(samples, recipe.training, folds=own_pictures.FOLDS, **how).cpu().numpy()
    alpha = choose_alpha(method="agreement", called=logits.argmax(1), given=y)
    own = trim(suspicion, num_kept(alpha, len(y)))
    doubt = 1 - softmax(logits, axis=1)[np.arange(len(y)), y]  # cleanlab's self-confidence, turned round
    found = [
        {"method": "examine", **_judged(own, suspicion, is_clean)},
        {"method": "cleanlab", **_judged(cleanlab_kept(y, logits), doubt, is_clean)},
    ]
    return Outcome({"bad": int((~is_clean).sum()), "found": found}, source)


def _judged(kept, suspicion, is_clean):
    dropped = ~kept
    return {
        "named": int(dropped.sum()),
        "precision": percent_of(~is_clean[dropped]) if dropped.any() else None,
        "recall": percent_of(dropped[~is_clean]),
        "precision_at_bad": at_bad(suspicion, is_clean),
    }


def errors_frame(results):
    """Tidy frame of finished cells of `found-errors`: one row per (setting, seed, method).

    Columns: the settings, seed, method, bad (how many), named (as errors), precision and recall of those named, and
    precision_at_bad, of as many of the method's list as are bad, in percent; source.
    """
    return pd.DataFrame(
        {**r.settings, "seed": r.seed, "bad": r.metrics["bad"], **found, "source": r.data}
        for r in results
        for found in r.metrics["found"]
    )


def _cells(profile):
    few = {"classes": own_pictures.ALL, "images": IMAGES}
    drawn = [
        {"data": name, **few, **noise}
        for name in ("mnist", "fashion_mnist")
        for noise in (DRAWN, {"noise": "systematic", "clean": 0.7})
    ]
    return [DIGITS, {**DIGITS, **DRAWN}] if profile == "quick" else [*drawn, {**PEOPLE, **few}]


EXPERIMENTS = {
    "found-errors": Experiment(
        name="found-errors",
        title="Wrong labels found by examine and by cleanlab",
        place="Section 1 and beyond",
        cells=_cells,
        allows={name: own_pictures.ALLOWED[name] for name in ("data", "classes", "images", "noise", "clean")},
        recipe=lambda settings: recipe_of(settings["images"]),
        run=run,
        seeds={"quick": 3, "full": 3},
        seconds=lambda settings: own_pictures.seconds({**settings, "recipe": "own", "folds": own_pictures.FOLDS}),
        needs=own_pictures.needs,
    )
}
