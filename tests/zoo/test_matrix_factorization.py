"""What is MatrixFactorization's own."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec_zoo import MatrixFactorization


@pytest.mark.parametrize(
    "temperature,expected",
    [
        (None, 1 * 3 + 2 * 4 + 0.5 + 0.25 + 2),
        # The cosine of (1, 2) and (3, 4) is 11 / (sqrt(5) 5).
        (0.5, 11 / (5**0.5 * 5) / 0.5 + 0.5 + 0.25 + 2),
    ],
)
def test_the_score_by_hand(temperature, expected):
    frame = pd.DataFrame([("u", "a"), ("v", "b")], columns=["user", "item"])
    train = Interactions.from_frame(frame)
    model = MatrixFactorization(train.schema(), dim=2, temperature=temperature)
    model.adapt(train)
    dot = model.query_model.get_layer("dot_product")
    dot.mean.assign(2.0)
    users = model.query_model.get_layer("user_tower").table
    items = model.item_tower.encoder.get_layer("item_tower_ids").table
    user, item = train.users.vocabulary.rows(["u"]), train.items.vocabulary.rows(["b"])
    for table, row, values in (
        (users, user, [1.0, 2.0]),
        (items, item, [3.0, 4.0]),
        (dot.user_bias, user, [0.5]),
        (dot.item_bias, item, [0.25]),
    ):
        weight = np.zeros(table.embeddings.shape)
        weight[row] = values
        table.embeddings.assign(weight)
    score = model.score(users=["u"], items=["b"])
    np.testing.assert_allclose(score, [expected], rtol=1e-6)
