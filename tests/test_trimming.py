import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from itlm_kit import InputError, num_kept, trim

# Few distinct values, so that ties are common.
few_values = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0, np.inf])
loss_rows = hnp.arrays(float, st.integers(1, 8), elements=few_values)


@st.composite
def rows_with_k(draw):
    losses = draw(loss_rows)
    return losses, draw(st.integers(1, losses.size))


@pytest.mark.parametrize(
    "alpha, n, k", [(0.29, 100, 29), (0.6 - 0.05, 1000, 550), (1, 7, 7), (0.5, 7, 3), (1e-3, 1000, 1)]
)
def test_num_kept_by_hand(alpha, n, k):
    assert num_kept(alpha, n) == k


@given(st.integers(1, 2000), st.data())
def test_num_kept_inverts_its_share(n, data):
    k = data.draw(st.integers(1, n))
    assert num_kept(k / n, n) == k


@given(rows_with_k())
def test_kept_sum_is_the_minimum_over_subsets(case):
    losses, k = case
    best = min(sum(subset) for subset in itertools.combinations(losses, k))
    kept = trim(losses, k)
    assert kept.sum() == k and losses[kept].sum() == best


@given(rows_with_k())
def test_ties_go_to_the_lower_index(case):
    losses, k = case
    expected = np.zeros(losses.size, bool)
    expected[np.argsort(losses, kind="stable")[:k]] = True
    np.testing.assert_array_equal(trim(losses, k), expected)


@given(st.permutations(range(8)), st.integers(1, 8))
def test_permuting_samples_permutes_the_mask(order, k):
    losses = np.array([0.3, -1, 2, 0.1, 7, 5, -4, 0.2])
    np.testing.assert_array_equal(trim(losses[list(order)], k), trim(losses, k)[list(order)])


@given(hnp.arrays(float, (2, 3, 5), elements=few_values), st.integers(1, 5))
def test_batches_equal_one_by_one(losses, k):
    kept = trim(losses, k)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_array_equal(kept[i, j], trim(losses[i, j], k))


@given(hnp.arrays(float, (3, 6), elements=few_values), st.integers(1, 6))
def test_torch_equals_numpy(losses, k):
    kept = trim(torch.from_numpy(losses), k)
    assert kept.dtype == torch.bool
    np.testing.assert_array_equal(kept.numpy(), trim(losses, k))


def test_whole_numbers_and_lists_are_losses_too():
    assert trim([3, 1, 2], 2).tolist() == [False, True, True]
    assert trim(torch.tensor([3, 1, 2]), 2).tolist() == [False, True, True]


@pytest.mark.gpu
def test_mask_stays_on_the_device():
    losses = torch.tensor([[3.0, 1, 1, 2]], device="cuda")
    kept = trim(losses, 2)
    assert kept.device == losses.device and kept.tolist() == [[False, True, True, False]]


@pytest.mark.parametrize("alpha", [0, -0.1, 1.3, float("nan"), "0.5", None, True])
def test_alpha_out_of_range(alpha):
    with pytest.raises(InputError, match=r"alpha must lie in \(0, 1\]; got .*e\.g\. 0\.65"):
        num_kept(alpha, 10)


def test_alpha_that_keeps_nothing_names_the_smallest_that_works():
    with pytest.raises(InputError, match=r"alpha=0\.333 of n=3\. Use alpha >= 1/3"):
        num_kept(0.333, 3)
    assert num_kept(1 / 3, 3) == 1


@pytest.mark.parametrize("n", [0, -3, 2.5, "ten"])
def test_n_must_be_a_count(n):
    with pytest.raises(InputError, match="n must be a whole number"):
        num_kept(0.5, n)


@pytest.mark.parametrize("k", [0, 4, 1.5, None])
def test_k_out_of_range(k):
    with pytest.raises(InputError, match="k must"):
        trim([1.0, 2, 3], k)


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_nan_is_named_by_its_sample(make):
    with pytest.raises(InputError, match="sample 2 is"):
        trim(make([[0.0, 1, 2, 3], [0.0, 1, float("nan"), 3]]), 2)


@pytest.mark.parametrize("losses", [["b", "a"], [1j, 2], [None, 1], [[1, 2], [3]]])
def test_losses_that_are_no_real_numbers(losses):
    with pytest.raises(InputError, match="losses must"):
        trim(losses, 1)


@pytest.mark.parametrize("losses", [np.empty(0), np.empty((3, 0)), np.float64(1.0), torch.empty(0)])
def test_empty_losses(losses):
    with pytest.raises(InputError, match="at least one sample"):
        trim(losses, 1)
