"""Article 002: factorizations, convolution, recurrence, attention, and what is measured."""

import numpy as np
import pandas as pd
import pytest

from kerasrec import metrics
from kerasrec.data import Interactions
from kerasrec.evaluation.impressions.task_metrics import task_metrics
from kerasrec.layers import Conv1DItemEncoder, LSTMUserEncoder
from kerasrec.layers.state_attention import StateAttention
from kerasrec_zoo import NMF, SVD

RATINGS = np.array([[4.0, 2.0, 3.0, 1.0], [2.0, 4.0, 1.0, 3.0], [3.0, 1.0, 2.0, 4.0]])


def interactions(matrix):
    """A row for each entry that is not 0. Users and items keep the order of the matrix."""
    users, items = np.nonzero(matrix)
    return Interactions.from_frame(
        pd.DataFrame({"user": users, "item": items, "value": matrix[users, items]})
    )


@pytest.fixture
def ratings():
    """Three users, four items, and a rating of each pair."""
    return interactions(RATINGS)


def randomized(layer, inputs):
    """The layer with random weights, and these weights as arrays."""
    layer(**inputs)
    generator = np.random.default_rng(0)
    for weight in layer.weights:
        weight.assign(generator.normal(size=weight.shape))
    return [np.array(weight) for weight in layer.weights]


def test_accuracy_is_the_share_of_labels_that_are_told_right():
    """
    76 | 002 2.2 | accuracy | 准确性

    formula: mean over pairs of [(p > 1/2) = y]
    use: `kerasrec.metrics.accuracy`; a metric of labels beside `auc` and `log_loss`
    note: Where few labels are 1, always saying 0 is accurate. Rankings have recall, precision and
        NDCG instead.
    """
    generator = np.random.default_rng(0)
    p, y = generator.random(50), generator.integers(0, 2, 50)
    expected = sum((p[n] > 0.5) == (y[n] == 1) for n in range(50)) / 50
    assert metrics.accuracy(y, p) == pytest.approx(expected, abs=1e-12)


def test_coverage_is_the_share_of_the_items_that_are_recommended():
    """
    77 | 002 2.2 | coverage | 覆盖率

    formula: |union over users of L_u| / |I|
    use: `kerasrec.metrics.coverage`; a column of every evaluation
    """
    lists = np.random.default_rng(0).integers(2, 102, (20, 3))
    expected = len(set(lists.ravel().tolist())) / 100
    assert metrics.coverage(lists, num_items=100) == pytest.approx(expected, abs=1e-12)


def test_diversity_is_one_minus_the_mean_cosine():
    """
    78 | 002 2.2 | diversity | 多样性

    formula: 1 - mean over pairs i, j of a list of cos(x_i, x_j)
    use: `kerasrec.metrics.diversity`; rules that diversify a list: docs/reranking.md
    """
    vectors = np.random.default_rng(0).normal(size=(6, 3))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = [unit[i] @ unit[j] for i, j in ((2, 5), (2, 3), (5, 3))]
    found = metrics.diversity(np.array([[2, 5, 3]]), vectors, ks=(3,))
    np.testing.assert_allclose(found, [[1 - np.mean(cosines)]], atol=1e-6)


def test_recall_is_the_share_of_the_relevant_items_that_are_found():
    """
    79 | 002 2.2 | recall | 召回率

    formula: |L_u and R_u| / |R_u|
    use: `kerasrec.metrics.recall`, and `precision` for the article's words
    note: What the article describes, the share of the recommended items that are right, is
        precision.
    """
    recommended, relevant = [7, 3, 9, 4], {3, 4, 8}
    hits = [[item in relevant for item in recommended]]
    np.testing.assert_allclose(metrics.recall(hits, [3], k=4), [2 / 3], atol=1e-12)
    np.testing.assert_allclose(metrics.precision(hits, [3], k=4), [2 / 4], atol=1e-12)


def test_click_through_rate_is_the_share_of_the_shown_items_that_are_clicked():
    """
    80 | 002 2.2 | click-through rate, CTR | 点击率

    formula: clicks among the first k of each request / items shown among the first k
    use: `ctr` and `ctr@k` of every evaluation of a ranker
    command: kerasrec evaluate RUN
    note: Clicks stay as they were logged, so this is no forecast of an A/B test.
    """
    generator = np.random.default_rng(1)
    requests, clicks = np.repeat(np.arange(6), 5), generator.integers(0, 2, 30)
    p = generator.random(30)
    best = [n * 5 + np.argsort(-p[n * 5 : n * 5 + 5])[:2] for n in range(6)]
    found, _ = task_metrics(clicks, p, "probability", requests=requests, ks=[2])
    assert found["ctr"]["mean"] == pytest.approx(clicks.mean(), abs=1e-12)
    assert found["ctr@2"]["mean"] == pytest.approx(clicks[np.concatenate(best)].mean(), abs=1e-12)


