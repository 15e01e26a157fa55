"""Losses that a GAN is trained with, of the discriminator's outputs f, and what each says of one real image.

"We can always find a surrogate loss: the loss of the discriminator for real images" (section 6.3). The paper's (18)
sums D over the kept samples and minimises it, so D there is the loss itself; here D = P(real), as elsewhere, and the
samples with the smallest -log D are kept.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from torch.nn.functional import relu, softplus

from itlm_kit.errors import check_choice


class GANLoss(NamedTuple):
    """One GAN's losses, each a function of outputs f of any shape, element by element."""

    real: Callable  # the discriminator's, of real images
    fake: Callable  # the discriminator's, of generated images
    generator: Callable  # the generator's, of generated images
    surrogate: Callable  # what real images are ranked by: small is kept
    even: float  # the surrogate of an image that is as likely real as generated, D = 1/2


LOSSES = {
    # Goodfellow et al. (2014), equation (17): real + fake is its negative with D = sigmoid(f). The generator takes
    # their non-saturating form, -log D(G(z)), as DC-GAN does.
    "gan": GANLoss(
        lambda f: softplus(-f), softplus, lambda f: softplus(-f), surrogate=lambda f: softplus(-f), even=math.log(2)
    ),
    # Lim & Ye (2017), Miyato et al. (2018). Ranked without the hinge: beyond it all real images would be tied at 0.
    "hinge": GANLoss(lambda f: relu(1 - f), lambda f: relu(1 + f), lambda f: -f, surrogate=lambda f: 1 - f, even=1.0),
    # Mao et al. (2017), with their targets 0 and 1.
    "least-squares": GANLoss(
        lambda f: (f - 1) ** 2, lambda f: f**2, lambda f: (f - 1) ** 2, surrogate=lambda f: (f - 1) ** 2, even=0.25
    ),
}


def gan_loss(name):
    """The GANLoss of that name; raises InputError naming the known ones."""
    check_choice("loss", name, LOSSES)
    return LOSSES[name]
