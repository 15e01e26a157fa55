import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from itlm_kit import InputError
from itlm_kit.data import LABEL_NOISE, instance_dependent_labels, mix_images, random_labels, systematic_labels
from itlm_kit.data.label_noise import instance


@st.composite
def labelled(draw):
    classes = draw(st.integers(2, 6))
    more = draw(st.lists(st.integers(0, classes - 1), max_size=60))
    y = np.array(draw(st.permutations([*range(classes), *more])))
    return np.arange(len(y) * 3).reshape(len(y), 3), y, classes


shares = st.floats(0, 1)
seeds = st.integers(0, 2**32)
every_kind = pytest.mark.parametrize("corrupt", LABEL_NOISE.values(), ids=LABEL_NOISE)


# --- what every kind of label noise keeps to; a new file in data/label_noise is covered without a line here ---


@every_kind
@given(labelled(), shares, seeds)
def test_label_noise_keeps_order_and_tells_the_truth(corrupt, samples, clean, seed):
    x, y, classes = samples
    got = corrupt(x, y, clean=clean, classes=classes, seed=seed)
    np.testing.assert_array_equal(got.x, x)
    np.testing.assert_array_equal(got.y_true, y)
    np.testing.assert_array_equal(got.is_clean, got.y == y)
    assert got.y.dtype == got.y_true.dtype == np.int64 and got.is_clean.dtype == bool
    assert 0 <= got.y.min() and got.y.max() < classes


@every_kind
@given(labelled(), shares, seeds)
def test_label_noise_returns_copies(corrupt, samples, clean, seed):
    x, y, classes = samples
    x_before, y_before = x.copy(), y.copy()
    got = corrupt(x, y, clean=clean, classes=classes, seed=seed)
    got.x[:] = got.y[:] = -1
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(y, y_before)
    np.testing.assert_array_equal(got.y_true, y_before)  # of the labels given as well


@every_kind
@given(labelled(), shares, seeds)
def test_each_class_loses_the_named_share(corrupt, samples, clean, seed):
    x, y, classes = samples
    is_clean = corrupt(x, y, clean=clean, classes=classes, seed=seed).is_clean
    sizes = np.bincount(y)
    np.testing.assert_array_equal(np.bincount(y[is_clean], minlength=classes), np.floor(clean * sizes + 0.5))


@every_kind
@given(labelled(), shares, seeds)
def test_the_same_seed_gives_the_same_labels(corrupt, samples, clean, seed):
    x, y, classes = samples
    first, again = (corrupt(x, y, clean=clean, classes=classes, seed=seed) for _ in range(2))
    np.testing.assert_array_equal(first.y, again.y)


@every_kind
@pytest.mark.parametrize(
    "change, words",
    [
        ({"y": [0, 1, 2]}, "labels must lie in 0..1; got 0..2"),
        ({"y": [0, 1, -1]}, "labels must lie in 0..1; got -1..1"),
        ({"y": [0, 1, 0.5]}, "labels must be whole numbers"),
        ({"y": [0, 1, np.nan]}, "labels must not be missing; got none in row 2, counted from 0"),
        ({"y": ["a", "b", "a"]}, "labels must be whole numbers"),
        ({"y": np.ma.masked_array([0, 1, 0], [0, 1, 0])}, "labels must not be missing; got none in row 1, counted"),
        ({"y": [0, 0, 0]}, "class 1 has none"),
        ({"y": [0, 1]}, "one label per sample; got 3 samples"),
        ({"y": [[0], [1], [1]]}, "one label per sample"),
        ({"clean": 1.3}, r"clean must lie in \[0, 1\]; got 1.3"),
        ({"clean": -0.1}, r"clean must lie in \[0, 1\]"),
        ({"clean": float("nan")}, r"clean must lie in \[0, 1\]"),
        ({"clean": "0.6"}, r"clean must lie in \[0, 1\]; got '0.6'"),
        ({"classes": 1, "y": [0, 0, 0]}, "classes must be a whole number of at least 2; got 1"),
        ({"classes": 2.5}, "classes must be a whole number"),
    ],
)
def test_bad_input_is_told(corrupt, change, words):
    given_input = {"x": np.zeros((3, 2)), "y": [0, 1, 0], "clean": 0.5, "classes": 2, "seed": 0, **change}
    with pytest.raises(InputError, match=words):
        corrupt(given_input.pop("x"), given_input.pop("y"), **given_input)


# --- what each kind does besides ---


@pytest.mark.parametrize("corrupt", [random_labels, systematic_labels])
@given(labelled(), shares)
def test_the_first_of_a_class_stay_clean(corrupt, samples, clean):
    x, y, classes = samples
    is_clean = corrupt(x, y, clean=clean, classes=classes, seed=0).is_clean
    assert all((np.diff(is_clean[y == c].astype(int)) <= 0).all() for c in range(classes))


def test_systematic_labels_by_hand():
    got = systematic_labels(np.zeros(8), [2, 0, 1, 2, 0, 1, 0, 0], clean=0.5, classes=3)
    assert got.y.tolist() == [2, 0, 1, 0, 0, 2, 1, 1]
    assert got.is_clean.tolist() == [True, True, True, False, True, False, False, False]


