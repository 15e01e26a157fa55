"""Co-teaching: two networks, each taught by the samples of a batch that the other finds easy (Han et al. 2018)."""

import torch
from torch.nn import functional

from itlm_kit.defences.tasks import Fitted, LabelTask
from itlm_kit.errors import check_integer, check_share
from itlm_kit.trimming import num_kept, trim
from itlm_kit.vision.descent import Descent
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.training import check_batch, new_network, per_sample_losses

RAMP = 10  # epochs in which the forget rate grows to its full height, theirs of 200


def coteach(samples, recipe, *, forget, epochs, seed, ramp=RAMP):
    """Train two networks on Samples for `epochs` and return both. Their algorithm 1.

    forget: share of each batch that is dropped, in [0, 1); theirs is the true noise rate, which they take as known.
    It grows from 0 within the first `ramp` epochs: what is forgotten before anything is learnt is drawn by chance.
    recipe: its network, batches and steps; the loss is the cross-entropy, and images are not augmented.
    Raises InputError as `train`, and for forget outside.
    """
    check_share("forget", forget, "[0, 1)", remedy="It is the share of bad samples, e.g. 0.4")
    epochs, ramp = check_integer("epochs", epochs), check_integer("ramp", ramp)
    check_batch(len(samples), recipe)
    nets = [new_network(samples, recipe, round_seed(seed, which)).train() for which in range(2)]
    descents = [Descent(net, recipe, epochs) for net in nets]
    order = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        share = 1 - forget * min(1, epoch / ramp)
        batches = torch.randperm(len(samples), generator=order).split(recipe.batch_size)
        for i, batch in enumerate(batches):
            _teach(nets, samples.images(batch), samples.y[batch], share)
            for descent in descents:
                descent.step(epoch + (i + 0.5) / len(batches))
    return nets


def _teach(nets, images, labels, share):
    """Give each network the gradients of what the other finds easy."""
    losses = [functional.cross_entropy(net(images), labels, reduction="none") for net in nets]
    easy = [trim(loss.detach(), num_kept(max(share, 1 / len(labels)), len(labels))) for loss in losses]
    for net, loss, taught in zip(nets, losses, reversed(easy), strict=True):
        net.zero_grad()
        loss[taught].mean().backward()


def coteaching_to_the_end(task: LabelTask) -> Fitted:
    """Forgets more and more until the end: of the ramps tried on other seeds, the best by far with so few epochs."""
    samples, epochs = task.samples, round(task.budget / 2)
    nets = coteach(samples, task.training, forget=1 - task.clean, epochs=epochs, seed=task.seed, ramp=epochs)
    losses = sum(per_sample_losses(net, samples) for net in nets)
    return Fitted(nets[0], 2 * epochs, trim(losses, num_kept(task.clean, len(samples))).cpu().numpy())


LABEL_RIVALS = {"coteaching": coteaching_to_the_end}
