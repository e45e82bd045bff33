"""Profiles by the served graph, compared with Python's and with counts by hand."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec.data import Interactions
from kerasrec.export.profiles import MOST_VALUES, kept_values
from kerasrec.export.search import ExactIndex
from kerasrec.export.serving_graph import ServingGraph
from kerasrec_zoo import ItemKNN, SASRec

pytestmark = pytest.mark.slow

DAY, HOUR = 86400, 3600


@pytest.fixture(scope="module")
def model():
    random = np.random.default_rng(2)
    items = pd.DataFrame({"item": [f"i{n}" for n in range(40)]})
    items["kind"] = random.choice(["tea", "jam", "rye", ""], 40)
    items["tags"] = ["|".join(random.choice(list("abcdefghijklmnop"), 3)) for _ in range(40)]
    items["price"], items["size"] = random.normal(size=(2, 40))
    items["name"] = [" ".join(random.choice(["red", "hot", "old", "big"], 3)) for _ in range(40)]
    features = {
        "kind": {"kind": "category"},
        "tags": {"kind": "categories", "separator": "|"},
        "price": {"kind": "number"},
        "size": {"kind": "number", "soft_buckets": 3},
        "name": {"kind": "text"},
    }
    frame = pd.DataFrame({"user": random.choice(list("uvwx"), 60)})
    frame["item"] = random.choice(items["item"], 60)
    frame["timestamp"] = random.integers(1, 30 * DAY, 60)
    train = Interactions.from_frame(frame, item_frame=items, item_features=features)
    model = SASRec(train.schema(), dim=4)
    model.adapt(train)
    return model


@pytest.fixture(scope="module")
def graph(model):
    return ServingGraph(model, 5, ExactIndex(np.asarray(model.encode_catalog())))


def answer(graph, **asked):
    inputs = graph.signatures["profile"][1]
    request = {name: tf.constant(given[1]) for name, given in inputs.items()}
    for name, value in asked.items():
        request[name] = tf.constant(value, request[name].dtype)
    return {name: x.numpy() for name, x in graph.profile(request).items()}


def assert_as_python(found, row, frame):
    """The same weights in the same order, and where no weights are equal the same values."""
    shown = found["value"][row] != b""
    assert found["feature"][row][shown].astype(str).tolist() == frame["feature"].tolist()
    np.testing.assert_allclose(found["weight"][row][shown], frame["weight"], atol=1e-6)
    pairs = zip(found["feature"][row], found["value"][row], found["items"][row], strict=True)
    counts = {(feature.decode(), value.decode()): n for feature, value, n in pairs if value}
    alone = ~frame.duplicated(["feature", "weight"], keep=False)
    assert alone.any()
    for one in frame[alone].itertuples():
        assert counts[one.feature, one.value] == one.items


def test_users_and_histories_as_in_python(model, graph):
    ids = [f"i{n}" for n in range(6)]
    times = [5 * HOUR, 0, DAY, 3 * DAY + 5 * HOUR, 40 * DAY, DAY - 1]
    found = answer(
        graph,
        user=["u", "v", "nobody", ""],
        history=[[""] * 6, [""] * 6, [""] * 6, ids],
        timestamp=[[0] * 6, [0] * 6, [0] * 6, times],
        item_weight=[[np.nan] * 6] * 3 + [[1.0, 2.0, 3.0, 0.5, 0.0, 1.0]],
    )
    assert found["weight"].shape == (4, MOST_VALUES * 7)
    for row, user in enumerate("uv"):
        assert_as_python(found, row, model.profile(user))
    assert not found["weight"][2].any() and not (found["value"][2] != b"").any()
    times = [time or None for time in times]
    python = model.profile(history=ids, values=[1, 2, 3, 0.5, 0, 1], timestamps=times)
    assert_as_python(found, 3, python)


def test_large_weights_do_not_overflow(model, graph):
    asked = {"history": [["i0", "i1", "i2"]], "timestamp": [[0] * 3]}
    found = answer(graph, **asked, item_weight=[[3e38, 3e38, 3e38]])
    np.testing.assert_array_equal(found["weight"], answer(graph, **asked)["weight"])


def test_hours_and_days_by_hand(graph):
    # The epoch began on a Thursday.
    times = [[5 * HOUR, 5 * HOUR + DAY, 6 * HOUR + DAY, 0]]
    found = answer(graph, history=[["i1", "i2", "i3", "i4"]], timestamp=times)
    shown = [
        (value.decode(), float(weight), int(items))
        for feature, value, weight, items in zip(*(found[n][0] for n in found), strict=True)
        if feature in (b"hour of the day", b"day of the week") and value
    ]
    assert list(found) == ["feature", "value", "weight", "items"]
    assert shown == [
        ("05:00", 0.5, 2),
        ("06:00", 0.25, 1),
        ("Friday", 0.5, 2),
        ("Thursday", 0.25, 1),
    ]


def test_what_a_checkpoint_does_not_keep_is_in_no_export(model):
    kept = [each.feature for each in kept_values(model)]
    assert kept == ["kind", "tags", "price", "size", "name"]
    other = ItemKNN(model.schema)
    other.users, other.items = model.users, model.items
    assert kept_values(other) == []