def test_random_labels_are_uniform_over_the_other_classes():
    y = np.repeat(np.arange(4), 6000)
    got = random_labels(y, y, clean=0.5, classes=4, seed=3)
    counts = np.array([np.bincount(got.y[(y == c) & ~got.is_clean], minlength=4) for c in range(4)])
    assert (np.diag(counts) == 0).all() and (counts.sum(1) == 3000).all()
    off = counts[~np.eye(4, dtype=bool)]
    assert np.abs(off - 1000).max() < 5 * np.sqrt(3000 * 1 / 3 * 2 / 3)  # five standard deviations


def test_like_images_go_wrong_alike(monkeypatch):
    """Of class 0 every second image is 4 times as likely to be bad, and its wrong label 3 times as likely 2 as 1."""
    y = np.r_[np.zeros(100_000, int), 1, 2]
    logits = np.log([[9.0, 0.25, 0.75], [9.0, 3.0, 1.0]] * 50_000)
    monkeypatch.setattr(instance, "_logits", lambda x, classes, rng: logits[: len(x)])
    got = instance_dependent_labels(y, y, clean=0.98, classes=3, seed=0)
    counts = [[(got.y[i:100_000:2] == label).sum() for label in (1, 2)] for i in (0, 1)]
    assert np.sum(counts) == 2000
    assert np.abs(np.array(counts) - [[100, 300], [1200, 400]]).max() < 5 * np.sqrt(1200 * 0.4)


def test_the_image_has_its_say():
    x, y = np.repeat(np.eye(8)[:, None] * 255, 200, 0), np.zeros(1600, int)
    got = instance_dependent_labels(np.r_[x, x[:1], x[:1]], np.r_[y, 1, 2], clean=0.5, classes=3, seed=0)
    bad = (~got.is_clean)[:1600].reshape(8, 200).mean(1)
    assert np.ptp(bad) > 0.3  # of eight sorts of images; by chance they would differ by 0.1


@pytest.mark.parametrize("brightness", [1.0, 255.0])
def test_the_images_say_is_as_loud_whatever_their_units(brightness):
    x, rng = np.random.default_rng(0).random((50, 1, 4, 4)), np.random.default_rng(1)
    logits = instance._logits(brightness * x, 5, rng)
    np.testing.assert_allclose(logits.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(logits.std(0), instance.SPREAD)
    assert (instance._logits(np.zeros((3, 1, 4, 4)), 5, rng) == 0).all()  # images all alike say nothing


@pytest.mark.parametrize("corrupt", [random_labels, instance_dependent_labels])
def test_another_seed_draws_other_labels(corrupt):
    y = np.tile(np.arange(10), 50)
    x = np.arange(1000.0).reshape(500, 2) % 7
    first, other = (corrupt(x, y, clean=0.5, classes=10, seed=s).y for s in (1, 2))
    assert (first != other).any()


@pytest.mark.parametrize("seed", [-1, 0.5, None, "0"])
def test_a_seed_must_be_a_whole_number(seed):
    with pytest.raises(InputError, match="seed must be a whole number of at least 0"):
        random_labels([1, 2], [0, 1], clean=0.5, classes=2, seed=seed)


# --- images mixed with others ---


@given(st.integers(1, 60), st.floats(0.3, 1), seeds)
def test_mixture_holds_all_images_in_order_and_no_other_twice(n, clean, seed):
    x, other = np.arange(n).reshape(n, 1), 1000 + np.arange(200).reshape(200, 1)
    got = mix_images(x, other, clean=clean, seed=seed)
    assert len(got.x) == int(n / clean + 1e-9)
    np.testing.assert_array_equal(got.x[got.is_clean], x)
    others = got.x[~got.is_clean].ravel()
    assert (others >= 1000).all() and len(set(others)) == len(others)
    np.testing.assert_array_equal(got.is_clean, got.y == got.y_true)
    assert (x.ravel() == np.arange(n)).all() and (other.ravel() == 1000 + np.arange(200)).all()


def test_mixture_reaches_the_named_share_and_depends_on_the_seed():
    x, other = np.arange(80), 1000 + np.arange(300)
    first, again, unlike = (mix_images(x, other, clean=0.8, seed=s) for s in (0, 0, 1))
    assert first.is_clean.mean() == 0.8
    assert (first.x == again.x).all() and (first.is_clean != unlike.is_clean).any()
    assert not first.is_clean[:80].all()  # the others are not all at the end


@pytest.mark.parametrize(
    "x, other, clean, words",
    [
        (np.zeros((4, 1, 8, 8)), np.zeros((4, 1, 16, 16)), 0.5, "one shape and dtype"),
        (np.zeros((4, 2), np.uint8), np.zeros((4, 2)), 0.5, "one shape and dtype"),
        (np.zeros(4), np.zeros(4), 0, r"clean must lie in \(0, 1\]"),
        (np.zeros(4), np.zeros(4), 1.5, r"clean must lie in \(0, 1\]"),
        (np.zeros(4), np.zeros(3), 0.5, "needs 4 others; got 3"),
        (np.zeros(0), np.zeros(3), 0.5, "there must be an image to mix with"),
    ],
)
def test_bad_mixtures_are_told(x, other, clean, words):
    with pytest.raises(InputError, match=words):
        mix_images(x, other, clean=clean, seed=0)
