"""Algorithm 1, once, for every problem in the kit: score, trim, update."""

from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from itlm_kit.errors import InputError, check_integer
from itlm_kit.trimming import check_alpha, is_tensor, num_kept, trim


class Round(NamedTuple):
    """One round of ITLM, seen before its update."""

    t: int
    state: Any  # theta_t
    losses: Any  # (..., n), the losses of every sample under theta_t
    kept: Any  # (..., n) bool, S_t


class ITLMResult(NamedTuple):
    """What `itlm` returns after T updates."""

    state: Any  # theta_T
    losses: Any  # (T, ..., n), row t of theta_t
    kept: Any  # (T, ..., n) bool, S_0 ... S_{T-1}
    states: list | None  # [theta_0, ..., theta_T] when asked for


def itlm_rounds(state, losses, update, *, k):
    """Iterate score, trim, update without end, yielding each Round before its update (so `break` costs no training).

    state: theta_0, anything. losses(state) -> (..., n). update(state, kept, t) -> a new state; it leaves the old
    one alone. k: how many samples to keep, or a function n -> k. Raises InputError when the losses are NaN, empty,
    or change their shape. Algorithm 1 of Shen & Sanghavi (2019).
    """
    shape, t = None, 0
    while True:
        scores = losses(state)
        shape = _same_shape(scores, shape, t)
        kept = trim(scores, k(shape[-1]) if callable(k) else k)
        yield Round(t, state, scores, kept)
        state = update(state, kept, t)
        t += 1


def itlm(state, losses, update, *, alpha, rounds, callback=None, keep_states=False):
    """Run ITLM for `rounds` updates and return an ITLMResult.

    alpha: share of samples to keep, in (0, 1]. callback(round), if given, sees each Round before its update.
    keep_states: keep theta_0 ... theta_T as well. Other arguments and errors as `itlm_rounds`.
    """
    check_alpha(alpha)
    check_integer("rounds", rounds, remedy="It is the number of updates.")
    losses_by_round, kept_by_round, states = [], [], []
    for step in islice(itlm_rounds(state, losses, update, k=partial(num_kept, alpha)), rounds):
        if callback is not None:
            callback(step)
        losses_by_round.append(_copied(step.losses))
        kept_by_round.append(step.kept)
        if keep_states:
            states.append(step.state)
    final = update(step.state, step.kept, step.t)
    return ITLMResult(
        final, _stacked(losses_by_round), _stacked(kept_by_round), [*states, final] if keep_states else None
    )


def _same_shape(losses, shape, t):
    found = tuple(np.shape(losses))
    if not found:
        raise InputError(f"losses(state) must return one loss per sample, shape (..., n); got a scalar in round {t}.")
    if shape is not None and found != shape:
        raise InputError(f"losses(state) must keep its shape; got {found} in round {t}, {shape} before.")
    return found


def _copied(losses):
    # A caller may write its losses into one buffer round after round; a gradient's graph is not worth its memory.
    return losses.detach().clone() if is_tensor(losses) else np.array(losses)


def _stacked(rows):
    if is_tensor(rows[0]):
        import torch

        return torch.stack(rows)
    return np.stack(rows)
