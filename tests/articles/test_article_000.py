"""Article 000: matrix factorization, neural collaborative filtering, sequences."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec.data import Interactions, batches
from kerasrec.layers import AllCandidates, LSTMUserEncoder
from kerasrec.losses import MeanSquaredError, Softmax
from kerasrec_zoo import MatrixFactorization

RATINGS = [("a", "x", 5), ("a", "y", 3), ("b", "x", 4), ("b", "z", 1), ("c", "w", 2)]
LAMBDA, ETA = 0.1, 0.05


@pytest.fixture
def ratings():
    """Three users, four items, and their ratings."""
    return Interactions.from_frame(pd.DataFrame(RATINGS, columns=["user", "item", "value"]))


def factorization(train):
    """A model of random vectors without a mean, and its tables of users and of items."""
    model = MatrixFactorization(train.schema(), dim=3, candidates="pair", biases=False, l2=LAMBDA)
    model.adapt(train)
    model.level.assign(0.0)
    users = model.query_model.get_layer("user_tower").table.embeddings
    items = model.item_tower.encoder.get_layer("item_tower_ids").table.embeddings
    for seed, table in enumerate((users, items)):
        table.assign(np.random.default_rng(seed).normal(size=table.shape))
    model.compile(keras.optimizers.SGD(ETA), MeanSquaredError())
    return model, users, items


def one_batch(model, train):
    """All rows as one batch, and the loss of it before any step."""
    (batch,) = batches(train, model.train_inputs, batch_size=len(train))
    inputs, targets, *weights = batch
    loss = model.compute_loss(inputs, targets, model(inputs, training=True), *weights)
    return batch, loss


def test_matrix_factorization_is_a_dot_product(ratings):
    """
    6 | 000 3.1, 4.1 | matrix factorization, MF, latent factor | 矩阵分解、隐因子

    formula: r(u, i) = <u, v>
    use: `MatrixFactorization(biases=False)`
    command: kerasrec fit configs/synthetic/matrix_factorization.yaml
    """
    model = MatrixFactorization(ratings.schema(), dim=3, biases=False)
    model.adapt(ratings)
    users = np.asarray(model.query_model.get_layer("user_tower").table.embeddings)
    items = np.asarray(model.item_tower.encoder.get_layer("item_tower_ids").table.embeddings)
    u, v = ratings.users.vocabulary.rows(["a"])[0], ratings.items.vocabulary.rows(["z"])[0]
    score = model.score(users=["a"], items=["z"])
    np.testing.assert_allclose(score, [users[u] @ items[v]], atol=1e-6)


def test_the_objective_is_the_squared_error_and_both_norms(ratings):
    """
    7 | 000 3.1, 4.1 | regularisation, L2, rating matrix | 正则化、评分矩阵

    formula: J = sum (r - <u, v>)^2 + lambda (|U|_F^2 + |V|_F^2)
    use: `MatrixFactorization(candidates="pair", biases=False, l2=lambda)` with `MeanSquaredError`
    note: the loss of a batch is the mean over its pairs, and the vectors of each pair are
        penalized, so those of a user with n ratings count n times, as in the step of row 8
    """
    for train, once in ((ratings.select(np.array([0, 3])), True), (ratings, False)):
        model, users, items = factorization(train)
        u, v = np.array(users, "float64"), np.array(items, "float64")
        error = np.sum((train.value - np.sum(u[train.user] * v[train.item], axis=1)) ** 2)
        norms = np.sum(u[train.user] ** 2) + np.sum(v[train.item] ** 2)
        if once:  # Each user and each item: these are the squared Frobenius norms.
            seen = np.unique(train.user), np.unique(train.item)
            assert norms == pytest.approx(np.sum(u[seen[0]] ** 2) + np.sum(v[seen[1]] ** 2))
        _, loss = one_batch(model, train)
        assert float(loss) * len(train) == pytest.approx(error + LAMBDA * norms, rel=1e-6)


def test_gradients_and_a_step_of_an_observed_pair(ratings):
    """
    8 | 000 4.1 | stochastic gradient descent, SGD | 随机梯度下降

    formula: dJ/du = 2 (<u, v> - r) v + 2 lambda u, dJ/dv = 2 (<u, v> - r) u + 2 lambda v,
        u <- u - eta dJ/du, v <- v - eta dJ/dv
    use: `MatrixFactorization(candidates="pair", biases=False, l2=lambda)`,
        `keras.optimizers.SGD(eta)`
    """
    pair = ratings.select(np.array([3]))  # b rated z with 1
    model, users, items = factorization(pair)
    u, v = (np.array(table, "float64") for table in (users, items))
    row, column, rating = pair.user[0], pair.item[0], pair.value[0]
    error = u[row] @ v[column] - rating
    right_u, right_v = np.zeros_like(u), np.zeros_like(v)
    right_u[row] = 2 * error * v[column] + 2 * LAMBDA * u[row]
    right_v[column] = 2 * error * u[row] + 2 * LAMBDA * v[column]
    with tf.GradientTape() as tape:
        batch, loss = one_batch(model, pair)
    found = tape.gradient(loss, [users.value, items.value])
    np.testing.assert_allclose(tf.convert_to_tensor(found[0]), right_u, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(tf.convert_to_tensor(found[1]), right_v, rtol=1e-5, atol=1e-6)
    model.train_on_batch(*batch)
    np.testing.assert_allclose(users, u - ETA * right_u, atol=1e-6)
    np.testing.assert_allclose(items, v - ETA * right_v, atol=1e-6)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def next_state(cell, x, h, c, weights):
    """h_t and c_t of one step, as the papers of the cells write them, in Keras's order of gates."""
    kernel, recurrent, bias = weights
    n = len(h)
    if cell == "rnn":
        return np.tanh(x @ kernel + h @ recurrent + bias), c
    if cell == "lstm":
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    a, b = x @ kernel + bias[0], h @ recurrent + bias[1]
    z, r = sigmoid(a[:n] + b[:n]), sigmoid(a[n : 2 * n] + b[n : 2 * n])
    return z * h + (1 - z) * np.tanh(a[2 * n :] + r * b[2 * n :]), c


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_state_is_made_of_the_step_and_the_state_before(cell):
    """
    17 | 000 4.3 | recurrent neural network, RNN, LSTM, GRU, hidden state | 循环神经网络、隐状态

    formula: h_t = RNNUnit(x_t, h_(t-1))
    use: `LSTMUserEncoder(units, cell)`, `RNNRecommender(cell)`
    command: kerasrec fit configs/synthetic/rnn_recommender.yaml
    """
    generator = np.random.default_rng(0)
    x = generator.normal(size=(1, 4, 3)).astype("float32")
    encoder = LSTMUserEncoder(2, cell)
    encoder(x, np.ones((1, 4), "bool"))
    encoder.set_weights([generator.normal(size=w.shape) for w in encoder.get_weights()])
    h, c, states = np.zeros(2), np.zeros(2), []
    for step in x[0]:
        h, c = next_state(cell, step, h, c, encoder.get_weights())
        states.append(h)
    found = encoder(x, np.ones((1, 4), "bool"), all_steps=True)[0]
    np.testing.assert_allclose(found, states, atol=1e-6)


def test_the_loss_is_the_cross_entropy_over_all_steps():
    """
    19 | 000 4.3 | cross-entropy, softmax, next item | 交叉熵、下一个物品

    formula: J = -sum_T sum_i y_i log p_i
    use: `Softmax` with `candidates="all"`
    note: the loss of a batch is the mean over its steps
    """
    generator = np.random.default_rng(0)
    states, items = generator.normal(size=(5, 3)), generator.normal(size=(8, 3))
    taken = np.array([2, 7, 4, 4, 3])
    logits = AllCandidates(8)(
        states.astype("float32"), taken, item_model=lambda rows: items[rows].astype("float32")
    )
    p = np.exp(states @ items[2:].T)
    p /= p.sum(axis=1, keepdims=True)
    y = np.eye(6)[taken - 2]
    assert float(Softmax()(np.ones(5), logits)) == pytest.approx(
        -np.sum(y * np.log(p)) / 5, rel=1e-6
    )
