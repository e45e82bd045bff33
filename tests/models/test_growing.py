"""Starting from a checkpoint with new users, items and categories, and items that were cold."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec_zoo import Hybrid, Popularity, TwoTower

pytestmark = pytest.mark.slow

FEATURES = {"text": {"kind": "text", "length": 3}, "mood": {"kind": "category"}}
TEXTS = {"x": "blue sea", "y": "red fire", "z": "blue sky", "cold": "red sun", "new": "red sea"}


def interactions(users, items, catalogue, base=None):
    item_frame = pd.DataFrame({"item": catalogue, "text": [TEXTS[item] for item in catalogue]})
    item_frame["mood"] = ["strange" if item == "new" else "calm" for item in catalogue]
    return Interactions.from_frame(
        pd.DataFrame({"user": list(users), "item": items}),
        item_frame=item_frame,
        item_features=FEATURES,
        base=base,
    )


@pytest.fixture(params=[Hybrid, TwoTower])
def grown(request, tmp_path):
    """(old model, new model): "cold" has its first interactions and "new" is a new item."""
    keras.utils.set_random_seed(2)
    before = interactions("aabbc", ["x", "y", "y", "z", "x"], ["x", "y", "z", "cold"])
    old = request.param(before.schema(history_length=4), dim=3)
    old.adapt(before)
    old.save(tmp_path / "checkpoint")
    after = interactions(
        "adb",
        ["cold", "new", "x"],
        ["x", "y", "z", "cold", "new"],
        base=models.load_catalogs(tmp_path / "checkpoint"),
    )
    new = request.param(after.schema(history_length=4), dim=3)
    new.adapt(after)
    new.load_rows_from(tmp_path / "checkpoint")
    return old, new


def test_old_users_keep_the_scores_of_old_items(grown):
    for item in ("x", "y", "z"):
        before, after = (
            model.score(users=["a", "b"], histories=[["x", "y"], ["z"]], items=[item] * 2)
            if "histories" in model.capabilities
            else model.score(users=["a", "b"], items=[item] * 2)
            for model in grown
        )
        np.testing.assert_allclose(after, before, atol=1e-7)


def test_an_item_with_first_interactions_starts_from_the_unknown_row(grown):
    old, new = grown
    count = dict(zip(["", "?", *new.items.vocabulary.ids], np.asarray(_counts(new)), strict=True))
    # x keeps its old count of 2; "cold" and "new" have their new counts.
    assert (count["x"], count["cold"], count["new"]) == (2, 1, 1)
    tables = [w for w in new.trainable_weights if w.shape[:1] == (new.schema.num_items,)]
    assert tables
    for table in tables:
        rows = keras.ops.convert_to_numpy(table)
        for item in ("cold", "new"):
            np.testing.assert_array_equal(rows[new.items.vocabulary.rows([item])[0]], rows[1])


def _counts(model):
    return keras.ops.convert_to_numpy(model.catalog.tables["count"])


def test_only_vocabularies_may_grow(tmp_path):
    data = interactions("aab", ["x", "y", "x"], ["x", "y"])
    old = Hybrid(data.schema(), dim=3, kernel_sizes=(2,))
    old.adapt(data)
    old.save(tmp_path / "checkpoint")
    new = Hybrid(data.schema(), dim=3, kernel_sizes=(3,))
    new.adapt(data)
    with pytest.raises(InputError, match="use the checkpoint's model arguments"):
        new.load_rows_from(tmp_path / "checkpoint")


def test_a_model_that_counts_counts_the_new_data(tmp_path):
    before = interactions("aab", ["x", "y", "x"], ["x", "y"])
    old = Popularity(before.schema())
    old.adapt(before)
    old.save(tmp_path / "checkpoint")
    base = models.load_catalogs(tmp_path / "checkpoint")
    after = interactions("ab", ["y", "y"], ["x", "y"], base=base)
    new = Popularity(after.schema())
    new.adapt(after)
    new.load_rows_from(tmp_path / "checkpoint")
    assert new.score(users=["a", "a"], items=["x", "y"]).tolist() == [0.0, 2.0]
