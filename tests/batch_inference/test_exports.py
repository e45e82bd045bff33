"""An export answers as the model it was made of."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

from kerasrec.batch_inference import recommend_to_parquet, similar_items_to_parquet
from kerasrec.errors import InputError
from kerasrec.layers import EmbeddingTower
from kerasrec.models import HistoryInputs, SequenceModel, item_table
from kerasrec.register import register

pytestmark = [pytest.mark.export, pytest.mark.slow]


@register
class LastItem(SequenceModel):
    """The smallest sequence model: the state is the vector of the last item."""

    def __init__(self, schema, dim=4, name=None):
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        history = HistoryInputs(schema, items, item_table(schema), 0.0)
        states = keras.layers.Dense(dim, name="states")(history.vectors)
        last = ops.sum(ops.cast(history.mask, "int32"), axis=1, keepdims=True) - 1
        query = ops.take_along_axis(states, ops.maximum(last, 0)[..., None], axis=1)[:, 0]
        super().__init__(history, query, states, "all", name=name)


def write(model, folder, histories=True):
    """An export without its verification."""
    from kerasrec.export.search import ExactIndex
    from kerasrec.export.serving_graph import ServingGraph
    from kerasrec.export.without_saving import remove_saving
    from kerasrec.export.write_metadata import write_metadata

    graph = ServingGraph(model, 8, ExactIndex(np.asarray(model.encode_catalog())), histories)
    graph.write(folder)
    remove_saving(folder)
    (folder / "assets.extra").mkdir()
    write_metadata(model, graph, folder)
    return folder


@pytest.fixture(scope="module")
def model(train):
    keras.utils.set_random_seed(0)
    model = LastItem(train.schema(history_length=5))
    model.adapt(train)
    return model


@pytest.fixture(scope="module")
def export(model, tmp_path_factory):
    return write(model, tmp_path_factory.mktemp("exports") / "1")


def equal(one, other):
    one, other = pd.read_parquet(one), pd.read_parquet(other)
    pd.testing.assert_frame_equal(one, other, rtol=1e-4, atol=1e-5)
    return one


@pytest.mark.parametrize(
    "options", [{"k": 4}, {"exclude": ["i3"], "repeats": "allow"}, {"allow": ["i1", "i7"]}]
)
def test_all_users(model, export, tmp_path, small_parts, options):
    reports = [
        recommend_to_parquet(source, tmp_path / f"{number}.parquet", **{"k": 5, **options})
        for number, source in enumerate((model, export))
    ]
    assert len(equal(tmp_path / "0.parquet", tmp_path / "1.parquet")) == reports[1]["rows"] >= 8
    assert reports[0]["notes"] == reports[1]["notes"] == []


def test_histories_and_users(model, export, tmp_path, small_parts):
    table = {
        "user": ["u1", "new", "u2", None, "u4", "u5"],
        "history": [["i8"], ["i7", "what", "i6"], [], [], ["what"], ["i1"] * 9],
    }
    pd.DataFrame(table).to_parquet(tmp_path / "h.parquet")
    pd.DataFrame(table)[["history"]].to_parquet(tmp_path / "rows.parquet")
    for file in ("h.parquet", "rows.parquet"):
        reports = [
            recommend_to_parquet(
                source, tmp_path / f"{kind}-{file}", histories=tmp_path / file, k=3
            )
            for kind, source in (("model", model), ("export", export))
        ]
        equal(tmp_path / f"model-{file}", tmp_path / f"export-{file}")
        assert reports[0]["notes"] == reports[1]["notes"] != []


def test_reasons(export, model, tmp_path):
    path = tmp_path / "out.parquet"
    recommend_to_parquet(export, path, users=["u5"], k=2, explain=True)
    found = pd.read_parquet(path)
    best = found["reasons"][0][0]
    expected = model.recommend(users=["u5"], k=2, explain=True)["reasons"][0][0]
    assert best["item"] == expected["item"] and best["title"] == expected["title"]
    assert best["contribution"] == pytest.approx(expected["contribution"], abs=1e-5)


def test_similar_items(model, export, tmp_path, small_parts):
    for number, source in enumerate((model, export)):
        similar_items_to_parquet(source, tmp_path / f"{number}.parquet", k=3, exclude=["i2"])
    found = equal(tmp_path / "0.parquet", tmp_path / "1.parquet")
    assert len(found) == 30 and not (found["similar_item"] == "i2").any()


def test_the_seen_items_of_all_users_must_be_known(model, tmp_path):
    """Without stored histories; the order and the model's k are checked beside."""
    export = write(model, tmp_path / "1", histories=False)
    path = tmp_path / "out.parquet"
    with pytest.raises(InputError, match="holds no histories of users.*without --no-histories"):
        recommend_to_parquet(export, path)
    with pytest.raises(InputError, match="k 9: the export answers with 8 items at most"):
        recommend_to_parquet(export, path, k=9)
    assert [one.name for one in tmp_path.iterdir()] == ["1"]
    pd.DataFrame({"history": [["i8"], ["i7", "i6"]]}).to_parquet(tmp_path / "h.parquet")
    recommend_to_parquet(export, path, histories=tmp_path / "h.parquet", k=2)
    expected = model.recommend(histories=[["i8"], ["i7", "i6"]], k=2)
    assert pd.read_parquet(path)["item"].tolist() == expected["item"].tolist()
