import numpy as np

from kerasrec.layers.dot_scorer import DotScorer


def test_score_pairs_and_score_all_are_products_in_float32():
    queries, vectors = np.eye(2, 3, dtype="float16"), np.arange(6, dtype="float16").reshape(2, 3)
    assert DotScorer().score_all(queries, vectors).numpy().tolist() == [[0, 3], [1, 4]]
    each = DotScorer().score_pairs(queries, vectors)
    assert each.numpy().tolist() == [0, 4] and each.dtype == "float32"
