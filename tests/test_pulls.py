"""How samples pull at a network, by a network whose gradient is known by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from itlm_kit.vision.models import draw_xavier
from itlm_kit.vision.pulls import pull, pulls_by_epoch
from itlm_kit.vision.training import Recipe, Samples, new_network, train


def network():
    """Three outputs, each a weight times the one pixel, all weights 0: then p = 1/3 and the gradient is p - e_y."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 3, bias=False))
    nn.init.zeros_(model[1].weight)
    return model


def samples(labels):
    return Samples(np.full((len(labels), 1, 1, 1), 255, np.uint8), np.array(labels), 3)


LENGTH = np.sqrt(2 / 3)  # of p - e_y at p = 1/3


@pytest.mark.parametrize("index, length, agreement", [
    ([0, 3, 4], 3 * LENGTH, 1),  # one label: all agree
    ([0, 1, 2], 0, 0),  # one of each: they cancel
    ([0, 1], LENGTH, 1 / 2),  # at 120 degrees
    ([2], LENGTH, 1),
])  # fmt: skip
def test_pulls_of_one_label_add_up_and_those_of_all_labels_cancel(index, length, agreement):
    found = pull(network(), samples([0, 1, 2, 0, 0]), index)
    assert tuple(found) == pytest.approx((length, agreement), abs=1e-6)


def test_the_sum_is_the_gradient_of_the_summed_loss():
    torch.manual_seed(0)
    model, some = nn.Sequential(nn.Flatten(), nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 3)), samples([0, 1, 2, 2])
    nn.functional.cross_entropy(model(some.images([0, 2, 3])), some.y[[0, 2, 3]], reduction="sum").backward()
    whole = torch.cat([each.grad.flatten() for each in model.parameters()])
    assert pull(model, some, [0, 2, 3]).length == pytest.approx(float(whole.norm()), rel=1e-5)


def test_a_network_is_left_as_it_was():
    model = network()
    pull(model, samples([0, 1, 2]), [0, 1])
    assert model[1].weight.grad is None and not model[1].weight.any()


def test_a_training_is_looked_at_before_it_and_after_the_epochs_named():
    some, groups = samples([0, 1, 2, 2]), {"clean": [0, 1], "bad": [2]}
    recipe = Recipe(lambda shape, classes: network(), draw_xavier, batch_size=2, step_size=0.5)
    first, last = pulls_by_epoch(some, groups, recipe, epochs=3, seed=0, looks={-1, 2})
    trained = train(some, np.ones(4, bool), recipe, epochs=3, seed=0)
    for row, epoch, model in ((first, -1, new_network(some, recipe, 0)), (last, 2, trained)):
        clean, bad = (pull(model, some, index) for index in groups.values())
        assert row == {
            "epoch": epoch, "clean_pull": clean.length, "bad_pull": bad.length,
            "clean_agreement": clean.agreement, "bad_agreement": bad.agreement,
        }  # fmt: skip
