"""What the articles get wrong: each test shows why, and what the library does; see head.md."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.layers import HybridHead, LSTMUserEncoder
from kerasrec.losses import BinaryCrossentropy
from kerasrec.metrics import precision, recall
from kerasrec_zoo import NMF, ConvNCF, MatrixFactorization

RNG = np.random.default_rng(0)


def as_data(matrix):
    users, items = np.indices(matrix.shape).reshape(2, -1)
    frame = pd.DataFrame({"user": users, "item": items, "value": matrix.ravel()})
    return Interactions.from_frame(frame)


def test_users_by_items_is_u_times_v_transposed():
    """With U (m, k) and V (n, k), U^T V exists only for m = n, and is (k, k) then."""
    m, n, k = 5, 4, 2
    u, v = RNG.normal(size=(m, k)), RNG.normal(size=(n, k))
    with pytest.raises(ValueError, match="mismatch"):
        u.T @ v
    assert (u.T @ u).shape == (k, k)
    data = as_data(u @ v.T)
    model = MatrixFactorization(data.schema(), dim=k, biases=False)
    model.adapt(data)
    rows = np.pad(u, [[2, 0], [0, 0]]), np.pad(v, [[2, 0], [0, 0]])
    model.query_model.get_layer("user_tower").table.embeddings.assign(rows[0])
    model.item_tower.encoder.get_layer("item_tower_ids").table.embeddings.assign(rows[1])
    found = [model.score(users=[str(i)] * n, items=[str(j) for j in range(n)]) for i in range(m)]
    np.testing.assert_allclose(found, u @ v.T, atol=1e-6)


def test_non_negative_factors_are_not_orthonormal():
    """W, H >= 0 with W^T W = I give each user one factor only, and H^T H = I is impossible."""
    # A user of two factors: their columns of W then have a product above 0.
    w, h = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([[2.0, 1, 1], [1, 1, 3]])
    assert w[:, 0] @ w[:, 1] > 0
    # H^T H is (items, items), and its rank is that of H.
    assert np.linalg.matrix_rank(h.T @ h) == len(h) < h.shape[1]
    data = as_data(w @ h)
    model = NMF(data.schema(), rank=2, epochs=300, l2=0.0)
    model.adapt(data)
    found, _ = (np.array(t.embeddings)[2:] for t in (model.user_vectors, model.item_vectors))
    scores = model.score_pairs({"user": data.user}, data.item)
    np.testing.assert_allclose(scores, data.value, atol=0.05)
    found = found / np.linalg.norm(found, axis=0)
    assert found.min() >= 0 and found[:, 0] @ found[:, 1] > 0.1


def test_recall_is_not_the_share_of_the_answer_that_is_right():
    """Five items are relevant, two of the four answers are: precision 2 / 4, recall 2 / 5."""
    hits = [[False, True, False, True]]
    assert precision(hits, [5], 4) == pytest.approx([2 / 4])
    assert recall(hits, [5], 4) == pytest.approx([2 / 5])


def test_a_plain_recurrent_network_has_one_state():
    """A cell c belongs to an LSTM alone: h_0 is all that a plain network starts from."""
    x, h, c = np.ones((2, 3, 4), "float32"), np.zeros((2, 5)), np.zeros((2, 5))
    with pytest.raises(ValueError, match="initial_state"):
        keras.layers.SimpleRNN(5)(x, initial_state=[h, c])
    assert keras.layers.SimpleRNN(5)(x, initial_state=[h]).shape == (2, 5)
    assert keras.layers.LSTM(5)(x, initial_state=[h, c]).shape == (2, 5)
    # Both start at zeros here, and the caller gives neither.
    for cell in ("rnn", "lstm"):
        assert LSTMUserEncoder(5, cell)(x, np.ones((2, 3), "bool")).shape == (2, 5)


def test_the_channels_of_a_convolution_are_the_two_vectors():
    """Two vectors of length dim are 2 channels of dim places; transposed they are dim of 2."""
    dim = 6
    pair = np.ones((1, 2, dim), "float32")
    wide = keras.layers.Conv1D(3, 1, data_format="channels_last")
    # Channels last: after the transposition there are 2 channels, and before it dim.
    assert wide(pair.transpose(0, 2, 1)).shape == (1, dim, 3) and wide.kernel.shape == (1, 2, 3)
    with pytest.raises(ValueError, match="channel|shape|axis"):
        wide(pair)
    data = as_data(np.ones((3, 3)) + np.eye(3))
    model = ConvNCF(data.schema(), dim=dim, interaction="stack", filters=(3,))
    (first,) = [x for x in model.scorer.head.layers if isinstance(x, keras.layers.Conv1D)]
    assert first.kernel.shape == (1, 2, 3)


def test_cross_entropy_of_stars_has_no_minimum():
    """-(y log p + (1 - y) log(1 - p)) falls without end in the logit where y > 1."""

    def loss(stars, logit):
        return np.logaddexp(0, logit) - stars * logit

    assert loss(3, 1.0) > loss(3, 10.0) > loss(3, 1000.0) and loss(3, 1000.0) < -1000
    stock = keras.losses.BinaryCrossentropy(from_logits=True)
    found = float(stock(np.array([[3.0]]), np.array([[10.0]])))
    assert found == pytest.approx(loss(3, 10.0), rel=1e-6)
    with pytest.raises(InputError, match="needs labels, 0 or 1, received 3"):
        BinaryCrossentropy()(np.array([3.0]), np.ones((1, 1), "float32"))


def test_an_input_has_no_axis_of_all_users():
    """A layer over (users, length) reads all users at once, and refuses one user more."""
    wide = keras.Sequential([keras.Input((3, 2)), keras.layers.Flatten(), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="shape"):
        wide(np.ones((1, 4, 2)))
    for users in (3, 4):
        data = as_data(np.ones((users, 3)) + np.eye(users, 3))
        model = MatrixFactorization(data.schema(), dim=2)
        # A batch has a row number of each of its users.
        assert model.query_model.inputs[0].shape == (None,)


def test_a_content_score_depends_on_the_user():
    """<C_i, W x_i + b> is the same for everybody; <C_i, W U_u + b> is not."""
    users, items = RNG.normal(size=(2, 3)), RNG.normal(size=(4, 5))
    weights, x = RNG.normal(size=(5, 5)), RNG.normal(size=(4, 5))
    of_the_item = np.array([np.sum(items * (x @ weights), axis=1) for _ in users])
    np.testing.assert_array_equal(of_the_item[0], of_the_item[1])
    head = HybridHead(3, 5, alpha=0.0)
    head.build(None)
    head.projection.set_weights([RNG.normal(size=(3, 5)), np.zeros(5)])
    repeated, tiled = np.repeat(users, 4, axis=0), np.tile(items, (2, 1))
    found = np.array(head(repeated, np.zeros((8, 3)), tiled)).reshape(2, 4)
    kernel = head.projection.get_weights()[0]
    np.testing.assert_allclose(found, users @ kernel @ items.T, atol=1e-5)
    assert np.argsort(found[0]).tolist() != np.argsort(found[1]).tolist()
