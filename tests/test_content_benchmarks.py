"""The computations of the content benchmarks: ridge baseline, share of users, reasons."""

import pathlib
import types

import keras
import numpy as np
import pytest
import scipy.sparse

from kerasrec.data import load, splits
from kerasrec.data.histories import Histories

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are not part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


def test_ridge_matches_the_normal_equations():
    from benchmarks.cold_floor import ridge

    rng = np.random.default_rng(0)
    x, y = rng.random((4, 7)), rng.random((4, 2))
    expected = np.linalg.solve(x.T @ x + 0.3 * np.eye(7), x.T @ y)
    np.testing.assert_allclose(ridge(scipy.sparse.csr_matrix(x), y, 0.3), expected)


def test_recall_and_ndcg_among_ranked_items():
    from benchmarks.cold_floor import recall_and_ndcg

    ranked = np.array([12, 15, 19])
    truth = Histories.from_pairs(np.array([0, 1, 1]), np.array([15, 12, 19]), 2)
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 3.0, 2.0]])
    found = recall_and_ndcg(scores, types.SimpleNamespace(truth=truth), ranked, k=2)
    # The first user's item ranks second; one of the second user's two items ranks second.
    second = 1 / np.log2(3)
    assert found == pytest.approx(((1 + 0.5) / 2, (second + second / (1 + second)) / 2))


def test_a_share_of_the_users_is_trained_and_all_are_tested():
    from benchmarks.transfer import some_users

    split = splits.next_item(load("synthetic", users=40, items=120))
    few = some_users(split, 0.25)
    kept = np.unique(few.train.user)
    assert len(kept) == 10
    whole = split.train.select(np.isin(split.train.user, kept))
    assert few.train.item.tolist() == whole.item.tolist()
    assert len(few.queries("test")) == len(split.queries("test"))


def test_mean_difference_has_its_interval():
    from benchmarks.blend import mean_difference

    # Mean .5 and deviation .5 of 4 users: half width 1.96 * .5 / 2.
    assert mean_difference(np.array([0.0, 1.0, 0.0, 1.0])) == "+0.5000 [+0.0100, +0.9900]"
    assert mean_difference(np.zeros(3)) == ""


class Summed(keras.layers.Layer):
    """An encoder whose state is the sum of its inputs."""

    def call(self, past):
        return keras.ops.sum(past, axis=1)


def test_gradient_times_input_of_a_sum_is_each_items_part():
    from benchmarks.reasons import ENCODER, by_gradient

    vectors = np.array([[0, 0], [1, 2], [3, 4], [5, 6]], "float32")
    history = keras.Input((None,), dtype="int32", name="history")
    table = keras.layers.Embedding(4, 2, embeddings_initializer=lambda *a, **k: vectors)
    query = Summed(name=ENCODER)(table(history))
    model = types.SimpleNamespace(query_model=keras.Model({"history": history}, query))
    inputs = {"history": np.array([[1, 3, 1, 0]], "int32")}
    found = by_gradient(model, inputs, np.array([1, 3]), np.array([10.0, 1.0], "float32"))
    # Item 1 occurs twice: 2 (10 + 2); item 3 once: 50 + 6.
    np.testing.assert_allclose(found, [24.0, 56.0])


def test_every_text_encoder_is_in_the_table(monkeypatch):
    from benchmarks import encoders
    from benchmarks.runner.run_config import CONFIGS
    from kerasrec.config import load_config
    from kerasrec.layers.content_encoder import ENCODERS

    models = []

    def run_config(name, changes):
        models.append(load_config(CONFIGS / f"{name}.yaml", changes).to_dict()["model"])
        metrics = dict.fromkeys(encoders.METRICS, {"mean": 0.5, "low": 0.4, "high": 0.6})
        return {"rows": [{"metrics": metrics}]}

    monkeypatch.setattr(encoders, "run_config", run_config)
    report = encoders.measure(types.SimpleNamespace(quick=False), lambda line: None)
    recall, ndcg = report.tables
    assert recall.rows[0].note == "[0.4000, 0.6000]" and len(ndcg.rows) == len(models) == 7
    # The bookstore has no vectors and no pictures.
    found = {model["encoder"] for model in models if model["class"] == "ContentBased"}
    assert found == set(ENCODERS) - {"vectors", "conv2d"}
