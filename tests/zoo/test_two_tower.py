"""What is TwoTower's own."""

import numpy as np
import pandas as pd

from kerasrec.data import Interactions
from kerasrec_zoo import TwoTower


def test_the_score_by_hand():
    frame = pd.DataFrame([("u", "a"), ("v", "b")], columns=["user", "item"])
    train = Interactions.from_frame(
        frame,
        item_frame=pd.DataFrame({"item": ["a", "b"], "colour": ["red", "blue"]}),
        item_features={"colour": {"kind": "category"}},
    )
    model = TwoTower(train.schema(), dim=2)
    model.adapt(train)
    users = model.query_model.get_layer("user_tower")
    items = model.item_tower.encoder.get_layer("item_tower_features")
    user, item = train.users.vocabulary.rows(["u"]), train.items.vocabulary.rows(["b"])
    for table, row, values in (
        (users.table, user, [1.0, 2.0]),
        (items.table, item, [3.0, 4.0]),
        (items.feature_tables["colour"], train.items.columns["colour"][item], [1.0, 0.5]),
    ):
        weight = np.zeros(table.embeddings.shape)
        weight[row] = values
        table.embeddings.assign(weight)
    (last,) = items.stack
    last.set_weights([np.concatenate([np.eye(2), 2 * np.eye(2)]), np.array([0.0, 1.0])])
    # The item is (3, 4) + 2 (1, 0.5) + (0, 1) = (5, 6), the user (1, 2).
    score = model.score(users=["u"], items=["b"])
    np.testing.assert_allclose(score, [1 * 5 + 2 * 6], rtol=1e-6)
