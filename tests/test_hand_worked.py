"""Small figures worked by hand that many results rest on: shares of kept sets, seeds of rounds."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from itlm_kit.chapters.labels import methods
from itlm_kit.chapters.mixtures import experiments as mixtures
from itlm_kit.loop import Round
from itlm_kit.vision.gan import attempt_seed
from itlm_kit.vision.itlm import Trained, round_seed
from itlm_kit.vision.recording import rounds_frame

# Six samples, four of them clean; kept are three, two of them clean: 2/3 of the kept are clean, 1/2 of the clean kept.
IS_CLEAN = np.array([True, True, True, True, False, False])
KEPT = np.array([True, True, False, False, True, False])
SHARE = 66.667


def test_the_clean_share_is_of_what_is_kept_not_of_what_is_clean():
    row = methods.round_row(2, Trained(None, {"last_accuracy": 90.0}), KEPT, IS_CLEAN)
    assert row == {"round": 2, "last_accuracy": 90.0, "clean_share": SHARE, "kept": 3}
    assert mixtures.kept_row(KEPT, IS_CLEAN) == {"clean_share": SHARE, "kept": 3}
    step = Round(1, SimpleNamespace(report={"last_accuracy": 90.0}), None, torch.as_tensor(KEPT))
    (found,) = rounds_frame([step], IS_CLEAN).to_dict("records")
    assert found == {"round": 1, "last_accuracy": 90.0, "clean_share": pytest.approx(200 / 3), "bad_dropped": 1}


def test_every_round_of_every_seed_draws_anew():
    for seed_of in (round_seed, attempt_seed):
        assert len({seed_of(seed, t) for seed in range(20) for t in range(20)}) == 400
