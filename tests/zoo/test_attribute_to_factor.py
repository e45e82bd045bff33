import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec_zoo import AttributeToFactor

WORDS = ("calm", "wild")


def interactions():
    """Users like the items of their own half; nobody took 6 and 7."""
    pairs = [(u, i) for u in range(6) for i in range(6) if u % 2 == i % 2 and (u, i) != (0, 0)]
    items = pd.DataFrame({"item": range(8), "word": [WORDS[i % 2] for i in range(8)]})
    return Interactions.from_frame(
        pd.DataFrame(pairs, columns=["user", "item"]),
        item_frame=items,
        item_features={"word": {"kind": "category"}},
    )


def adapted(**given):
    train = interactions()
    model = AttributeToFactor(train.schema(), **{"dim": 6, "code_dim": 2, **given})
    model.adapt(train)
    return model


def test_the_score_by_hand():
    model = adapted(ridge=0.5, square=0.25, l2=2.0, damping=3.0)
    x = np.array([[u % 2 == i % 2 and (u, i) != (0, 0) for i in range(6)] for u in range(6)])
    x, n = x.astype(float), x.sum(axis=0)
    cosine = x.T @ x / np.sqrt(np.outer(n, n))
    # Each item on all others: rows are items of a history, columns the items that are scored.
    own = cosine @ np.linalg.inv(cosine + 2.0 * np.eye(6))
    own = own / np.sqrt(n)[:, None] * np.sqrt(n)
    # One word an item, so a dot product of codes is 1 for the same word and 0 for another.
    word = np.arange(8) % 2
    same = (word[:, None] == word).astype(float)
    kernel = same + 0.25 * same**2
    solved = np.linalg.solve(kernel[:6, :6] + 0.5 * np.eye(6), kernel[:6])
    right = own @ solved
    right[:, :6] += n / (n + 3.0) * (own - right[:, :6])
    for history in ([0, 2], [5]):
        found = model.score(histories=[[str(i) for i in history]] * 8, items=list("01234567"))
        np.testing.assert_allclose(found, right[history].sum(axis=0), atol=1e-5)


def test_an_item_nobody_took_is_ranked_by_what_it_says():
    answer = adapted().recommend(histories=[["0", "2"], ["1", "3"]], k=1, allow=["6", "7"])
    assert answer["item"].tolist() == ["6", "7"]


def test_reasons_add_up_to_the_score():
    model = adapted()
    history = model.items.vocabulary.rows(["1", "3"])
    rows = model.items.vocabulary.rows(["5", "7"])
    parts = model.contributions({"history": history[None]}, history, rows)
    right = model.score(histories=[["1", "3"]] * 2, items=["5", "7"])
    np.testing.assert_allclose(parts.sum(axis=1), right, atol=1e-5)


def test_with_few_items_allowed_the_map_is_learned_from_those_most_taken():
    model = adapted(max_items=3)
    points = np.asarray(model.regression.points)
    # Item 0 has two interactions, all others three.
    assert points.shape == (3, 2) and (np.abs(points).sum(axis=1) > 0).all()
    answer = model.recommend(histories=[["0", "2"], ["1", "3"]], k=1, allow=["6", "7"])
    assert answer["item"].tolist() == ["6", "7"]


@pytest.mark.parametrize(
    "given,match",
    [({"dim": 0}, "dim"), ({"max_items": 1.5}, "max_items"), ({"ridge": 0.0}, "ridge"),
     ({"l2": float("inf")}, "l2"), ({"square": -1.0}, "square"),
     ({"damping": float("nan")}, "damping"), ({"feature_weights": {"wrod": 1.0}}, "wrod")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(given, match):
    with pytest.raises(InputError, match=match):
        AttributeToFactor(interactions().schema(), **given)
