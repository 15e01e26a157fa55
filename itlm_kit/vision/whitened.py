"""A small fast network for photographs, after Jordan's airbench (2024): its first layer whitens small patches.

That layer is set by the images and stays as it is: what it gives is alike in all directions from the first step on.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from itlm_kit.vision.models import check_sides

PATCH = 2  # pixels a side
FLOOR = 3e-5  # added to the variances, of pixels in [0, 1]: about that of a grey level and a half


def whitened_cnn(shape, classes, *, widths=(32, 96, 96)):
    """A whitening of 2 x 2 patches, then three groups of two 3 x 3 convolutions, each group on half the pixels a side.

    shape: (channels, height, width), at least 16 x 16. widths: channels of the groups. `whiten` sets the first layer.
    """
    check_sides(shape, 16)
    before = 2 * shape[0] * PATCH**2  # each direction, up and down
    layers = [nn.Conv2d(shape[0], before, PATCH), nn.ReLU()]
    for after in widths:
        layers += [*_convolved(before, after, nn.MaxPool2d(2)), *_convolved(after, after)]
        before = after
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def _convolved(before, after, *pooling):
    return [nn.Conv2d(before, after, 3, padding=1, bias=False), *pooling, nn.BatchNorm2d(after), nn.ReLU()]


@torch.no_grad()
def whiten(model: nn.Module, images: Tensor) -> None:
    """Set the first layer of a `whitened_cnn` by images, float (m, c, h, w), and freeze it.

    The outputs are the patches' principal components, each of mean 0 and (above FLOOR) variance 1, and their negatives,
    which ReLU would lose.
    """
    patches = functional.unfold(images, PATCH).transpose(1, 2).flatten(0, 1).double()
    variances, directions = torch.linalg.eigh(patches.T.cov())
    filters = (directions / (variances + FLOOR).sqrt()).T
    filters = torch.cat([filters, -filters])
    layer = model[0].requires_grad_(False)
    layer.weight.copy_(filters.view_as(layer.weight))
    layer.bias.copy_(-filters @ patches.mean(0))
