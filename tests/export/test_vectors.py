import importlib.util

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.export import vectors as module
from kerasrec.export.vectors import export_vectors
from kerasrec_zoo import ItemKNN, MatrixFactorization


@pytest.fixture(scope="module")
def train():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"user": random.integers(0, 9, 200), "item": random.integers(0, 40, 200)})
    return Interactions.from_frame(frame)


@pytest.fixture(scope="module")
def model(train):
    model = MatrixFactorization(train.schema(), dim=3)
    model.adapt(train)
    return model


def best(model, user):
    """The ten best items of a user and their scores, by the model."""
    rows = model.users.vocabulary.rows([user])
    found, scores = model.top_k({"user": rows}, 10)
    return model.items.vocabulary.lookup(found[0]).tolist(), scores[0]


def test_a_dot_product_search_matches_the_model(model, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROW_GROUP", 7)
    names = export_vectors(model, tmp_path / "vectors")
    assert sorted(path.name for path in (tmp_path / "vectors").iterdir()) == sorted(names)
    table = pq.read_table(tmp_path / "vectors" / "items.parquet")
    width = np.asarray(model.encode_catalog()).shape[1]
    assert table.schema.field("vector").type == pa.list_(pa.float32(), width)
    assert table["item"].to_pylist() == list(model.items.vocabulary.ids)
    items = np.array(table["item"].to_pylist())
    vectors = np.stack(table["vector"].to_numpy())
    query = model.encode_queries({"user": model.users.vocabulary.rows(["3"])})[0]
    scores = vectors @ query
    order = np.argsort(-scores, kind="stable")[:10]
    right = best(model, "3")
    assert items[order].tolist() == right[0]
    np.testing.assert_allclose(scores[order], right[1], rtol=1e-5, atol=1e-6)


def test_a_faiss_search_matches_the_model(model, tmp_path):
    faiss = pytest.importorskip("faiss", reason="faiss is not installed: items.faiss is NOT TESTED")
    assert export_vectors(model, tmp_path / "vectors") == ["items.parquet", "items.faiss"]
    index = faiss.read_index(str(tmp_path / "vectors" / "items.faiss"))
    queries = model.encode_queries({"user": model.users.vocabulary.rows(["3", "5"])})
    scores, rows = index.search(queries, 10)
    for one, other, user in zip(rows, scores, "35", strict=True):
        right = best(model, user)
        assert np.array(model.items.vocabulary.ids)[one].tolist() == right[0]
        np.testing.assert_allclose(other, right[1], rtol=1e-5, atol=1e-6)


def test_without_faiss_only_the_table_is_written(model, tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        module.importlib.util, "find_spec", lambda name: None if name == "faiss" else find(name)
    )
    assert export_vectors(model, tmp_path / "vectors") == ["items.parquet"]


def test_a_refused_export_leaves_no_files(model, train, tmp_path):
    neighbours = ItemKNN(train.schema())
    with pytest.raises(InputError, match="adapt"):
        export_vectors(neighbours, tmp_path / "vectors")
    neighbours.adapt(train)
    with pytest.raises(InputError, match="ItemKNN is not a dot product"):
        export_vectors(neighbours, tmp_path / "vectors")
    assert not list(tmp_path.iterdir())
    (tmp_path / "existing").mkdir()
    (tmp_path / "existing" / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="exists already"):
        export_vectors(model, tmp_path / "existing")
    assert (tmp_path / "existing" / "letter.txt").read_text() == "dear"


def test_a_full_disk_leaves_no_files(model, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.pq.ParquetWriter, "write_table", full)
    with pytest.raises(InputError, match="No space left"):
        export_vectors(model, tmp_path / "vectors")
    assert not list(tmp_path.iterdir())
