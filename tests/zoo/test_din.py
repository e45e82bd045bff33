"""What DIN attends to."""

import numpy as np
import pytest

from kerasrec.data.datasets import FilmShop
from kerasrec_zoo import DIN

pytestmark = pytest.mark.usefixtures("without_graphs")


def test_attention_is_that_of_the_item_and_zero_at_padding():
    data = FilmShop(users=10, items=12, requests=3).impressions(("click",))
    model = DIN(data.schema(4), dim=2, attention=(3,), mlp=(2,), activation="relu")
    model.adapt(data)
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    inputs = {
        "user": np.array([2, 2]),
        "history": np.array([[3, 4, 0], [3, 4, 0]]),
        "time_gap": np.full((2, 3), -1.0, "float32"),
        **{name: np.array([2, 2]) for name in data.context},
    }
    assert model.attend(inputs) is None
    found = model.attend({**inputs, "item": np.array([5, 6])})
    weights = {weight.path: np.array(weight) for weight in model.weights}
    kernels = sorted(path for path in weights if path.startswith("attention/"))
    dense, score = ([p for p in kernels if ("score" in p) == last] for last in (False, True))

    def vector(row):
        price = data.items.columns["price"][row] * weights["item_vectors/item_price"][0]
        parts = [weights["item_vectors/item/embeddings"][row]]
        genre = data.items.columns["genre"][row]
        parts += [weights["item_vectors/item_genre/embeddings"][genre], price]
        return np.concatenate(parts)

    for query, item in enumerate((5, 6)):
        for step, row in enumerate((3, 4)):
            h, t = vector(row), vector(item)
            pair = np.concatenate([h, t, h - t, h * t])
            hidden = np.maximum(pair @ weights[dense[1]] + weights[dense[0]], 0)
            expected = hidden @ weights[score[1]][:, 0] + weights[score[0]][0]
            assert found[query, step] == pytest.approx(expected, rel=1e-4)
    assert (found[:, 2] == 0).all()
