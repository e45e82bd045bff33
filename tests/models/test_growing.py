"""Starting from a checkpoint with new users, items and categories, and items that were cold."""

import functools

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Impressions, Interactions
from kerasrec.errors import InputError
from kerasrec.layers import CrossLookup, FieldVectors
from kerasrec_zoo import DeepFM, Hybrid, Popularity, SASRec, TwoTower

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


@pytest.fixture(params=[Hybrid, TwoTower, functools.partial(SASRec, features=True)])
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


def impressions(rows, **more):
    """Rows such as "u x 9": who was shown what, and when; every other one is a click."""
    frame = pd.DataFrame([row.split() for row in rows], columns=["user", "item", "hour"])
    frame["click"] = np.arange(len(frame)) % 2
    return Impressions.from_frame(
        frame,
        context={"hour": {"kind": "category"}},
        crosses={
            "when": {"columns": ["item", "hour"]},
            "often": {"columns": ["item", "hour"], "label": "click"},
        },
        **more,
    )


@pytest.fixture
def grown_ranker(tmp_path):
    """(old ranker, new one as it is adapted, the same after it starts from the old one)."""
    before = impressions(["u x 9", "u y 9", "v x 22", "v y 22", "u x 22"])
    old = DeepFM(before.schema(), dim=3, mlp=(4,))
    old.adapt(before)
    for weight in old.trainable_weights:
        weight.assign(np.random.default_rng(0).normal(0, 0.5, weight.shape))
    old.save(tmp_path / "old")
    # x at 4 and "a" come between the pairs of before, of which "y 22" does not occur again.
    rows = ["u x 4", "w a 9", "u x 9", "u y 9", "v x 22", "u a 4"]
    after = impressions(rows, base=(old.users, old.items), encoders=old.context)
    made = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        made.append(DeepFM(after.schema(), dim=3, mlp=(4,)))
        made[-1].adapt(after)
    fresh, new = made
    new.load_rows_from(tmp_path / "old")
    return old, fresh, new


def pair_table(ranker):
    """The vectors of the pairs of the cross "when", by item and hour."""
    layers = ranker._flatten_layers()
    layer = next(one for one in layers if isinstance(one, FieldVectors) and one.dim == 3)
    vectors = keras.ops.convert_to_numpy(layer.tables["when"].embeddings)
    layers = [one for one in ranker._flatten_layers() if isinstance(one, CrossLookup)]
    lookup = next(one for one in layers if one.name.startswith("when"))
    items, hours = ranker.items.vocabulary, ranker.context["hour"].vocabulary
    pairs = zip(items.lookup(lookup.pairs()[0]), hours.lookup(lookup.pairs()[1]), strict=True)
    found = {f"{item} {hour}": vectors[2 + row] for row, (item, hour) in enumerate(pairs)}
    return found | {"unknown": vectors[1]}


def test_pairs_of_a_cross_keep_their_vectors_and_new_ones_are_added(grown_ranker):
    old, fresh, new = map(pair_table, grown_ranker)
    assert set(old) == {"x 9", "x 22", "y 9", "y 22", "unknown"}
    assert set(new) == {"x 4", "x 9", "x 22", "y 9", "a 4", "a 9", "unknown"}
    for pair in ("x 9", "x 22", "y 9", "unknown"):
        np.testing.assert_array_equal(new[pair], old[pair])
    for pair in ("x 4", "a 4", "a 9"):
        assert any((new[pair] == vector).all() for vector in fresh.values())
        assert not any((new[pair] == vector).all() for vector in old.values())


def test_rates_of_pairs_are_those_of_the_new_data(grown_ranker):
    _, fresh, new = grown_ranker
    for one, other in zip(fresh.crosses.weights, new.crosses.weights, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (one, other)))