def test_svd_has_orthonormal_factors_and_is_the_nearest_product(ratings):
    """
    82 | 002 3.1.1 | singular value decomposition, SVD, orthogonal | 奇异值分解、正交
    89 | 002 4.1 | SVD, matrix factorization | 奇异值分解、矩阵分解

    formula: X = U S V^T, U^T U = V^T V = I
    use: `SVD(ratings=True)`;
        [examples/articles/svd_of_a_matrix.py](../examples/articles/svd_of_a_matrix.py)
    command: kerasrec fit configs/ml-100k/svd.yaml
    note: A missing rating counts as 0. `SVD(centred=True)` estimates ratings, and `SVD()` reads who
        took what.
    """
    factors = SVD(ratings.schema(), rank=2, ratings=True).find_factors(ratings)
    p, v = factors.users[2:], factors.items[2:]
    s = np.linalg.norm(p, axis=0)
    left, values, right = np.linalg.svd(RATINGS)
    np.testing.assert_allclose(s, values[:2], atol=1e-6)
    np.testing.assert_allclose((p / s).T @ (p / s), np.eye(2), atol=1e-6)
    np.testing.assert_allclose(v.T @ v, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(p @ v.T, left[:, :2] * values[:2] @ right[:2], atol=1e-6)


def test_nmf_multiplies_and_stays_non_negative(ratings):
    """
    83 | 002 3.1.2 | non-negative matrix factorization, NMF | 非负矩阵分解

    formula: X = W H, W >= 0, H >= 0; W <- W * (X H^T) / (W H H^T), then H in the same way
    use: `NMF`
    command: kerasrec fit configs/ml-100k/nmf.yaml
    """
    first, second, last = (
        NMF(ratings.schema(), rank=2, l2=0.0, epochs=epochs).find_factors(ratings)
        for epochs in (1, 2, 2000)
    )
    w, h = first.users[2:], first.items[2:].T
    w = w * (RATINGS @ h.T) / (w @ h @ h.T)
    h = h * (w.T @ RATINGS) / (w.T @ w @ h)
    np.testing.assert_allclose(second.users[2:], w, atol=1e-6)
    np.testing.assert_allclose(second.items[2:], h.T, atol=1e-6)
    assert last.users.min() >= 0 and last.items.min() >= 0
    # No matrix of rank 2 is nearer than that of the SVD, and here its factors may be non-negative.
    left, values, right = np.linalg.svd(RATINGS)
    nearest = left[:, :2] * values[:2] @ right[:2]
    np.testing.assert_allclose(last.users[2:] @ last.items[2:].T, nearest, atol=1e-6)


def test_factors_of_nmf_are_not_orthonormal(ratings):
    """
    84 | 002 3.1.2 | NMF, orthogonal | 非负矩阵分解、正交

    formula: W^T W = I does not hold
    use: `SVD` has orthonormal item vectors, `NMF` has non-negative ones
    note: The article asks for both. Columns that are orthogonal and not negative are never positive
        in the same row, so every user would have a single taste.
    """
    factors = NMF(ratings.schema(), rank=2, l2=0.0, epochs=200).find_factors(ratings)
    w = factors.users[2:] / np.linalg.norm(factors.users[2:], axis=0)
    assert (w @ np.ones(2) > 0).all() and (w[:, 0] * w[:, 1]).max() > 0.1
    assert abs((w.T @ w)[0, 1]) > 0.1


def test_a_convolution_slides_a_filter_over_words_and_the_maximum_is_kept():
    """
    85 | 002 3.2.1 | convolution, convolutional neural network, CNN | 卷积层、卷积神经网络
    86 | 002 3.2.2 | pooling | 池化层

    formula: y_tj = sum over k, d of x_(t+k, d) w_kdj + b_j; h_j = max over t of relu(y_tj)
    use: `Conv1DItemEncoder`; `ContentBased(encoder="conv1d")`
    command: kerasrec fit configs/synthetic/content_based.yaml
    """
    tokens = np.array([[4, 2, 7, 5, 3]])
    encoder = Conv1DItemEncoder(9, 2, embedding_dim=4, filters=6, kernel_sizes=(3,))
    table, kernel, bias, w, b = randomized(encoder, {"tokens": tokens})
    x = np.pad(table[tokens[0]], ((1, 1), (0, 0)))
    y = [sum(x[t + k] @ kernel[k] for k in range(3)) + bias for t in range(5)]
    h = np.max(np.maximum(y, 0), axis=0)
    np.testing.assert_allclose(encoder(tokens), [h @ w + b], atol=1e-5, rtol=1e-6)


def test_an_elman_network_carries_a_state():
    """
    87 | 002 3.3 | recurrent neural network, RNN, hidden state | 循环神经网络、隐状态

    formula: h_t = tanh(W_hh h_(t-1) + W_xh x_t + b_h)
    use: `LSTMUserEncoder(cell="rnn")`; `RNNRecommender(cell="rnn")`
    command: kerasrec fit configs/synthetic/rnn_recommender.yaml model.cell=rnn
    """
    vectors = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("float32")
    inputs = {"vectors": vectors, "mask": np.ones((2, 5), "bool")}
    encoder = LSTMUserEncoder(4, "rnn")
    w_xh, w_hh, b_h = randomized(encoder, inputs)
    h, states = np.zeros((2, 4)), []
    for t in range(5):
        h = np.tanh(h @ w_hh + vectors[:, t] @ w_xh + b_h)
        states.append(h)
    found = encoder(**inputs, all_steps=True)
    np.testing.assert_allclose(found, np.stack(states, axis=1), atol=1e-6)


def test_attention_is_a_softmax_of_similarities_and_a_weighted_sum():
    """
    88 | 002 3.4 | attention, attention weights, context vector | 注意力机制、注意力权重

    formula: e_ij = exp(s(i, j)) / sum_k exp(s(i, k)); a_i = sum_j e_ij v_j
    use: `StateAttention("dot")`; `AttentionRecommender(attention="dot")`
    command: kerasrec fit configs/synthetic/attention_recommender.yaml
    """
    v = np.random.default_rng(2).normal(size=(2, 5, 3)).astype("float32")
    context, weights = StateAttention("dot")(v, v, np.ones((2, 5), "bool"))
    s = np.einsum("nid,njd->nij", v, v)
    e = np.exp(s) / np.exp(s).sum(axis=2, keepdims=True)
    np.testing.assert_allclose(weights, e, atol=1e-6)
    np.testing.assert_allclose(context, e @ v, atol=1e-6)
