"""What a network sees in an image: the features that its last layer reads."""

import torch
from torch import nn

from itlm_kit.errors import InputError
from itlm_kit.vision.training import outputs


def penultimate_features(model, samples):
    """The input (n, d) of the network's last linear layer for each of the samples, without gradients.

    model: any network with a linear layer at its end. Raises InputError when it has none.
    """
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    if not linear:
        raise InputError("the network must end in a linear layer, which reads the features; it has none.")
    seen = []
    hook = linear[-1].register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    try:
        outputs(model, samples)
    finally:
        hook.remove()
    return torch.cat(seen)
