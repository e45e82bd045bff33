"""Data that grows, where there are as many users as items, words, positions and numbers."""

import inspect

import keras
import numpy as np
import pandas as pd
import pytest

import kerasrec_zoo
from kerasrec import models
from kerasrec.data import Interactions
from kerasrec.models.contract.models_of import models_of

pytestmark = pytest.mark.slow

MODELS = models_of(kerasrec_zoo)
# Rows of items after they have grown by one, padding and unknown included. All else has this size
# before and after: users, words, categories, the length of histories and that of vectors.
SIZE = 8
FEATURES = {"text": {"kind": "text", "length": 2}, "colours": {"kind": "categories"}}
# Items are read from their content or their ratings.
WITHOUT_ITEM_TABLE = {"AutoRec", "ContentBased"}
# Of the others the weights alone are compared, which is enough and faster.
SCORED = {"MatrixFactorization", "SASRec"}
# Nobody has taken item 4 yet; then two users do, and item 5 comes.
BEFORE = [(user, item) for user in range(6) for item in range(4) if user != item]
AFTER = [(5, 4), (5, 5), (0, 4), (1, 0)]


def interactions(pairs, num_items, base=None):
    numbers = range(num_items)
    catalogue = pd.DataFrame(
        {
            "item": [f"i{n}" for n in numbers],
            "text": [f"word{n} word{min(n + 1, 5)}" for n in numbers],
            "colours": [[f"colour{n}", f"colour{min(n + 1, 5)}"] for n in numbers],
        }
    )
    return Interactions.from_frame(
        pd.DataFrame([(f"u{u}", f"i{i}") for u, i in pairs], columns=["user", "item"]),
        item_frame=catalogue,
        item_features=FEATURES,
        base=base,
    )


def scores(model):
    users = ["u0", "u1", "u4"]
    histories = [["i0", "i2"], ["i3"], ["i1", "i0", "i2"]]
    asked = {"histories": histories} if "histories" in model.capabilities else {}
    return np.stack([model.score(users, **asked, items=[f"i{n}"] * 3) for n in range(4)])


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
def test_only_tables_of_items_grow_and_wake(cls, make, tmp_path):
    given = {"dim": SIZE} if "dim" in inspect.signature(cls).parameters else {}
    old = make(cls, interactions(BEFORE, 5), **given)
    if not old.trainable_weights:
        pytest.skip("what is counted is counted on the new data")
    old.save(tmp_path / "old")
    data = interactions(AFTER, 6, base=models.load_catalogs(tmp_path / "old"))
    new = make(cls, data, **given)
    schema = new.schema
    sizes = [schema.num_users, *(feature.size for feature in schema.item_features)]
    assert {*sizes, schema.num_items, schema.history_length} == {SIZE}
    assert new.load_rows_from(tmp_path / "old", trust=False) == old.schema
    grown = 0
    for was, now in zip(old.trainable_weights, new.trainable_weights, strict=True):
        was, now = (keras.ops.convert_to_numpy(weight) for weight in (was, now))
        if now.shape != was.shape:  # more items, and nothing else, make it larger
            # Items 4 and 5, which nobody had taken, are what an unknown item was.
            was, grown = np.concatenate([was[:6], was[[1, 1]]]), grown + 1
        np.testing.assert_array_equal(now, was)
    assert grown or cls.__name__ in WITHOUT_ITEM_TABLE
    if cls.__name__ in SCORED:
        np.testing.assert_allclose(scores(new), scores(old), atol=1e-6)
