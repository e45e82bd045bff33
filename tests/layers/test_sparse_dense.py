import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrec.errors import InputError
from kerasrec.layers import SparseDense

ROWS = np.array([[3, 1, 0, 4], [0, 0, 0, 0], [0, 2, 2, 5]])
WEIGHTS = np.array([[0.5, -1.0, 9.0, 2.0], [1.0, 1.0, 1.0, 1.0], [7.0, 1.0, 0.5, -3.0]], "float32")


def written_out():
    x = np.zeros((3, 6), "float32")
    for row, places in enumerate(ROWS):
        np.add.at(x[row], places, WEIGHTS[row])
    x[:, 0] = 0
    return x


def test_equals_dense_on_the_dense_input():
    layer, dense = SparseDense(6, 4, "tanh"), keras.layers.Dense(4, "tanh")
    layer.build(), dense.build((None, 6))
    layer.bias.assign(np.arange(4.0))
    dense.set_weights([layer.table.embeddings, layer.bias])
    results = []
    for function in (lambda: layer(ROWS, WEIGHTS), lambda: dense(written_out())):
        with tf.GradientTape() as tape:
            y = function()
            loss = tf.reduce_sum(y * y)
        weights = [layer.table.embeddings, layer.bias] if not results else dense.weights
        found = tape.gradient(loss, [getattr(weight, "value", weight) for weight in weights])
        results.append([y, *map(tf.convert_to_tensor, found)])
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_missing_weights_are_one():
    layer = SparseDense(6, 4)
    np.testing.assert_array_equal(layer(ROWS), layer(ROWS, np.ones(ROWS.shape, "float32")))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_only_padding_gives_the_bias_in_a_graph(jit_compile):
    layer = SparseDense(6, 4)
    layer.build()
    layer.bias.assign(np.arange(4.0))
    call = tf.function(layer, jit_compile=jit_compile)
    np.testing.assert_array_equal(call(tf.constant(ROWS[1:2])), [[0, 1, 2, 3]])
    np.testing.assert_allclose(call(tf.constant(ROWS)), layer(ROWS), atol=1e-6)


def test_dropout_drops_rows_and_keeps_the_mean():
    layer = SparseDense(3, 1, dropout=0.75, seed=1)
    layer.build()
    layer.table.embeddings.assign([[0.0], [0.0], [1.0]])
    rows = np.full((4000, 1), 2)
    drawn = layer(rows, training=True).numpy()
    assert set(np.unique(drawn)) == {0.0, 4.0}
    assert abs(drawn.mean() - 1) < 0.15
    np.testing.assert_array_equal(layer(rows), np.ones((4000, 1)))


def test_like_every_layer(check_layer):
    check_layer(
        SparseDense,
        {
            "num_rows": 6,
            "units": 4,
            "activation": "tanh",
            "dropout": 0.25,
            "rows_of": "users",
            "seed": 3,
        },
        {"rows": ROWS, "weights": WEIGHTS},
    )


def test_bad_arguments():
    with pytest.raises(InputError, match="dropout.*received 1"):
        SparseDense(6, 4, dropout=1)
    with pytest.raises(InputError, match="expected ids from 0 .padding. to 5, received 6"):
        SparseDense(6, 4)(np.array([[6]]))
