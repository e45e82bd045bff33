"""What groups of features add to a score, of a ranker whose weights are known."""

import numpy as np
import pandas as pd
import pytest
from keras import ops

from kerasrec.data import Impressions
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.group_contributions import TOGETHER
from kerasrec.register import register


@register
class Rating(Ranker):
    """user's weight + item's weight + the number n + user's weight * n."""

    def __init__(self, schema, name=None):
        inputs = RankerInputs(schema)
        user = ops.cast(inputs.request["user"] - 1, "float32")
        item = ops.cast(inputs.item - 1, "float32")
        number = inputs.request["n"]
        score = user + 10.0 * item + number + user * number
        super().__init__(schema=schema, inputs=inputs, logits={"stars": score}, name=name)


@pytest.fixture(scope="module")
def model():
    frame = pd.DataFrame(
        {"user": list("abc"), "item": list("xyz"), "n": [-1.0, 0.0, 1.0], "stars": [1, 2, 3]}
    )
    data = Impressions.from_frame(
        frame, labels={"stars": {"kind": "rating"}}, context={"n": {"kind": "number"}}
    )
    model = Rating(data.schema())
    model.adapt(data)
    model.biases["stars"].bias.assign(5.0)
    return model


def test_groups_are_taken_out_one_by_one_and_all_together(model):
    assert model.feature_groups == ["item", "user", "n"]
    # User row 3 weighs 2, item row 2 weighs 10, n is 0.5: 2 + 10 + 0.5 + 2 * 0.5.
    queries = {"user": np.array([3]), "n": np.array([0.5], "float32")}
    none, parts = model.group_contributions(queries, np.array([2]))
    assert np.asarray(none).tolist() == [5.0]
    # Without the user its product with n is gone as well, and the same without n.
    assert np.asarray(parts).tolist() == [[10.0, 3.0, 1.5, -1.0]]
    assert np.asarray(none + np.sum(parts, axis=1)).tolist() == [18.5]


def test_recommend_explains_by_groups(model):
    frame = model.recommend(users=["b"], k=2, explain=True, context={"n": 1.0})
    for row in frame.itertuples():
        assert {one["group"] for one in row.reasons} >= {"item", "user", "n", TOGETHER}
        total = sum(one["contribution"] for one in row.reasons)
        assert total == pytest.approx(row.score, rel=1e-6)
