import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from itlm_kit import InputError, num_kept, trim, trim_groups, trimmed_mean

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


def test_whole_numbers_lists_and_bool_are_losses_too():
    assert trim([3, 1, 2], 2).tolist() == [False, True, True]
    assert trim(torch.tensor([3, 1, 2]), 2).tolist() == [False, True, True]
    assert trim([3, 1, 2], lambda n: n // 2 + 1).tolist() == [False, True, True]
    assert trim([True, False, True], 2).tolist() == trim(torch.tensor([True, False, True]), 2).tolist() == [1, 1, 0]


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


@pytest.mark.parametrize("bad", [torch.tensor([1j, 2]), [torch.ones(2, requires_grad=True)] * 2])
def test_tensors_that_are_no_losses(bad):
    with pytest.raises(InputError, match="losses must (be real numbers|have one shape)"):
        trim(bad, 1)


def test_a_masked_loss_is_named_and_none_masked_is_fine():
    with pytest.raises(InputError, match=r"losses must have no value masked; sample 1 is. .*fill it in: .filled"):
        trim(np.ma.masked_array([3.0, -1, 2], [0, 1, 0]), 1)
    assert trim(np.ma.masked_array([3.0, -1, 2]), 1).tolist() == [False, True, False]


# --- within groups


@st.composite
def grouped_rows(draw):
    losses = draw(loss_rows)
    labels = st.sampled_from(["ant", "bee", "cow"])
    return losses, draw(st.lists(labels, min_size=losses.size, max_size=losses.size))


shares = st.floats(0.01, 1)


def kept_by_plain_python(losses, alpha, groups):
    kept = [False] * len(losses)
    for group in set(groups):
        members = [i for i, label in enumerate(groups) if label == group]
        for i in sorted(members, key=lambda i: losses[i])[: max(1, int(alpha * len(members) + 1e-9))]:
            kept[i] = True
    return kept


def test_groups_by_hand():
    # Of cats 4, 1, 1, 9 two are kept; of dogs 7, 8 one; the hen is kept, though half of one sample is none.
    losses, groups = [4.0, 7, 1, 8, 1, 9, 50], ["cat", "dog", "cat", "dog", "cat", "cat", "hen"]
    assert trim_groups(losses, 0.5, groups).tolist() == [False, True, True, False, True, False, True]
    assert trim_groups(losses, 0.25, groups).tolist() == [False, True, True, False, False, False, True]  # a tie


@given(grouped_rows(), shares)
def test_groups_equal_plain_python_in_both_libraries(case, alpha):
    losses, groups = case
    expected = kept_by_plain_python(losses, alpha, groups)
    assert trim_groups(losses, alpha, groups).tolist() == expected
    kept = trim_groups(torch.from_numpy(losses), alpha, groups)
    assert kept.dtype == torch.bool and kept.tolist() == expected


@given(loss_rows, shares)
def test_one_group_is_all_and_a_group_of_one_is_kept(losses, alpha):
    k = num_kept(alpha, losses.size, least=1)
    np.testing.assert_array_equal(trim_groups(losses, alpha, np.zeros(losses.size)), trim(losses, k))
    assert trim_groups(losses, alpha, np.arange(losses.size)).all()


@given(st.permutations(range(8)), shares)
def test_permuting_samples_and_groups_permutes_the_mask(order, alpha):
    losses, groups = np.array([0.3, -1, 2, 0.1, 7, 5, -4, 0.2]), np.array(list("aabcabca"))
    moved = trim_groups(losses[list(order)], alpha, groups[list(order)])
    np.testing.assert_array_equal(moved, trim_groups(losses, alpha, groups)[list(order)])


@given(hnp.arrays(float, (2, 3, 6), elements=few_values), shares)
def test_batches_in_groups_equal_one_by_one(losses, alpha):
    groups = [1, 0, 1, 1, 0, 1]
    kept = trim_groups(losses, alpha, groups)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_array_equal(kept[i, j], trim_groups(losses[i, j], alpha, groups))
    assert (kept[..., [1, 4]].sum(-1) == num_kept(alpha, 2, least=1)).all()


@pytest.mark.parametrize(
    "groups",
    [[2, 2, 7, 7], [0.5, 0.5, -1, -1], [True, True, False, False], torch.tensor([3, 3, 0, 0]), (b"b", b"b", b"a", b"a"),
     pd.Series(["x", "x", "y", "y"], index=[9, 8, 7, 6]), pd.Categorical(["y", "y", "x", "x"])],
)  # fmt: skip
def test_labels_of_any_kind(groups):
    assert trim_groups([4.0, 3, 2, 1], 0.5, groups).tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    "groups, words",
    [
        ([0, 1, None, 1], "groups must not be missing; got none in row 2, counted from 0. Label these, or drop them"),
        (["a", "b", None, "b"], "got none in row 2"),
        ([0, 1, 0, np.nan], "got none in row 3"),
        (pd.Series(["a", pd.NA, "b", "b"], dtype="string"), "got none in row 1"),
        (np.ma.masked_array([0, 1, 1, 0], [1, 0, 0, 0]), "got none in row 0"),
        ([0, 1, 1], "groups must have one label per sample, 4; got 3"),
        ("abcd", r"groups must hold one label per sample, shape \(n,\); got shape \(\)"),
        (np.eye(4), r"groups must hold one label per sample, shape \(n,\); got shape \(4, 4\)"),
        ([[1], [2], [1, 2], [3]], "groups must be text, numbers or the like; got a list"),
        ([1, 1, "1", "1"], "groups must be of one kind; got 1, a number, and in row 2, counted from 0, '1', a text"),
    ],
)
def test_bad_groups(groups, words):
    for losses in (np.arange(4.0), torch.arange(4.0)):
        with pytest.raises(InputError, match=words):
            trim_groups(losses, 0.5, groups)


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_nan_in_a_group_is_named_by_its_place_among_all(make):
    with pytest.raises(InputError, match="sample 3 is"):
        trim_groups(make([0.0, 1, 2, float("nan")]), 0.5, [0, 1, 0, 1])


