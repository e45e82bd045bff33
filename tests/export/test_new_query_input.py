"""A query input that the library does not have needs one entry in `QUERY_INPUTS`."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

from kerasrec.data import Interactions, batches
from kerasrec.data.query_spec import QUERY_INPUTS, QueryInput
from kerasrec.export import export
from kerasrec.layers import EmbeddingTable
from kerasrec.losses import Softmax
from kerasrec.models import Retriever, item_table, query_input

pytestmark = pytest.mark.slow

CLOCK = QueryInput("clock", True, "int64", source="timestamp", schema_field="timed")


class Clocked(Retriever):
    """Scores by the sum of a history's item vectors, each times its minutes."""

    capabilities = frozenset({"users", "histories"})
    steps = "last"
    query_inputs = ("history", "clock")
    train_inputs = ("history", "clock", "item")

    def __init__(self, schema):
        items = EmbeddingTable(schema.num_items, 4, rows_of="items", name="items")
        item = keras.Input((), dtype="int32", name="item")
        history, clock = query_input("history"), query_input("clock")
        minutes = ops.cast(clock, "float32")[..., None] / 60.0
        super().__init__(
            schema=schema,
            inputs={"history": history, "clock": clock},
            query=ops.sum(items(history) * minutes, axis=1),
            item_encoder=keras.Model({"item": item}, items(item)),
            catalog=item_table(schema),
            candidates="in_batch",
        )


def test_a_new_input_is_trained_on_asked_for_and_exported(tmp_path, monkeypatch):
    monkeypatch.setitem(QUERY_INPUTS, "clock", CLOCK)
    rows = [(user, item) for user in "uvwx" for item in "abcde"]
    data = pd.DataFrame(rows, columns=["user", "item"])
    data["timestamp"] = np.random.default_rng(0).permutation(len(data)) * 7 + 1
    train = Interactions.from_frame(data)
    keras.utils.set_random_seed(4)
    model = Clocked(train.schema(history_length=3))
    model.adapt(train)
    model.compile("adam", Softmax())
    model.fit(batches(train, model.train_inputs, steps="last", history_length=3), verbose=0)
    a, b, c = (np.array(model.encode_catalog())[train.items.vocabulary.rows(list("abc"))])[:3]
    found = model.score(histories=[["a", "b"]], timestamps=[[60, 120]], items=["c"])
    np.testing.assert_allclose(found, [(a + 2 * b) @ c], rtol=1e-5)
    # `export` compares 200 answers, of stored histories and of given ones, with Python's.
    found = export(model, tmp_path / "1", k=3)
    assert {"recommend", "recommend_explained"} <= set(found["signatures"])
    assert found["difference"] < 1e-5
