import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasrec.layers.all_candidates as module
from kerasrec.layers import AllCandidates, EmbeddingTable, JointScorer
from kerasrec.losses import Softmax

ITEMS = 9
TABLE = np.random.default_rng(0).normal(size=(ITEMS, 3)).astype("float32")
QUERY = np.random.default_rng(1).normal(size=(6, 3)).astype("float32")
ITEM = np.array([2, 8, 5, 5, 3, 2])


def ours(query, table, item):
    logits = AllCandidates(ITEMS)(query, item, item_model=lambda rows: tf.gather(table, rows))
    return Softmax()(np.ones(len(item)), logits)


def plain(query, table, item):
    """Keras's cross entropy over the logits of the real items."""
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
def test_padding_target_has_no_loss_and_no_gradient(row):
    query = tf.Variable(QUERY[:2])
    with tf.GradientTape() as tape:
        loss = ours(query, tf.constant(TABLE), np.array([row, row]))
    assert float(loss) == 0.0
    np.testing.assert_array_equal(tape.gradient(loss, query), np.zeros((2, 3)))


def test_single_item_has_no_loss():
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
    """Minus the sum of log softmax over each query's items, in NumPy."""
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


def test_set_has_the_logits_of_its_items():
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


WIDE = np.random.default_rng(2).normal(size=(150, 3)).astype("float32")
STEPS = np.array([[2, 149, 66, 0], [67, 1, 0, 0], [0, 0, 0, 0]])


def wide_layer(steps=STEPS):
    """148 items in chunks of at most 50, items 9 and 66 without any interaction."""
    layer = AllCandidates(150)
    queries = np.random.default_rng(3).normal(size=(*steps.shape, 3)).astype("float32")
    layer.adapt(np.where(np.isin(np.arange(150), [9, 66]), 0, 1))
    return layer, queries


def expected_columns(queries, steps):
    """The formula in float64; items absent from training are no negatives."""
    logits = np.float64(queries) @ np.float64(WIDE.T)
    columns = np.zeros((*steps.shape, 2))
    for place in np.ndindex(steps.shape):
        held = np.setdiff1d(np.arange(2, 150), [9, 66, steps[place]])
        columns[place] = logits[(*place, steps[place])], np.log(np.exp(logits[place][held]).sum())
    columns[steps < 2] = 0.0, -1e9
    return columns


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_chunks_of_items_and_steps_without_a_target(monkeypatch, jit_compile):
    monkeypatch.setattr(module, "ITEMS_PER_CHUNK", 50)
    layer, queries = wide_layer()
    sizes = []

    def item_model(rows):
        sizes.append(rows.shape)
        return tf.gather(WIDE, rows)

    call = tf.function(
        lambda query, item: layer(query, item, item_model=item_model),
        input_signature=[tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, None), "int32")],
        jit_compile=jit_compile,
    )
    np.testing.assert_allclose(call(queries, STEPS), expected_columns(queries, STEPS), atol=1e-5)
    assert sizes == [(192,)]
    nothing = np.zeros((2, 4), "int32")
    np.testing.assert_array_equal(
        call(queries[:2], nothing), np.tile([0.0, -1e9], (2, 4, 1)).astype("float32")
    )


def test_only_steps_with_a_target_are_computed(monkeypatch):
    seen = []
    real = module.chunked_logits

    def watched(queries, *rest):
        seen.append(len(queries))
        return real(queries, *rest)

    layer, queries = wide_layer()
    monkeypatch.setattr(module, "chunked_logits", watched)
    layer(queries, STEPS, item_model=lambda rows: tf.gather(WIDE, rows))
    assert seen == [4]


def test_a_scorer_gives_what_the_dot_product_gives():
    query, candidate = keras.Input((3,), name="query"), keras.Input((3,), name="candidate")
    dot = keras.ops.sum(query * candidate, axis=-1, keepdims=True)
    scorer = JointScorer(keras.Model({"query": query, "candidate": candidate}, dot))
    layer, queries = wide_layer()
    found = layer(queries, STEPS, item_model=lambda rows: tf.gather(WIDE, rows), scorer=scorer)
    np.testing.assert_allclose(found, expected_columns(queries, STEPS), atol=1e-5)
    for given in ({"scorer": scorer}, {}):  # nothing but padding, and no graph to hide it
        columns = layer(
            queries[:1], STEPS[2:], item_model=lambda rows: tf.gather(WIDE, rows), **given
        )
        np.testing.assert_array_equal(columns, np.float32([[[0.0, -1e9]] * 4]))


def fitted(policy, jit_compile, steps=STEPS):
    """Weights of a table that is query and item side at once, after two epochs."""
    keras.utils.set_random_seed(0)
    table = EmbeddingTable(150, 3, initial_values=WIDE, dtype=policy)
    history = keras.Input((None,), dtype="int32", name="history")
    item = keras.Input((None,), dtype="int32", name="item")
    logits = AllCandidates(150, dtype=policy)(table(history), item, item_model=table)
    model = keras.Model({"history": history, "item": item}, logits)
    model.compile(keras.optimizers.SGD(1.0), Softmax(), jit_compile=jit_compile)
    x = {"history": np.roll(steps, 1, axis=0), "item": steps}
    losses = model.fit(x, np.ones(steps.shape), 2, 2, shuffle=False, verbose=0).history["loss"]
    return table.get_weights()[0], losses


@pytest.mark.slow
def test_fit_with_chunks_equals_fit_without(monkeypatch):
    whole, losses = fitted("float32", False)
    assert losses[1] < losses[0] and np.abs(whole - WIDE).max() > 1e-3
    monkeypatch.setattr(module, "ITEMS_PER_CHUNK", 50)
    np.testing.assert_allclose(fitted("float32", False)[0], whole, rtol=0, atol=1e-6)
    np.testing.assert_allclose(fitted("float32", True)[0], whole, rtol=0, atol=1e-6)
    # Three digits of 2 ** -11: the rows that are read are rounded to half precision.
    np.testing.assert_allclose(fitted("mixed_float16", False)[0], whole, rtol=0, atol=5e-3)