def test_alpha_of_groups_out_of_range():
    with pytest.raises(InputError, match="alpha must lie in"):
        trim_groups([1.0, 2], 1.5, [0, 1])


# --- the mean of a batch


def test_trimmed_mean_by_hand():
    losses = [8.0, 1, 3, 2]
    assert trimmed_mean(losses, 0.75) == 2 and trimmed_mean(losses, 0.5) == 1.5 and trimmed_mean(losses, 0.1) == 1
    for make in (list, torch.tensor):
        assert trimmed_mean(make([[8, 1], [3, 5]]), 0.5).tolist() == [1, 3]


@given(hnp.arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 7)), elements=few_values), shares)
def test_trimmed_mean_equals_plain_python_in_both_libraries(losses, alpha):
    k = max(1, int(alpha * losses.shape[1] + 1e-9))
    expected = [sum(sorted(row)[:k]) / k for row in losses.tolist()]
    np.testing.assert_allclose(trimmed_mean(losses, alpha), expected)
    np.testing.assert_allclose(trimmed_mean(torch.from_numpy(losses), alpha).numpy(), expected)
    np.testing.assert_allclose(trimmed_mean(losses[0], alpha), expected[0])


@given(hnp.arrays(float, (2, 6), elements=few_values), shares)
def test_its_gradient_is_one_kth_for_the_kept_alone(losses, alpha):
    tensor = torch.tensor(losses, requires_grad=True)
    trimmed_mean(tensor, alpha).sum().backward()
    k = num_kept(alpha, 6, least=1)
    np.testing.assert_allclose(tensor.grad, trim(losses, k) / k)


def test_keeping_all_is_the_mean_to_the_bit():
    losses = torch.rand(1000, generator=torch.Generator().manual_seed(0))
    assert trimmed_mean(losses, 1) == losses.mean()


def test_a_step_of_sgd_goes_down_the_kept_losses_alone():
    torch.manual_seed(0)
    x, y = torch.randn(50, 3), torch.randint(4, (50,))
    model, twin = torch.nn.Linear(3, 4), torch.nn.Linear(3, 4)
    twin.load_state_dict(model.state_dict())
    losses = torch.nn.functional.cross_entropy(model(x), y, reduction="none")
    trimmed_mean(losses, 0.7).backward()
    small = losses.detach().argsort()[:35]
    torch.nn.functional.cross_entropy(twin(x[small]), y[small]).backward()
    torch.testing.assert_close(model.weight.grad, twin.weight.grad)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_mean_keeps_its_dtype_and_does_not_overflow(dtype):
    mean = trimmed_mean(torch.full((4000,), 30.0, dtype=dtype), 0.9)
    assert mean.dtype == dtype and mean == 30


@pytest.mark.parametrize(
    "losses, alpha, words",
    [
        ([1.0, 2], 1.3, r"alpha must lie in \(0, 1\]; got 1.3"),
        ([1.0, float("nan")], 0.5, "sample 1 is"),
        ([], 0.5, "at least one sample"),
        (3.0, 0.5, "at least one sample"),
        (["a"], 0.5, "losses must be real numbers"),
    ],
)
def test_a_mean_of_bad_losses(losses, alpha, words):
    with pytest.raises(InputError, match=words):
        trimmed_mean(losses, alpha)
