import itertools

import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import DotProduct

U = np.array([[1.0, 2.0], [0.0, -1.0]], "float32")
V = np.array([[3.0, 4.0], [5.0, 6.0]], "float32")
USER, ITEM = np.array([2, 3]), np.array([4, 2])


def with_biases(**kwargs):
    """b_user = row / 10, b_item = row / 100, mu = 0.5."""
    layer = DotProduct(**kwargs)
    layer.build(None)
    if layer.num_users:
        layer.user_bias.set_weights([np.arange(layer.num_users)[:, None] / 10])
    if layer.num_items:
        layer.item_bias.set_weights([np.arange(layer.num_items)[:, None] / 100])
    if layer.global_bias:
        layer.mean.assign(0.5)
    return layer


def test_layer_contract(check_layer):
    init_kwargs = {"num_users": 4, "num_items": 5, "global_bias": True, "sigmoid": True}
    inputs = {"query": U, "candidate": V, "user": USER, "item": ITEM}
    check_layer(DotProduct, init_kwargs, inputs)


def test_by_hand():
    # <u, v> = 11 and -6; b_user = .2 and .3; b_item = .04 and .02; mu = .5
    biased = {"num_users": 4, "num_items": 5, "global_bias": True}
    expected = np.array([11.74, -5.18])
    scores = with_biases(**biased)(U, V, USER, ITEM)
    assert scores.shape == (2, 1)
    np.testing.assert_allclose(scores[:, 0], expected, atol=1e-6)
    squashed = with_biases(**biased, sigmoid=True)(U, V, USER, ITEM)[:, 0]
    np.testing.assert_allclose(squashed, 1 / (1 + np.exp(-expected)), atol=1e-6)
    np.testing.assert_allclose(DotProduct()(U, V), [[11.0], [-6.0]])


@pytest.mark.parametrize("users,items,mean", [*itertools.product([0, 4], [0, 5], [False, True])])
def test_vectors_with_biases_give_the_same_score(users, items, mean):
    layer = with_biases(num_users=users, num_items=items, global_bias=mean)
    query, candidate = layer.query(U, USER), layer.candidate(V, ITEM)
    pairs = layer(U, V, USER, ITEM)[:, 0]
    np.testing.assert_allclose(pairs, np.sum(query * candidate, axis=-1), atol=1e-6)
    every = np.asarray(layer(U, V, USER, ITEM, all_pairs=True))
    np.testing.assert_allclose(every, np.matmul(query, np.transpose(candidate)), atol=1e-6)
    np.testing.assert_allclose(np.diag(every), pairs, atol=1e-6)
    # The same two candidates for both queries, as (batch, n, dim).
    listed = layer(U, np.stack([V, V]), USER, np.stack([ITEM, ITEM]))
    np.testing.assert_allclose(listed, every, atol=1e-6)


@pytest.mark.slow
def test_vectors_with_biases_are_trained_in_a_functional_model(tmp_path):
    layer = DotProduct(4, 5, global_bias=True)
    inputs = [keras.Input((2,)), keras.Input((2,))]
    inputs += [keras.Input((), dtype="int32"), keras.Input((), dtype="int32")]
    query, candidate = layer.query(inputs[0], inputs[2]), layer.candidate(inputs[1], inputs[3])
    folded = keras.ops.sum(query * candidate, axis=-1)
    model = keras.Model(inputs, [folded, layer(*inputs)])
    assert query.shape == candidate.shape == (None, 4)
    model.compile(keras.optimizers.SGD(0.25), ["mse", None])
    model.train_on_batch([U * 0, V, USER, ITEM], [np.ones(2), np.ones(2)])
    # d mse / d bias = (0 - 1) for each of two examples: a step of .25, for mu the sum of both.
    np.testing.assert_allclose(layer.mean, 0.5)
    np.testing.assert_allclose(np.ravel(layer.user_bias.embeddings), [0, 0, 0.25, 0.25])
    np.testing.assert_allclose(np.ravel(layer.item_bias.embeddings), [0, 0, 0.25, 0, 0.25])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.count_params() == model.count_params()
    one, two = loaded([U, V, USER, ITEM])
    np.testing.assert_allclose(one[:, None], layer(U, V, USER, ITEM), atol=1e-6)
    np.testing.assert_allclose(one[:, None], two, atol=1e-6)


def test_rows_are_required():
    with pytest.raises(InputError, match="item is missing"):
        DotProduct(num_items=5)(U, V)


def test_a_temperature_divides_the_cosine():
    # |u| = 5 and 1, |v| = 5 and 2: cosines (9 + 16) / 25 = 1, 0 and 3 / 5, 1.
    u, v = np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([[3.0, 4.0], [0.0, 2.0]])
    layer = DotProduct(temperature=0.1)
    np.testing.assert_allclose(layer(u, v), [[10.0], [10.0]], rtol=1e-6)
    np.testing.assert_allclose(layer(u, v, all_pairs=True), [[10, 8], [8, 10]], rtol=1e-6)
    folded = np.matmul(layer.query(u), np.transpose(layer.candidate(v)))
    np.testing.assert_allclose(folded, [[10, 8], [8, 10]], rtol=1e-6)
    # A vector of zeros has no direction, and no gradient that is not a number.
    np.testing.assert_array_equal(layer(u, 0 * v), [[0.0], [0.0]])
    biased = with_biases(num_users=4, num_items=5, global_bias=True, temperature=0.1)
    np.testing.assert_allclose(biased(u, v, USER, ITEM), [[10.74], [10.82]], rtol=1e-6)
    with pytest.raises(InputError, match="above 0, or None, received 0"):
        DotProduct(temperature=0)


def test_cosine_of_zero_and_short_vectors_in_half_precision():
    # One by the length overflows float16 for both.
    u = np.array([[0.0, 0.0], [3e-6, 4e-6], [3.0, 4.0]], "float16")
    layer = DotProduct(temperature=0.1, dtype="mixed_float16")
    found = np.array(layer(u, np.array([[1.0, 0.0]] * 3, "float16"))).ravel()
    np.testing.assert_allclose(found, [0.0, 6.0, 6.0], rtol=0.05)


def test_keras_accuracy_reads_one_column():
    """Without the column Keras reads the scores of a batch as classes of one label."""
    inputs = [keras.Input((2,)), keras.Input((2,))]
    model = keras.Model(inputs, DotProduct(sigmoid=True)(*inputs))
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    one, other = np.repeat(U, 8, axis=0), np.repeat(V, 8, axis=0)
    labels = np.repeat([1.0, 0.0], 8)  # 11 and -6
    assert model.evaluate([one, other], labels, batch_size=16, verbose=0)[1] == 1.0
