"""Article 000: matrix factorization, neural collaborative filtering, sequences."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec_zoo import MatrixFactorization

RATINGS = [("a", "x", 5), ("a", "y", 3), ("b", "x", 4), ("b", "z", 1), ("c", "w", 2)]


@pytest.fixture
def ratings():
    """Three users, four items, and their ratings."""
    return Interactions.from_frame(pd.DataFrame(RATINGS, columns=["user", "item", "value"]))


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
