"""Clusters of items that were planted."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.models.profiles.plot_clusters import plot_clusters
from kerasrec_zoo import ItemKNN, MatrixFactorization

# Items 0 to 5 are drinks, 6 to 9 are food; item 10 was never taken.
ITEMS = pd.DataFrame({"item": [f"i{n}" for n in range(11)]})
ITEMS["kind"] = ["drink"] * 6 + ["food"] * 4 + ["food"]
ITEMS["name"] = [f"Item {n}" for n in range(11)]
LOG = pd.DataFrame({"user": [f"u{n % 3}" for n in range(10)], "item": ITEMS["item"][:10]})
KIND = {"kind": {"kind": "category"}}


def adapted(cls, features=KIND, **arguments):
    options = {"item_frame": ITEMS, "item_title": "name", "item_features": features}
    train = Interactions.from_frame(LOG, **options)
    model = cls(train.schema(), **arguments)
    model.adapt(train)
    return model


def planted(model):
    """Vectors along two axes that are not those of the kinds: even and odd items; and a bias."""
    vectors = np.zeros((13, 4))
    vectors[2:, 0] = np.arange(11) % 2
    vectors[2:, 1] = 1 - vectors[2:, 0]
    vectors[2:, :2] *= np.arange(1, 12)[:, None]  # The length does not matter.
    vectors[:, 2] = 100.0 * np.arange(13)
    model.encode_catalog = lambda: vectors.astype("float32")
    return model


def test_content():
    found = adapted(ItemKNN).cluster_items(2)
    assert found.groupby("cluster")["item"].apply(sorted).tolist() == [
        [f"i{n}" for n in range(6)],
        sorted(f"i{n}" for n in range(6, 11)),
    ]
    assert found.groupby("cluster")["name"].first().tolist() == ["drink", "food"]
    assert found["distance"].max() < 1e-5
    assert found["title"][0] == "Item 0"


def test_behavior_without_features_is_named_by_titles():
    model = planted(adapted(MatrixFactorization, features=None, dim=2))
    with pytest.warns(UserWarning, match="items without train interactions are in no cluster: 1"):
        found = model.cluster_items(2)
    parts = found.groupby("cluster")["item"].apply(sorted).tolist()
    assert sorted(parts) == [["i0", "i2", "i4", "i6", "i8"], ["i1", "i3", "i5", "i7", "i9"]]
    assert {"Item 0, Item 2, Item 4", "Item 1, Item 3, Item 5"} == set(found["name"])


def test_clusters_of_behavior_are_named_by_what_is_frequent_in_them():
    model = adapted(MatrixFactorization, dim=2)
    vectors = np.zeros((13, 4), "float32")
    vectors[2:8, 0] = vectors[8:, 1] = 1.0
    model.encode_catalog = lambda: vectors
    with pytest.warns(UserWarning, match="are in no cluster"):
        found = model.cluster_items(2, by="behavior")
    assert found.groupby("cluster")["name"].first().tolist() == ["drink", "food"]


def test_the_picture(tmp_path):
    plot_clusters(tmp_path / "c.png", adapted(ItemKNN).cluster_items(2))
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "features, arguments, message",
    [
        (KIND, {"k": 1}, "k must be"),
        (KIND, {"k": 12}, "the number of items with a vector"),
        (KIND, {"k": 2, "seed": -1}, "seed must be a whole number"),
        (KIND, {"k": 2, "by": "size"}, "by must be one of behavior, content"),
        (KIND, {"k": 2, "by": "behavior"}, "ItemKNN has no item vectors to compare: set by to con"),
        (None, {"k": 2}, "ItemKNN knows no features of its items"),
    ],
)
def test_wrong_questions(features, arguments, message):
    with pytest.raises(InputError, match=message):
        adapted(ItemKNN, features).cluster_items(**arguments)
