import numpy as np
import pytest

from itlm_kit.glm.gram import KeptGram, Untrusted


def gram_of(x, y):
    gram = KeptGram(np.ascontiguousarray(x))
    gram.outputs = y
    gram.start(everything=True)
    return gram


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return rng.standard_normal((60, 4)), rng.standard_normal(60)


def least_squares(x, y, kept):
    return np.linalg.lstsq(x[kept], y[kept], rcond=None)[0]


@pytest.mark.parametrize("everything", [True, False])
def test_any_walk_over_sets_ends_at_least_squares(table, everything):
    x, y = table
    gram = gram_of(x, y)
    gram.start(everything)
    rng = np.random.default_rng(1)
    for _ in range(20):
        kept = rng.random(60) < rng.random() * 0.7 + 0.3
        gram.move_to(kept)
        np.testing.assert_allclose(gram.solve(), least_squares(x, y, kept), atol=1e-13)


@pytest.mark.parametrize("spoil", ["features", "outputs"])
def test_a_huge_row_leaves_nothing_behind(table, spoil):
    x, y = table
    (x if spoil == "features" else y)[7] *= 1e9
    kept = np.arange(60) != 7
    gram = gram_of(x, y)
    gram.move_to(kept)
    np.testing.assert_allclose(gram.solve(), least_squares(x, y, kept), atol=1e-13)


def test_rounding_does_not_pile_up_over_many_moves(table):
    x, y = table
    x[:10] *= 10  # not enough to count as cancelled when they leave
    gram, rng, kept = gram_of(x, y), np.random.default_rng(0), np.ones(60, bool)
    for _ in range(5000):
        kept = kept.copy()
        kept[:10] = rng.random(10) < 0.5
        gram.move_to(kept)
    last = np.arange(60) >= 10
    gram.move_to(last)
    np.testing.assert_allclose(gram.solve(), least_squares(x, y, last), atol=6e-15)


def test_nearly_equal_columns_are_not_trusted(table):
    x, y = table
    x[:, 3] = x[:, 2] + 1e-5 * x[:, 3]
    with pytest.raises(Untrusted):
        gram_of(x, y).solve()


def test_dependence_that_no_single_column_shows_is_not_trusted():
    # Every column keeps a seventh of its own beside those before it, yet together they are all but dependent.
    triangle = np.eye(40) - 0.4 * np.triu(np.ones((40, 40)), 1)
    x = np.linalg.qr(np.random.default_rng(0).standard_normal((200, 40)))[0] @ triangle
    gram = gram_of(x, np.ones(200))
    gram.solve()
    with pytest.raises(Untrusted):
        gram.check_condition()


def test_units_do_not_matter_for_trust(table):
    x, y = table
    gram = gram_of(x * [1e-6, 1, 1e3, 1e9], y)
    gram.solve()
    gram.check_condition()
