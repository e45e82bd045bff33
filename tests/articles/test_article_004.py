"""Article 004: embeddings, networks over them, cross-entropy."""

import numpy as np

from kerasrec import metrics
from kerasrec.layers import DotProduct, EmbeddingTable
from kerasrec.losses import BinaryCrossentropy


def test_an_embedding_is_a_row_of_a_table_that_may_start_from_word_vectors():
    """
    124 | 004 3.2 | embedding, word vectors | 嵌入、词向量

    formula: u = E[row]
    use: `EmbeddingTable(initial_values=...)`
    """
    words = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    table = EmbeddingTable(5, 3, initial_values=words)
    np.testing.assert_array_equal(table(np.array([[4, 2]])), [words[[4, 2]]])
    np.testing.assert_array_equal(table(np.array([0])), [[0, 0, 0]])  # padding


def test_cross_entropy_by_its_formula():
    """
    127 | 004 4.2 | cross-entropy | 交叉熵

    formula: L = - sum [y log p + (1 - y) log (1 - p)]
    use: `BinaryCrossentropy`; the metric `log_loss`
    note: The article has the first term only, which is 0 where p = 1 for every pair. Labels are 0
        or 1; ratings are refused.
    """
    logits = np.random.default_rng(1).normal(size=(6, 1))
    y = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0])
    p = 1 / (1 + np.exp(-logits[:, 0]))
    each = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    loss = BinaryCrossentropy(reduction=None)
    np.testing.assert_allclose(loss(y, logits), each, atol=1e-6)
    np.testing.assert_allclose(metrics.cross_entropy(y, p), each, atol=1e-12)


def test_an_interest_is_the_sigmoid_of_a_dot_product():
    """
    129 | 004 4.3 | dot product, latent factor | 点积、隐因子

    formula: p_ij = sigmoid(<u_i, v_j>)
    use: `DotProduct(sigmoid=True)` in a model of one's own
    note: The article takes this number, which is below 1, for a rating from 1 to 5. A model of
        ratings has no sigmoid: `candidates="pair"` with `MeanSquaredError`.
    """
    u, v = np.random.default_rng(2).normal(size=(2, 4, 50)).astype("float32")
    expected = 1 / (1 + np.exp(-(u @ v.T)))
    np.testing.assert_allclose(DotProduct(sigmoid=True)(u, v, all_pairs=True), expected, atol=1e-6)
