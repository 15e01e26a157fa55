"""GAN filtering round by round (section 6.3): what D says, what lies around the cut, what the generator draws."""

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.explorers.base import Explorer
from itlm_kit.explorers.controls import choice, slider
from itlm_kit.names import percent
from itlm_kit.plots import gan_round
from itlm_kit.plots.gan import VIEWS, kinds, near_cut
from itlm_kit.trimming import num_kept, trim

_EDGES = np.linspace(0, 1, 41)


class GanExplorer(Explorer):
    """A finished run of ITLM on a pile of images, with sliders for the round and for the share that is kept.

    losses: (T, n), -log D of every image in each round. is_clean: (n,) bool. images: uint8 (n, c, h, w), grey or
    coloured. panels: uint8 (T, m, c, h, w), what each round's generator makes of the same latent vectors. alpha: share
    kept in the run; its slider moves the cut alone, the networks stay as they are. source: what was trained on what.
    values: where the controls start: round, show (images "nearest" to the cut, "farthest" from it, or the "mistakes").
    Raises InputError for shapes that do not match. Figure 3, Table 3.
    """

    view = gan_round
    walks = "round"
    takes = "..."

    def __init__(self, losses, is_clean, images, panels, *, alpha=0.75, source="", **values):
        self._losses, self._panels, self._source = np.asarray(losses), np.asarray(panels), source
        self._is_clean, self._images = np.asarray(is_clean), np.asarray(images)
        _check_shapes(self._losses, self._is_clean, self._images, self._panels)
        self._run_at = alpha
        controls = {
            "round": slider("round t", 0, 0, len(self._losses) - 1, 1),
            "alpha": slider("share kept α", alpha, 0.05, 1.0, 0.01),
            "show": choice("below: show", "nearest", tuple(VIEWS)),
        }
        super().__init__(controls, {"alpha": alpha, **values})

    def scene(self, *, round, alpha, show):
        losses, is_clean = self._losses[round], self._is_clean
        k = num_kept(max(alpha, 1 / len(losses)), len(losses))
        kept, d = trim(losses, k), np.exp(-losses)
        near = near_cut(self._images, losses, is_clean, k)
        return gan_round.GANRound(
            round=int(round),
            edges=_EDGES,
            counts={role: np.histogram(d[mask], _EDGES)[0] for role, mask in kinds(is_clean).items()},
            cut=float(d[kept].min()),
            kept=f"{percent(is_clean[kept].mean(), '.1f')} of the kept are clean",
            drawn=self._panels[round],
            near=near if show == "nearest" else near_cut(self._images, losses, is_clean, k, show),
            near_are=VIEWS[show],
            source=self._source,
            words=self._in_words(round, alpha, kept, d, near),
        )

    def _in_words(self, round, alpha, kept, d, near):
        clean, given = (percent(self._is_clean[some].mean(), ".1f") for some in (kept, slice(None)))
        real = [percent((d[mask] > 0.5).mean()) for mask in kinds(self._is_clean).values()]
        moved = "" if np.isclose(alpha, self._run_at) else f" (the run itself kept α = {self._run_at:.2f})"
        return (
            f"Round {round}: the {kept.sum():,} of {len(d):,} images with the largest D are kept, α = {alpha:.2f}"
            f"{moved}. {clean} of them are clean; of the pile {given} are. Clean are {_count(near, True)} "
            f"just inside the cut and {_count(near, False)} just outside. D is above 1/2 for {real[0]} of the "
            f"clean and {real[1]} of the bad images."
        )


def _count(near, kept):
    side = near.is_clean[near.kept == kept]
    return f"{side.sum()} of {len(side)} images"


def _check_shapes(losses, is_clean, images, panels):
    if losses.ndim != 2 or 0 in losses.shape or not np.isfinite(losses).all() or (losses < 0).any():
        raise InputError(f"losses must be finite, of shape (rounds, n), -log D; got shape {losses.shape}.")
    rounds, n = losses.shape
    if is_clean.shape != (n,) or is_clean.dtype != bool or is_clean.all() or not is_clean.any():
        raise InputError(f"is_clean must mark both kinds among {n} images; got {is_clean.dtype} {is_clean.shape}.")
    for name, array, first, ndim in (("images", images, n, 4), ("panels", panels, rounds, 5)):
        fits = array.ndim == ndim and len(array) == first and array.shape[-3] in (1, 3) and 0 not in array.shape
        if not fits or array.dtype != np.uint8:
            shape = "(n, 1 or 3, h, w)" if ndim == 4 else "(rounds, m, 1 or 3, h, w)"
            raise InputError(
                f"{name} must be uint8 of shape {shape} with {first} in front; got {array.dtype} of {array.shape}."
            )
