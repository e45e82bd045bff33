"""Exports with a search index: recall, storage and refused arguments."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.metadata import read_metadata
from kerasrec_zoo import ItemKNN, MatrixFactorization

pytestmark = pytest.mark.slow

ITEMS, USERS, CLUSTERS, DIM = 1200, 60, 40, 8


@pytest.fixture(scope="module")
def model():
    """Items in 40 tight clusters, each user near the middle of one."""
    random = np.random.default_rng(0)
    users = np.concatenate([np.arange(ITEMS) % USERS, random.integers(0, USERS, 600)])
    items = np.concatenate([np.arange(ITEMS), random.integers(0, ITEMS, 600)])
    train = Interactions.from_frame(pd.DataFrame({"user": users, "item": items}))
    keras.utils.set_random_seed(0)
    model = MatrixFactorization(train.schema(), dim=DIM, biases=False)
    model.adapt(train)
    centres = random.normal(size=(CLUSTERS, DIM))
    for count in (USERS, ITEMS):
        table = next(w for w in model.weights if w.shape == (count + 2, DIM))
        near = centres[random.integers(0, CLUSTERS, count + 2)]
        table.assign(near + 0.05 * random.normal(size=near.shape))
    return model


@pytest.mark.export
def test_ivf_has_the_recall_in_its_metadata(model, tmp_path):
    report = export(model, tmp_path / "1", k=10, index="ivf", recall=0.9)
    assert report["foreign"] == []
    assert report["requests"] == 200
    metadata = read_metadata(tmp_path / "1")["index"]
    assert metadata["kind"] == "ivf" and metadata["recall"] >= 0.9
    with CLoader(tmp_path / "1") as loaded:
        users = model.users.vocabulary.ids.tolist()
        answer = loaded("recommend", user=users)
        listed = loaded("recommend", user=users, allow=[["7", "8", "no such item"]])
    exact = model.recommend(users=users, k=10)
    found = [set(row) for row in answer["item"].astype(str)]
    shares = [
        len(found[n] & set(rows)) / 10
        for n, (_, rows) in enumerate(exact.groupby("user", sort=False)["item"])
    ]
    assert np.mean(shares) >= 0.85
    # Seen items are excluded, and a whitelist is searched exactly.
    for n, user in enumerate(users):
        row = model.users.vocabulary.rows([user])[0]
        seen = set(model.items.vocabulary.lookup(model.histories[row]))
        assert not seen & found[n]
        assert set(listed["item"][n].astype(str)) - {""} == {"7", "8"} - seen


@pytest.mark.export
def test_a_recall_that_is_not_reached_is_refused(model, tmp_path):
    table = next(w for w in model.weights if w.shape == (ITEMS + 2, DIM))
    before = np.array(table)
    table.assign(np.random.default_rng(1).normal(size=before.shape))
    try:
        with pytest.raises(InputError, match="recall"):
            export(model, tmp_path / "1", k=100, index="ivf", recall=0.999)
    finally:
        table.assign(before)
    assert not list(tmp_path.iterdir())


@pytest.mark.export
def test_bfloat16_scores_match_within_rounding(model, tmp_path):
    assert export(model, tmp_path / "1", k=10, storage="bfloat16")["foreign"] == []
    metadata = read_metadata(tmp_path / "1")
    assert metadata["index"]["storage"] == "bfloat16"
    with CLoader(tmp_path / "1") as loaded:
        answer = loaded("recommend", user=["3"])
    exact = model.recommend(users=["3"], k=10)
    np.testing.assert_allclose(answer["score"][0], exact["score"], rtol=0.01)


@pytest.mark.export
def test_a_model_without_vectors_takes_no_index(tmp_path):
    train = Interactions.from_frame(pd.DataFrame({"user": list("aabb"), "item": list("xyyz")}))
    model = ItemKNN(train.schema())
    model.adapt(train)
    with pytest.raises(InputError, match="the score of ItemKNN is not a dot product"):
        export(model, tmp_path / "1", index="ivf")
    with pytest.raises(InputError, match="index must be one of exact, ivf: got 'hnsw'"):
        export(model, tmp_path / "1", index="hnsw")
    assert not list(tmp_path.iterdir())
