"""Beam search compared with an exhaustive search."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.beam_search import BeamSearch

SIZE = 6


@pytest.fixture
def language():
    """log p of the first item `(4, SIZE)`, and of an item after the two before `(4, 6, 6, 6)`."""
    random = np.random.default_rng(0)

    def log_p(*shape):
        return np.log(random.dirichlet(np.full(SIZE, 0.5), shape) + 1e-6).astype("float32")

    return log_p(4), log_p(4, SIZE, SIZE)


def stepping(after):
    """`step` for a language of trigrams; the state is the number of the query and the last item."""

    def step(rows, state):
        query, before = state[..., 0], state[..., 1]
        places = (query * SIZE + before) * SIZE + rows
        following = ops.take(ops.reshape(after, (-1, SIZE)), places, axis=0)
        return following, ops.stack([query, rows], axis=-1)

    return step


def searched(first, after, beams, steps, barred=()):
    """The result of the layer; item 0 precedes the first item."""
    first = first.copy()
    first[:, list(barred)] = -np.inf
    state = np.stack([np.arange(len(first)), np.zeros(len(first))], axis=1).astype("int32")
    found = BeamSearch(beams, steps)(first, state, step=stepping(after))
    return ops.convert_to_numpy(found["rows"]), ops.convert_to_numpy(found["scores"])


def allowed_only(log_p, allowed):
    return log_p - np.logaddexp.reduce(log_p[list(allowed)])


def brute(first, after, query, steps, barred=()):
    """The best of all sequences without repeats, and its log q."""
    best, allowed = (-np.inf, ()), set(range(SIZE)) - set(barred)
    for items in itertools.permutations(sorted(allowed), steps):
        score, before, left = 0.0, 0, set(allowed)
        for j, item in enumerate(items):
            log_p = after[query, before, items[j - 1]] if j else first[query]
            score += allowed_only(log_p, left)[item]
            before = items[j - 1] if j else 0
            left.remove(item)
        best = max(best, (score, items))
    return best


def log_p_of(first, after, query, items):
    """log p of a sequence up to each item."""
    total, before = [first[query, items[0]]], 0
    for last, item in itertools.pairwise(items):
        total.append(total[-1] + after[query, before, last, item])
        before = last
    return total


@pytest.mark.parametrize("barred", [(), (1, 4)])
@pytest.mark.parametrize("steps", [1, 2])
def test_as_many_beams_as_rows_find_the_best_pair(language, steps, barred):
    rows, _ = searched(*language, SIZE, steps, barred)
    for query in range(4):
        assert tuple(rows[query]) == brute(*language, query, steps, barred)[1]


@pytest.mark.parametrize("beams", [1, 3, SIZE])
def test_the_scores_are_log_p_of_the_sequence(language, beams):
    rows, scores = searched(*language, beams, 4, barred=[3])
    for query, items in enumerate(rows):
        np.testing.assert_allclose(scores[query], log_p_of(*language, query, items), atol=1e-5)


def test_excluded_items_have_no_probability():
    """Item 2 follows 0 and is excluded; unlikely items follow 1 with high probability."""
    first = np.log(np.array([[0.9, 0.05, 0.05, 1e-3, 1e-3, 1e-3]], "float32"))
    after = np.log(np.full((1, SIZE, SIZE, SIZE), 1e-4, "float32"))
    after[:, :, 0, 2] = np.log(0.99)
    after[:, :, 1, 3] = np.log(0.99)
    rows, scores = searched(first, after, SIZE, 2, barred=[2])
    assert rows[0, 0] == 0
    assert scores[0].tolist() == pytest.approx([np.log(0.9), np.log(0.9) + np.log(1e-4)])


def test_one_beam_is_greedy(language):
    first, after = language
    rows, scores = searched(first, after, 1, 3)
    for query in range(4):
        before, last, total, seen = 0, int(first[query].argmax()), first[query].max(), set()
        for j in range(3):
            assert rows[query, j] == last
            assert scores[query, j] == pytest.approx(total, abs=1e-5)
            seen.add(last)
            following = after[query, before, last].copy()
            following[list(seen)] = -np.inf
            before, last, total = last, int(following.argmax()), total + following.max()


def test_more_beams_find_better_pairs(language):
    greedy, exact = (searched(*language, beams, 2)[0] for beams in (1, SIZE))
    assert (greedy != exact).any()


def test_no_item_is_decoded_twice(language):
    first, _ = language
    again = np.full((4, SIZE, SIZE, SIZE), np.log(0.01), "float32")
    again[:, :, np.arange(SIZE), np.arange(SIZE)] = np.log(0.95)
    rows, scores = searched(first, again, 4, 5)
    assert all(len(set(row)) == 5 for row in rows)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_excluded_item_is_never_decoded(language):
    rows, _ = searched(*language, 4, 4, barred=(0, 3))
    assert not np.isin(rows, [0, 3]).any()


def test_row_0_and_minus_infinity_when_no_item_is_left(language):
    rows, scores = searched(*language, 3, 4, barred=(0, 1, 2, 5))
    assert [sorted(row[:2]) for row in rows.tolist()] == [[3, 4]] * 4
    assert (rows[:, 2:] == 0).all() and (scores[:, 2:] == -np.inf).all()
    assert np.isfinite(scores[:, :2]).all()
    nothing = searched(*language, 3, 2, barred=range(SIZE))
    assert (nothing[0] == 0).all() and (nothing[1] == -np.inf).all()


def test_the_same_in_a_graph_of_any_batch(language):
    import tensorflow as tf

    first, after = language
    expected = searched(first, after, 4, 3)
    state = np.stack([np.arange(4), np.zeros(4)], axis=1).astype("int32")
    layer = BeamSearch(4, 3)

    @tf.function(input_signature=[tf.TensorSpec((None, SIZE)), tf.TensorSpec((None, 2), tf.int32)])
    def graph(scores, state):
        return layer(scores, state, step=stepping(after))

    found = graph(first, state)
    np.testing.assert_array_equal(found["rows"], expected[0])
    np.testing.assert_allclose(found["scores"], expected[1], atol=1e-6)


def test_config_and_shapes():
    layer = BeamSearch(3, 2, dtype="mixed_float16")
    again = BeamSearch.from_config(layer.get_config())
    assert (again.beams, again.steps) == (3, 2)
    found = layer(keras.Input((9,)), keras.Input((4,)), step=None)
    assert found["rows"].shape == found["scores"].shape == (None, 2)
    assert (found["rows"].dtype, found["scores"].dtype) == ("int32", "float32")


@pytest.mark.parametrize("beams,steps", [(0, 3), (4, 0)])
def test_wrong_sizes_are_refused(beams, steps):
    with pytest.raises(InputError, match="expected at least 1, received 0"):
        BeamSearch(beams, steps)
