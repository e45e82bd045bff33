import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrec.layers import AllCandidates
from kerasrec.losses import Softmax

ITEMS = 9
TABLE = np.random.default_rng(0).normal(size=(ITEMS, 3)).astype("float32")
QUERY = np.random.default_rng(1).normal(size=(6, 3)).astype("float32")
ITEM = np.array([2, 8, 5, 5, 3, 2])


def ours(query, table, item):
    logits = AllCandidates(ITEMS)(query, item, item_model=lambda rows: tf.gather(table, rows))
    return Softmax()(np.ones(len(item)), logits)


def plain(query, table, item):
    """The stock cross entropy over the logits of the real items."""
    logits = tf.matmul(query, table[2:], transpose_b=True)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(item - 2, logits)


@pytest.mark.parametrize("scale", [0.01, 1.0, 4.0, 30.0])
def test_loss_and_gradient_are_those_of_the_full_softmax(scale):
    """At scale 30 single items hold all the mass, and logits go to hundreds."""
    query, table = tf.Variable(QUERY * scale), tf.Variable(TABLE)
    results = []
    for function in (ours, plain):
        with tf.GradientTape() as tape:
            loss = function(query, table, ITEM)
        gradients = tape.gradient(loss, [query, table])
        results.append([loss, *map(tf.convert_to_tensor, gradients)])
    for mine, stock in zip(*results, strict=True):
        np.testing.assert_allclose(mine, stock, rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.parametrize("row", [0, 1])
def test_a_target_that_is_no_item_has_no_loss_and_no_gradient(row):
    query = tf.Variable(QUERY[:2])
    with tf.GradientTape() as tape:
        loss = ours(query, tf.constant(TABLE), np.array([row, row]))
    assert float(loss) == 0.0
    np.testing.assert_array_equal(tape.gradient(loss, query), np.zeros((2, 3)))


def test_one_single_item_is_certain():
    table = tf.constant(TABLE[:3])
    query = tf.Variable(QUERY[:1])
    layer = AllCandidates(3)
    with tf.GradientTape() as tape:
        logits = layer(query, np.array([2]), item_model=lambda rows: tf.gather(table, rows))
        loss = Softmax()(np.ones(1), logits)
    np.testing.assert_allclose(loss, 0.0, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, query), np.zeros((1, 3)), atol=1e-6)


def test_the_item_model_runs_once_on_every_real_item():
    calls = []

    def item_model(rows):
        calls.append(np.asarray(rows))
        return TABLE[rows]

    AllCandidates(ITEMS)(QUERY, ITEM, item_model=item_model)
    assert [call.tolist() for call in calls] == [list(range(2, ITEMS))]


SETS = np.array([[2, 8, 5], [5, 0, 0], [0, 0, 0], [3, 4, 6], [7, 1, 2], [8, 0, 0]])


def of_sets(query, table):
    logits = AllCandidates(ITEMS)(query, SETS, item_model=lambda rows: tf.gather(table, rows))
    return Softmax(reduction="sum")(np.ones(SETS.shape), logits)


def multinomial(query, table):
    """- sum over each query's items of log softmax, written out."""
    logits = tf.nn.log_softmax(tf.matmul(query, table[2:], transpose_b=True))
    counts = np.array([np.bincount(row, minlength=ITEMS)[2:] for row in SETS], "float32")
    return -tf.reduce_sum(counts * logits)


@pytest.mark.parametrize("scale", [0.01, 1.0, 4.0])
def test_several_items_of_one_query_are_a_multinomial(scale):
    query, table = tf.Variable(QUERY * scale), tf.Variable(TABLE)
    results = []
    for function in (of_sets, multinomial):
        with tf.GradientTape() as tape:
            loss = function(query, table)
        gradients = tape.gradient(loss, [query, table])
        results.append([loss, *map(tf.convert_to_tensor, gradients)])
    for mine, written in zip(*results, strict=True):
        np.testing.assert_allclose(mine, written, rtol=1e-5, atol=2e-5 * scale)


def test_a_set_has_the_logits_of_its_items_one_by_one():
    layer = AllCandidates(ITEMS)
    layer(QUERY, SETS, item_model=lambda rows: TABLE[rows])
    layer.adapt(np.array([0, 0, 3, 1, 0, 2, 1, 1, 1]))
    together = layer(QUERY, SETS, item_model=lambda rows: TABLE[rows])
    assert together.shape == (6, 3, 2)
    for place in range(3):
        alone = layer(QUERY, SETS[:, place], item_model=lambda rows: TABLE[rows])
        real = SETS[:, place] > 1
        np.testing.assert_allclose(together[:, place][real], alone[real], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(np.array(together)[SETS < 2], [[0.0, -1e9]] * (SETS < 2).sum())
