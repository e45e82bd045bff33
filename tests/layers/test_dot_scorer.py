import numpy as np

from kerasrec.layers.dot_scorer import DotScorer


def test_each_and_every_are_the_products_in_float32():
    queries, vectors = np.eye(2, 3, dtype="float16"), np.arange(6, dtype="float16").reshape(2, 3)
    assert DotScorer().every(queries, vectors).numpy().tolist() == [[0, 3], [1, 4]]
    each = DotScorer().each(queries, vectors)
    assert each.numpy().tolist() == [0, 4] and each.dtype == "float32"
