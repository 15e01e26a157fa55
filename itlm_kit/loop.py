"""Algorithm 1, once, for every problem in the kit: score, trim, update."""

from collections.abc import Callable, Iterator, Sequence
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


def itlm_rounds(
    state: Any,
    losses: Callable[[Any], Any],
    update: Callable[[Any, Any, int], Any],
    *,
    k: int | Callable[[int], int],
    groups: Any = None,
) -> Iterator[Round]:
    """Iterate score, trim, update without end, yielding each Round before its update (so `break` costs no training).

    state: theta_0, anything. losses(state) -> (..., n). update(state, kept, t) -> a new state; it leaves the old
    one alone. k: how many samples to keep, or a function n -> k; groups: (n,) labels, where that many of each group
    are to be kept (`trim`). Raises InputError when the losses are NaN, empty, or change their shape. Algorithm 1 of
    Shen & Sanghavi (2019).
    """
    shape, t = None, 0
    while True:
        scores = losses(state)
        shape = _same_shape(scores, shape, t)
        kept = trim(scores, k, groups)
        yield Round(t, state, scores, kept)
        state = update(state, kept, t)
        t += 1


def refit_rounds(
    fit: Callable[[Any, int], Any],
    losses: Callable[[Any], Any],
    *,
    n: int,
    k: int | Callable[[int], int],
    rounds: int,
    groups: Any = None,
    kept: Sequence[Any] = (),
    first: Any = None,
) -> Iterator[Round]:
    """Yield Rounds 0 ... rounds-1 of an ITLM that starts anew each round, and that goes on where it was cut.

    fit(kept, t) -> theta_t, from the samples that a mask (n,) marks: S_{t-1}, and all for theta_0. losses(state) ->
    (n,). k, groups: as for `itlm_rounds`. kept: S_0 ... S_{t-1} of the rounds that a cut run has finished; then Round t
    comes first, just as it would have come, or none where all are finished. first: theta_0 where it is known; it serves
    when no round is finished. Raises InputError for bad masks, groups or numbers before any fit. Algorithm 1, with the
    weights drawn anew of appendix B (c).
    """
    rounds, kept = check_integer("rounds", rounds, remedy="It is the number of rounds, e.g. 5"), list(kept)
    n = check_integer("n", n, remedy="It is the number of samples.")
    trim(np.zeros(n), k, groups)  # for its errors
    _check_masks(kept, n)
    done = len(kept)
    if done >= rounds:
        return
    known = first is not None and not done
    steps = itlm_rounds(  # theta_0 has no name here: its memory is free once it is replaced
        first if known else fit(kept[-1] if done else np.ones(n, bool), done),
        losses,
        lambda state, kept, t: fit(kept, done + t + 1),
        k=k,
        groups=groups,
    )
    for step in islice(steps, rounds - done):
        if np.shape(step.losses) != (n,):
            raise InputError(f"losses(state) must return one loss per sample, {(n,)}; got {np.shape(step.losses)}.")
        yield step._replace(t=done + step.t)


def itlm(
    state: Any,
    losses: Callable[[Any], Any],
    update: Callable[[Any, Any, int], Any],
    *,
    alpha: float,
    rounds: int,
    groups: Any = None,
    callback: Callable[[Round], Any] | None = None,
    keep_states: bool = False,
) -> ITLMResult:
    """Run ITLM for `rounds` updates and return an ITLMResult.

    alpha: share of samples to keep, in (0, 1]. groups: (n,) labels, e.g. the given classes, where that share of each
    group is to be kept, as `trim_groups` does. callback(round), if given, sees each Round before its update.
    keep_states: keep theta_0 ... theta_T as well. Other arguments and errors as `itlm_rounds`.
    """
    check_alpha(alpha)
    k = partial(num_kept, alpha, least=0 if groups is None else 1)
    check_integer("rounds", rounds, remedy="It is the number of updates.")
    losses_by_round, kept_by_round, states = [], [], []
    for step in islice(itlm_rounds(state, losses, update, k=k, groups=groups), rounds):
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


def _check_masks(kept, n):
    for mask in kept:
        mask = mask if is_tensor(mask) else np.asarray(mask)
        if tuple(mask.shape) != (n,) or str(mask.dtype).removeprefix("torch.") != "bool":
            raise InputError(
                f"kept must hold a mask of the {n} samples, bool, for each round that is done; "
                f"got {mask.dtype} of shape {tuple(mask.shape)}. Pass the `kept` of those Rounds."
            )


def _copied(losses):
    # A caller may write its losses into one buffer round after round; a gradient's graph is not worth its memory.
    return losses.detach().clone() if is_tensor(losses) else np.array(losses)


def _stacked(rows):
    if is_tensor(rows[0]):
        import torch

        return torch.stack(rows)
    return np.stack(rows)
