"""The GAN explorer on made-up rounds; what all explorers must do is tested for it in test_explorers."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from itlm_kit.errors import InputError
from itlm_kit.explorers.gan import GanExplorer
from itlm_kit.trimming import num_kept, trim


def made_up(rounds=3, n=200, colours=1):
    """Losses that part clean from bad a little more in each round, and images of noise."""
    rng, is_clean = np.random.default_rng(0), np.arange(n) < 0.7 * n
    losses = np.abs(rng.normal(0.3, 0.2, (rounds, n))) + np.arange(rounds)[:, None] * 0.5 * ~is_clean
    images = rng.integers(0, 256, (n, colours, 8, 8), dtype=np.uint8)
    return losses, is_clean, images, rng.integers(0, 256, (rounds, 32, colours, 8, 8), dtype=np.uint8)


def trace(figure, name, axis="x"):
    (found,) = [one for one in figure.data if one.name == name and one.xaxis == axis]
    return found


@pytest.mark.parametrize("t, alpha", [(0, 0.65), (2, 0.65), (1, 0.4)])
def test_it_shows_the_set_that_trimming_keeps(t, alpha):
    losses, is_clean, *rest = made_up()
    explorer = GanExplorer(losses, is_clean, *rest, alpha=0.65)
    kept = trim(losses[t], num_kept(alpha, 200))
    scene, figure = explorer.scene(round=t, alpha=alpha, show="nearest"), explorer.figure_at(round=t, alpha=alpha)
    assert f"{100 * is_clean[kept].mean():.1f} % of the kept are clean" in figure.layout.annotations[0].text
    assert trace(figure, "cut").x == pytest.approx([np.exp(-losses[t][kept].max())] * 2)
    for role, mask in (("clean", is_clean), ("bad", ~is_clean)):
        assert sum(trace(figure, f"{role} samples").y) == mask.sum()
    assert len(trace(figure, "clean image", "x3").x) == scene.near.is_clean.sum()


def test_words_say_what_is_kept_and_that_the_cut_was_moved():
    explorer = GanExplorer(*made_up(), alpha=0.65, round=2)
    words = explorer.scene(**explorer.values).words
    assert words.startswith("Round 2: the 130 of 200 images with the largest D are kept, α = 0.65. ")
    assert "of the pile 70.0 % are" in words and "just inside the cut" in words
    assert "(the run itself kept α = 0.65)" in explorer.scene(round=2, alpha=0.5, show="nearest").words


def test_a_round_changes_histogram_and_both_pictures():
    explorer = GanExplorer(*made_up())
    first, last = (explorer.figure_at(round=t) for t in (0, 2))
    assert all(a.source != b.source for a, b in zip(first.layout.images, last.layout.images, strict=True))
    assert trace(first, "bad samples").y != trace(last, "bad samples").y
    before = [image.source for image in explorer.figure.layout.images]
    explorer.controls["round"].value = 1
    assert all(a != b.source for a, b in zip(before, explorer.figure.layout.images, strict=True))


def test_below_are_the_images_asked_for():
    losses, is_clean, *rest = made_up()
    explorer = GanExplorer(losses, is_clean, *rest, alpha=0.65)
    nearest, mistakes = (explorer.scene(round=1, alpha=0.65, show=show) for show in ("nearest", "mistakes"))
    kept = trim(losses[1], 130)
    assert (mistakes.near.kept != mistakes.near.is_clean).all() and len(mistakes.near.kept)
    assert mistakes.near.kept.sum() == min(30, (kept & ~is_clean).sum())
    assert mistakes.words == nearest.words
    title = explorer.figure_at(show="farthest").layout.annotations[2].text
    assert title == "<b>The lowest D and the highest</b>"


def test_coloured_images_and_a_single_round_do():
    explorer = GanExplorer(*made_up(rounds=1, colours=3))
    assert explorer.sweep() and explorer.values["round"] == 0


def test_a_pile_too_small_for_the_smallest_share_keeps_one_image():
    explorer = GanExplorer(*made_up(n=10))
    assert "the 1 of 10 images" in explorer.scene(round=0, alpha=0.05, show="nearest").words and explorer.sweep()


def test_of_large_images_no_more_is_sent_than_is_seen():
    _, _, images, panels = made_up(rounds=1, n=70)
    large = images.repeat(25, 2).repeat(25, 3), panels.repeat(25, 3).repeat(25, 4)
    figure = GanExplorer(*made_up(rounds=1, n=70)[:2], *large).figure_at()
    for picture in figure.layout.images:
        assert Image.open(io.BytesIO(base64.b64decode(picture.source.partition(",")[2]))).width <= 1880


def test_input_that_does_not_match_is_told():
    losses, is_clean, images, panels = made_up()
    for bad, words in (
        ((losses[0], is_clean, images, panels), "losses must be finite, of shape"),
        ((losses - 5, is_clean, images, panels), "losses must be finite, of shape .*, -log D"),
        ((losses, is_clean, images, panels[:, :0]), "panels must be uint8 .* with 3 in front"),
        ((losses, is_clean[:-1], images, panels), "is_clean must mark both kinds"),
        ((losses, np.ones(200, bool), images, panels), "is_clean must mark both kinds"),
        ((losses, is_clean, images[1:], panels), "images must be uint8 .* with 200 in front"),
        ((losses, is_clean, images / 255, panels), "images must be uint8"),
        ((losses, is_clean, images, panels[:2]), "panels must be uint8 .* with 3 in front"),
    ):
        with pytest.raises(InputError, match=words):
            GanExplorer(*bad)
    with pytest.raises(InputError, match="round must lie in 0..2"):
        GanExplorer(losses, is_clean, images, panels, round=3)
