import numpy as np
import pytest
import torch

from itlm_kit.vision.augment import CropFlip, Shift
from itlm_kit.vision.models import draw_xavier, two_layer_cnn
from itlm_kit.vision.training import Recipe, Samples, per_sample_losses, train

IMAGES = torch.arange(6 * 3 * 8 * 10, dtype=torch.int64).remainder(251).to(torch.uint8).view(6, 3, 8, 10)


def one_by_one(images, drawn, pad, mode="constant"):
    """Each image cut out of its own padded copy, mirrored afterwards."""
    padded = torch.as_tensor(np.pad(images, [(0, 0), (0, 0), (pad, pad), (pad, pad)], mode))
    cut = [image[:, r : r + 8, c : c + 10] for image, (r, c, _) in zip(padded, drawn.tolist(), strict=True)]
    return torch.stack([x.flip(2) if flip else x for x, flip in zip(cut, drawn[:, 2], strict=True)])


@pytest.mark.parametrize("mirrored, mode", [(False, "constant"), (True, "reflect")])
@pytest.mark.parametrize("pad", [0, 1, 4])
def test_crops_and_flips_are_those_of_a_plain_loop(pad, mirrored, mode):
    augment = CropFlip(pad, mirrored)
    drawn = augment.draw(6, torch.Generator().manual_seed(1))
    assert drawn[:, 2].unique().tolist() == [0, 1]
    changed = augment(IMAGES, drawn)
    assert changed.dtype == torch.uint8 and torch.equal(changed, one_by_one(IMAGES, drawn, pad, mode))


def test_the_middle_crop_unmirrored_is_the_image_itself():
    assert torch.equal(CropFlip(3)(IMAGES, torch.tensor([[3, 3, 0]] * 6)), IMAGES)


def test_all_shifts_and_both_sides_are_drawn_alike():
    drawn = CropFlip(4).draw(9000, torch.Generator().manual_seed(0))
    for column, values in zip(drawn.T, (9, 9, 2), strict=True):
        counts = torch.bincount(column)
        assert len(counts) == values and abs(counts / 9000 - 1 / values).max() < 0.015


def test_a_slice_of_the_draws_goes_with_the_same_slice_of_the_images():
    augment = CropFlip(2)
    drawn = augment.draw(6, torch.Generator().manual_seed(2))
    assert torch.equal(augment(IMAGES, drawn)[2:5], augment(IMAGES[2:5], drawn[2:5]))


def samples(n=40):
    rng = np.random.default_rng(0)
    return Samples(rng.integers(0, 256, (n, 1, 8, 8), dtype=np.uint8), np.arange(n) % 4, 4)


def test_training_sees_changed_images_and_the_order_stays_the_same():
    """With nothing to shift and nothing mirrored, augmented training is plain training to the bit."""

    class Still(CropFlip):
        def draw(self, n, generator):
            return super().draw(n, generator) * 0 + torch.tensor([self.pad, self.pad, 0])

    plain, still, moved = (
        train(samples(), np.ones(40, bool), Recipe(two_layer_cnn, batch_size=10, augment=a), epochs=2, seed=0)
        for a in (None, Still(2), CropFlip(2))
    )
    assert torch.equal(plain[0].weight, still[0].weight) and not torch.equal(plain[0].weight, moved[0].weight)


def test_losses_under_augmentation_depend_on_their_seed():
    model = draw_xavier(two_layer_cnn((1, 8, 8), 4), 0)
    plain = per_sample_losses(model, samples())
    first, again, other = (per_sample_losses(model, samples(), augment=CropFlip(2), seed=s) for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other) and not torch.equal(first, plain)


# --- shifts ---


def moved(image, down, right):
    """One image shifted pixel by pixel, its border repeated."""
    height, width = image.shape[1:]
    rows = [min(max(r - down, 0), height - 1) for r in range(height)]
    columns = [min(max(c - right, 0), width - 1) for c in range(width)]
    return image[:, rows][:, :, columns]


def test_shifts_are_those_of_a_plain_loop():
    drawn = torch.tensor([[0.0, 0.0], [0.99, -0.99], [-0.6, 0.6], [0.3, 0.1], [-1.0, 0.5], [0.1, -0.3]])
    by_hand = [(0, 0), (2, -3), (-2, 2), (1, 0), (-2, 2), (0, -1)]  # at most 2 of 8 rows, 2.5 and a half of 10 columns
    expected = torch.stack([moved(image, *by) for image, by in zip(IMAGES, by_hand, strict=True)])
    assert torch.equal(Shift(1 / 4)(IMAGES, drawn), expected)


def test_all_shifts_of_a_side_are_drawn_alike():
    drawn = Shift().draw(9000, torch.Generator().manual_seed(0))
    image = torch.arange(16.0).expand(9000, 1, 16, 16)
    counts = torch.bincount((10 - Shift()(image, drawn)[:, 0, 0, 8]).long())
    assert len(counts) == 5 and abs(counts / 9000 - 1 / 5).max() < 0.015
