"""Article 004: embeddings, networks over them, cross-entropy."""

import numpy as np

from kerasrec import metrics
from kerasrec.data import Interactions
from kerasrec.layers import DotProduct, EmbeddingTable
from kerasrec.losses import BinaryCrossentropy
from kerasrec_zoo import ConvNCF


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


def test_a_convolution_of_two_embeddings_and_a_layer_over_it():
    """
    128 | 004 4.3 | CNN, convolution, interaction function | 卷积神经网络、卷积层、交互函数
    130 | 004 5.2 | CNN, interaction function | 卷积神经网络、交互函数

    formula: score(i, j) = W relu(conv1d([u_i, v_j])) + b
    use: `ConvNCF(interaction="stack", bilinear=False, candidates="pair")`;
        [examples/articles/ratings_with_cnn.py](../examples/articles/ratings_with_cnn.py)
    command: kerasrec fit configs/synthetic/conv_ncf.yaml
    note: The sample has as many ids as the embedding is long, and its last layer does not fit its
        convolution. Here the last layer reads all filters of all 50 factors.
    """
    train = Interactions.from_matrix(np.array([[5, 1, 0], [0, 4, 2]]))
    model = ConvNCF(train.schema(), 50, "stack", filters=(6,), candidates="pair", bilinear=False)
    model.adapt(train)
    generator = np.random.default_rng(3)
    weights = model.scorer.head.trainable_weights
    for weight in weights:
        weight.assign(generator.normal(size=weight.shape))
    kernel, bias, w, b = (np.array(weight) for weight in weights)
    u = np.array(model.query_model.get_layer("user_tower").table.embeddings)[[2, 3]]
    v = np.array(model.item_tower.encoder.get_layer("item_tower_ids").table.embeddings)[[3, 4]]
    hidden = np.maximum(np.stack([u, v], axis=-1) @ kernel[0] + bias, 0)
    expected = hidden.reshape(2, -1) @ w[:, 0] + b
    found = model.score(users=train.users.vocabulary.ids, items=train.items.vocabulary.ids[1:])
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-6)
