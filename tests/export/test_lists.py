"""Lists in the served graph agree with Python's, and none is as wide as the longest for all."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

from kerasrec.export import lists
from kerasrec.export.search import ExactIndex, IVFIndex, search_allowed


def make(rng, batch, longest, low=0, high=50):
    values = [rng.integers(low, high, rng.integers(longest + 1)) for _ in range(batch)]
    splits = np.cumsum([0, *map(len, values)]).astype("int32")
    flat = np.concatenate([*values, np.zeros(0)]).astype("int32")
    return [one.tolist() for one in values], tf.RaggedTensor.from_row_splits(flat, splits)


@pytest.mark.parametrize("batch", [0, 1, 9])
def test_lists_agree_with_python(batch):
    rng = np.random.default_rng(batch)
    left, ours = make(rng, batch, 5)
    right, theirs = make(rng, batch, 3)
    assert lists.joined(ours, theirs).to_list() == [a + b for a, b in zip(left, right, strict=True)]
    owners = [query for query, one in enumerate(left) for _ in one]
    assert lists.owners(ours).numpy().tolist() == owners
    odd = lists.chosen(ours, ours.values % 2 == 1)
    assert odd.to_list() == [[x for x in one if x % 2] for one in left]
    width = max([1, *(min(3, len(one)) for one in left)])
    expected = [one[-3:] + [0] * (width - len(one[-3:])) for one in left]
    assert lists.last(ours, 3).numpy().tolist() == expected
    expected = [(one + [0] * 3)[:3] for one in left]
    assert lists.first(ours, 3).numpy().tolist() == expected
    picked = rng.integers(0, batch, 4) if batch else np.zeros(0, int)
    assert lists.take(ours, picked).to_list() == [left[query] for query in picked]
    assert lists.no_lists(batch, tf.int32).to_list() == [[]] * batch


@pytest.fixture(scope="module")
def indices():
    rng = np.random.default_rng(0)
    vectors, queries = rng.normal(size=(300, 4)).astype("float32"), rng.normal(size=(60, 4))
    ivf = IVFIndex.build(vectors, queries.astype("float32"), recall=0.5, k=5)
    return {"exact": ExactIndex(vectors), "ivf": ivf}


@pytest.mark.parametrize("kind", ["exact", "ivf"])
def test_a_search_without_lists_finds_the_same_as_with_padding(indices, kind):
    rng = np.random.default_rng(1)
    values, exclude = make(rng, 12, 40, low=2, high=300)
    padded = np.zeros((12, 40), "int32")
    for row, one in enumerate(values):
        padded[row, : len(one)] = one
    allow = np.zeros((12, 6), "int32")
    allow[:4] = rng.integers(2, 300, (4, 6))
    queries = tf.constant(rng.normal(size=(12, 4)), tf.float32)
    ours, theirs = (
        search_allowed(indices[kind], queries, 5, each, tf.constant(allow))
        for each in (exclude, tf.constant(padded))
    )
    np.testing.assert_array_equal(ours["rows"], theirs["rows"])
    np.testing.assert_array_equal(ours["scores"], theirs["scores"])
    for row, one in enumerate(values):
        assert not {*one} & {*ours["rows"][row].numpy().tolist()}


def largest_output(run):
    """Numbers in the largest tensor that an operation makes."""
    sizes = []

    def see(op_type, inputs, attrs, outputs, op_name=None, graph=None):
        sizes.extend(int(np.prod(x.shape)) for x in outputs if x.shape.rank is not None)

    op_callbacks.add_op_callback(see)
    try:
        run()
    finally:
        op_callbacks.remove_op_callback(see)
    return max(sizes)


def test_nothing_is_as_wide_as_the_longest_list():
    queries, long, length = 200, 20_000, 7
    rng = np.random.default_rng(0)
    sizes = np.r_[np.full(queries - 1, 3), long]
    splits = np.r_[0, np.cumsum(sizes)].astype("int32")
    rows = tf.constant(rng.integers(2, 300, sizes.sum()), tf.int32)
    seen = tf.RaggedTensor.from_row_splits(rows, splits)
    index = ExactIndex(rng.normal(size=(300, 2)).astype("float32"))
    asked = tf.zeros((queries, 2))

    def run():
        both = lists.joined(lists.as_lists(tf.ones((queries, 2), tf.int32)), seen)
        both = lists.chosen(both, both.values > 1)
        assert lists.last(both, length).shape == (queries, length)
        search_allowed(index, asked, 5, both, tf.zeros((queries, 1), tf.int32))

    # Padded to the longest they would be 4 million; pairs of a query and a row are two numbers.
    assert largest_output(run) < 3 * (sizes.sum() + queries * 300)
