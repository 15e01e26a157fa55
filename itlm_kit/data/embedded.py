"""Real images that come with scikit-learn: handwritten digits, and patches of photographs as the wrong images."""

import numpy as np

from itlm_kit.data.image_set import ImageSet
from itlm_kit.extras import needs

TRAIN_DIGITS, TEST_DIGITS = 1400, 397  # of 1,797
FLAT = 5  # grey levels: a patch with a smaller standard deviation shows nothing (sky, blur)


def load_digits(part):
    """scikit-learn's 8x8 handwritten digits, scaled to 0..255: 1,400 to train on, 397 to test on, stratified.

    The order is shuffled: as published it goes by writer, so that errors in the last samples of each class would fall
    on the hands of a few.
    """
    from sklearn.datasets import load_digits as read_digits
    from sklearn.model_selection import train_test_split

    digits = read_digits()
    split = train_test_split(
        np.arange(len(digits.target)), test_size=TEST_DIGITS, stratify=digits.target, random_state=0
    )
    rows = split[part == "test"]
    x = np.rint(digits.images[rows, None] * (255 / 16)).astype(np.uint8)
    return ImageSet("digits", x, digits.target[rows].astype(np.int64), 10, f"scikit-learn's digits, {_count(x, part)}")


def load_patches(part):
    """Grey 8x8 patches of scikit-learn's two photographs, none of them flat, in shuffled order, without labels.

    A fifth of them is the test part. Any first few are a fair draw from both photographs.
    """
    needs("PIL")  # to read the photographs
    from sklearn.datasets import load_sample_images

    patches = np.concatenate([_cut(photo) for photo in load_sample_images().images])
    patches = patches[patches.std(axis=(1, 2)) >= FLAT]
    patches = np.random.default_rng(0).permutation(patches)
    test = len(patches) // 5
    x = (patches[-test:] if part == "test" else patches[:-test])[:, None]
    y = np.zeros(len(x), np.int64)
    return ImageSet("patches", x, y, 1, f"patches of scikit-learn's photographs, {_count(x, part)}")


def _cut(photo):
    grey = np.rint(photo @ [0.299, 0.587, 0.114]).astype(np.uint8)  # ITU-R BT.601
    rows, columns = (side // 8 for side in grey.shape)
    blocks = grey[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8)
    return blocks.swapaxes(1, 2).reshape(-1, 8, 8)


def _count(x, part):
    return f"{len(x):,} {'test' if part == 'test' else 'training'} images"
