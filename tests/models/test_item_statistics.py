import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec.data import Interactions, Schema
from kerasrec.data.schema import Feature
from kerasrec.data.splits import next_item
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.models.item_statistics import STATISTICS, item_statistics
from kerasrec_zoo import ContentBased, TwoTower

FORMS = [
    pytest.param(TwoTower, {}, id="TwoTower"),
    pytest.param(ContentBased, {"encoder": "bag_of_words"}, id="ContentBased"),
]


def table(seed=0):
    rng = np.random.default_rng(seed)
    pairs = [(f"u{u}", f"i{i}", 10 * u + n) for u in range(12) for n, i in enumerate(some(rng))]
    frame = pd.DataFrame(pairs, columns=["user", "item", "timestamp"])
    frame["value"] = rng.integers(1, 6, len(frame)).astype("float64")
    return frame


def some(rng):
    return rng.permutation(8)[:5]


def as_data(frame):
    items = pd.DataFrame(
        {"item": [f"i{n}" for n in range(8)] + ["never"], "kind": list("ababababc")}
    )
    return Interactions.from_frame(
        frame, item_frame=items, item_features={"kind": {"kind": "category"}}
    )


def test_they_are_those_of_pandas():
    frame = table()
    data = as_data(frame)
    groups = frame.groupby("item")["value"]
    value = frame["value"]
    right = pd.DataFrame(
        {
            "mean": (groups.mean() - value.mean()) / value.std(ddof=0),
            "deviation": groups.std(ddof=0) / value.std(ddof=0),
            "confidence": groups.count() / (groups.count() + groups.count().mean()),
        }
    )
    found = item_statistics(data)
    assert found.shape == (len(data.items), 3) and found.dtype == np.float32
    rows = data.items.vocabulary.rows(right.index.to_numpy(dtype=object))
    np.testing.assert_allclose(found[rows], right.to_numpy(), rtol=1e-5, atol=1e-6)
    (never,) = data.items.vocabulary.rows(np.array(["never"], dtype=object))
    assert not found[[0, 1, never]].any()


def test_clicks_have_a_confidence_alone():
    found = item_statistics(as_data(table().assign(value=1.0)))
    assert not found[:, :2].any() and found[2:-1, 2].all()


@pytest.mark.slow
@pytest.mark.usefixtures("without_graphs")
@pytest.mark.parametrize("cls,given", FORMS)
def test_models_read_them_and_nothing_of_the_test_part(cls, given):
    frame = table()
    split = next_item(as_data(frame))
    # A leak: in the test part, and there alone, values say which item it is.
    last = frame.groupby("user")["timestamp"].transform("max") == frame["timestamp"]
    leaking = frame.assign(value=frame["value"].where(~last, 5.0 * (frame["item"] == "i3")))
    other = next_item(as_data(leaking))
    assert (other.test.value != split.test.value).any()
    tables = []
    for train in (split.train, other.train):
        model = cls(train.schema(history_length=5), dim=4, statistics=True, **given)
        model.adapt(train)
        tables.append(np.array(model.catalog.tables[STATISTICS]))
    np.testing.assert_array_equal(tables[0], tables[1])
    np.testing.assert_array_equal(tables[0], item_statistics(split.train))
    assert STATISTICS in model.features_read[1]
    assert "mean and deviation of each item" in model.reads(split.train)["value"]
    before = np.array(model.encode_catalog())
    model.catalog.tables[STATISTICS].assign(tables[0] + 1.0)
    assert np.abs(np.array(model.encode_catalog()) - before).max() > 1e-4
    plain = cls(split.train.schema(history_length=5), dim=4, **given)
    assert STATISTICS not in plain.catalog.tables


def test_what_would_not_be_read_is_refused():
    feature = Feature("kind", "category", size=4)
    schema = Schema(num_users=5, num_items=6, item_features=(feature,))
    with pytest.raises(InputError, match="statistics: encoder='code' reads the code"):
        ContentBased(schema, statistics=True)
    with pytest.raises(InputError, match=f"'{STATISTICS}' is a model input's"):
        Feature(STATISTICS, "number")


@pytest.mark.slow
@pytest.mark.export
def test_an_export_has_them_and_a_new_item_has_none(tmp_path):
    data = as_data(table())
    model = TwoTower(data.schema(), dim=4, statistics=True)
    model.adapt(data)
    # Its answers are compared with Python's, those of `embed_items` too.
    assert export(model, tmp_path / "1", k=5)["difference"] <= 1e-5
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["embed_items"]
    found = served(item=tf.constant(["i3", "new"]), kind=tf.constant(["b", "b"]))["vector"]
    row = data.items.vocabulary.rows(np.array(["i3"], dtype=object))
    np.testing.assert_allclose(found[0], np.array(model.encode_catalog())[row[0]], rtol=1e-5)
    assert np.isfinite(found[1]).all()
