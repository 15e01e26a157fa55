"""A pass through a network, compiled for CUDA once for all networks of one form."""

from collections.abc import Callable
from functools import cache

import torch


@cache
def compiled(run: Callable) -> Callable:
    """What `run(network, ...)` does, compiled; shapes must stay the same.

    Compiled code belongs to the form of a network, not to its weights: the rounds' new networks use it again.
    """
    torch.backends.cudnn.benchmark = True  # shapes stay the same, so that its kernels are worth a trial
    return torch.compile(run, dynamic=False)
