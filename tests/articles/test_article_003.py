"""Article 003: encoders of users and items, collaborative filtering, their blend."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

from kerasrec.data import Interactions
from kerasrec.layers import (
    Conv1DItemEncoder,
    DotProduct,
    HybridHead,
    LSTMUserEncoder,
)
from kerasrec_zoo import Hybrid

HISTORIES = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]], "bool")
TEXTS = np.array([[4, 2, 7, 0], [3, 5, 0, 0], [2, 2, 6, 8]])


def randomized(layer, inputs):
    """The weights of the layer as arrays, after they were drawn."""
    layer(**inputs)
    generator = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(generator.normal(size=weight.shape))
    return [np.array(weight) for weight in layer.weights]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_an_lstm_in_both_directions_reads_the_history():
    """
    105 | 003 2.3 | bidirectional LSTM, BiLSTM | 双向LSTM

    formula: h = [LSTM(x_1, ..., x_n), LSTM(x_n, ..., x_1)]
    use: `LSTMUserEncoder(bidirectional=True)`; `RNNRecommender(cell="bilstm")`, `Hybrid` too
    command: kerasrec fit configs/synthetic/rnn_recommender.yaml model.cell=bilstm
    note: Its states depend on later items, so only the last item of each history is trained.
    """
    encoder = LSTMUserEncoder(6, bidirectional=True)
    weights = randomized(encoder, {"vectors": HISTORIES, "mask": MASK})
    forward = [lstm(HISTORIES[n, : MASK[n].sum()], *weights[:3]) for n in range(3)]
    backward = [lstm(HISTORIES[n, : MASK[n].sum()][::-1], *weights[3:]) for n in range(3)]
    expected = np.concatenate([forward, backward], axis=1)
    np.testing.assert_allclose(encoder(HISTORIES, MASK), expected, atol=1e-6)


def test_a_user_is_an_lstm_and_a_layer_with_a_sigmoid():
    """
    113 | 003 4.2 | LSTM, user behaviour sequence | 长短时记忆网络、用户行为序列

    formula: R_u = sigma(W h_n + b), h = LSTM(x_1, ..., x_n)
    use: `LSTMUserEncoder(activation="sigmoid")`
    note: The article's formula is the last layer alone: without h, the order would not matter.
    """
    encoder = LSTMUserEncoder(3, activation="sigmoid")
    randomized(encoder, {"vectors": HISTORIES, "mask": MASK})
    cell = [np.array(weight) for weight in encoder.rnn.weights]
    w, b = (np.array(weight) for weight in encoder.output_layer.weights)
    states = [lstm(HISTORIES[n, : MASK[n].sum()], *cell) for n in range(3)]
    expected = sigmoid(np.array(states) @ w + b)
    np.testing.assert_allclose(encoder(HISTORIES, MASK), expected, atol=1e-6)


def test_an_item_is_a_convolution_and_a_layer_with_a_sigmoid():
    """
    114 | 003 4.2 | CNN, item features, text | 卷积神经网络、物品特征、文本

    formula: C_i = sigma(W max_t relu(conv(x)_t) + b)
    use: `Conv1DItemEncoder(activation="sigmoid")`
    """
    encoder = Conv1DItemEncoder(9, 3, 4, 5, kernel_sizes=(2,), activation="sigmoid")
    table, kernel, bias, w, b = randomized(encoder, {"tokens": TEXTS})
    x = np.pad(table[TEXTS] * (TEXTS > 0)[..., None], ((0, 0), (0, 1), (0, 0)))
    y = x[:, :-1] @ kernel[0] + x[:, 1:] @ kernel[1] + bias
    h = (np.maximum(y, 0) * (TEXTS > 0)[..., None]).max(axis=1)
    np.testing.assert_allclose(encoder(TEXTS), sigmoid(h @ w + b), atol=1e-6)


def lstm(x, kernel, recurrent, bias):
    """The last state; the gates are input, forget, cell and output, as Keras stores them."""
    h, c = np.zeros(len(recurrent)), np.zeros(len(recurrent))
    for step in x:
        i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h


def test_collaborative_filtering_is_a_sum_of_products():
    """
    115 | 003 4.2 | dot product, collaborative filtering | 点积、协同过滤

    formula: m_ui = <U_u, V_i> = sum_j U_uj V_ij
    use: `DotProduct`
    """
    u, v = np.random.default_rng(2).normal(size=(2, 3, 5)).astype("float32")
    expected = [[sum(u[n, j] * v[n, j] for j in range(5))] for n in range(3)]
    np.testing.assert_allclose(DotProduct()(u, v), expected, atol=1e-6)


def test_a_hybrid_score_is_a_weighted_sum_of_both():
    """
    116 | 003 4.2 | hybrid recommendation, alpha, weight of collaborative filtering | 混合推荐、融合

    formula: m_ui = alpha <U_u, V_i> + (1 - alpha) <C_i, W U_u + b>
    use: `HybridHead`; `Hybrid(alpha=0.3)`, "learned" or "gated"
    command: kerasrec fit configs/synthetic/hybrid.yaml
    note: In the article x is the input of the item, so the second product is the same for all
        users. Here W maps the user to the content.
    """
    u, v = np.random.default_rng(3).normal(size=(2, 4, 2))
    c = np.random.default_rng(4).normal(size=(4, 3))
    head = HybridHead(2, 3, alpha=0.3)
    w, b = randomized(head, {"user": u, "cf": v, "content": c})
    expected = 0.3 * (u * v).sum(axis=1) + 0.7 * (c * (u @ w + b)).sum(axis=1)
    np.testing.assert_allclose(head(u, v, c), expected, atol=1e-6)


def build_user_model():
    """U of a history."""
    inputs = {
        "vectors": keras.Input((4, 2), name="vectors"),
        "mask": keras.Input((4,), dtype="bool", name="mask"),
    }
    return keras.Model(inputs, LSTMUserEncoder(5)(**inputs))


def build_item_model():
    """C of a text."""
    tokens = keras.Input((4,), dtype="int32", name="tokens")
    return keras.Model(tokens, Conv1DItemEncoder(9, 5)(tokens))


def build_cf_model(user_model, item_model):
    """<U, C>, a score for each pair."""
    score = DotProduct()(user_model.output, item_model.output)
    return keras.Model({**user_model.input, "tokens": item_model.input}, score)


def build_recommender(cf_model):
    """The probability that the user takes the item."""
    return keras.Model(cf_model.input, ops.sigmoid(cf_model.output))


def test_four_functions_make_one_model():
    """
    118 | 003 5.2 | LSTM, CNN, dot product | 长短时记忆网络、卷积神经网络、点积
    119 | 003 5.2 | Adam, cross-entropy | 交叉熵
    138 | card | neural network, deep learning | 神经网络、深度学习

    formula: p = sigmoid(<LSTM(history), CNN(text)>)
    use: blocks of `kerasrec.layers` in a functional model of Keras;
        [examples/articles/hybrid_four_functions.py](../examples/articles/hybrid_four_functions.py)
    note: Blocks are layers of Keras, so a model of one's own takes any loss and metric of Keras. A
        model of the zoo gives logits, and `compile` refuses a loss that reads probabilities.
    """
    user_model, item_model = build_user_model(), build_item_model()
    recommender = build_recommender(build_cf_model(user_model, item_model))
    recommender.compile("adam", "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    data = {"vectors": HISTORIES, "mask": MASK, "tokens": TEXTS}
    user = ops.convert_to_numpy(user_model({"vectors": HISTORIES, "mask": MASK}))
    p = sigmoid((user * ops.convert_to_numpy(item_model(TEXTS))).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(recommender(data), p, atol=1e-6)
    y = np.array([[1.0], [0.0], [1.0]])
    loss, accuracy = recommender.test_on_batch(data, y)
    assert loss == pytest.approx(-np.log(np.where(y > 0, p, 1 - p)).mean(), abs=1e-6)
    assert accuracy == pytest.approx(((p > 0.5) == y).mean(), abs=1e-6)


@pytest.fixture(scope="module")
def pictured():
    """Three items with a given vector each, all of them taken."""
    items = pd.DataFrame({"item": list("abc"), "z": [[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]]})
    frame = pd.DataFrame({"user": list("uuv"), "item": list("abc")})
    features = {"z": {"kind": "vector"}}
    return Interactions.from_frame(frame, item_frame=items, item_features=features)


@pytest.mark.parametrize("alpha", [0.25, None], ids=["model hybrid", "data hybrid"])
def test_a_hybrid_blends_scores_or_joins_vectors(pictured, alpha):
    """
    103 | 003 2.1, 2.2 | model hybrid, hybrid recommendation | 模型混合、混合推荐
    104 | 003 2.1, 2.2 | data hybrid, hybrid recommendation | 数据混合、混合推荐

    formula: model: [alpha V_i, (1 - alpha) C_i]; data: V_i + W [V_i, C_i] + b
    use: `Hybrid(alpha=0.25)`, `Hybrid(alpha=None)`
    command: kerasrec fit configs/synthetic/hybrid.yaml model.alpha=null
    """
    model = Hybrid(pictured.schema(), dim=2, encoder="vectors", alpha=alpha)
    model.adapt(pictured)
    encoder = model.item_tower.encoder
    generator = np.random.default_rng(5)
    for weight in encoder.trainable_weights:
        weight.assign(generator.normal(size=weight.shape))
    rows = pictured.items.vocabulary.rows(list("abc"))
    v = np.array(encoder.get_layer("item_ids").table.embeddings)[rows]
    w1, b1, w2, b2 = (np.array(weight) for weight in model.content_encoder.weights)
    z = np.array(model.catalog(rows)["z"])
    c = np.maximum(z @ w1 + b1, 0) @ w2 + b2
    if alpha is None:
        w, b = (np.array(weight) for weight in encoder.get_layer("joined").weights)
        expected = v + np.concatenate([v, c], axis=1) @ w + b
    else:
        expected = np.concatenate([alpha * v, (1 - alpha) * c], axis=1)
    found = np.array(model.encode_catalog())[rows, : expected.shape[1]]
    np.testing.assert_allclose(found, expected, atol=1e-6)
