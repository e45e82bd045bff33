"""What is LightGCN's own."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.layers import GraphPropagation
from kerasrec.losses import BPR, Softmax
from kerasrec.optimizers import LazyAdam
from kerasrec_zoo import MatrixFactorization
from kerasrec_zoo.light_gcn import LightGCN

pytestmark = pytest.mark.slow


def interactions(users, items, base=None):
    return Interactions.from_frame(
        pd.DataFrame({"user": list(users), "item": list(items)}), base=base
    )


def blocks(num_blocks=3, size=8, share=0.5):
    """Users and items in blocks, each user with a share of the items of their own block."""
    random = np.random.default_rng(0)
    user, item = np.divmod(np.arange((num_blocks * size) ** 2), num_blocks * size)
    taken = (user // size == item // size) & (random.random(len(user)) < share)
    order = random.permutation(np.flatnonzero(taken))
    return interactions(user[order].astype(str), item[order].astype(str))


def fitted(cls, train, optimizer, epochs=3, loss=None, **options):
    keras.utils.set_random_seed(3)
    model = cls(train.schema(), dim=6, **options)
    model.adapt(train)
    model.compile(optimizer, loss or Softmax())
    data = batches(train, model.train_inputs, batch_size=32)
    return model, model.fit(data, epochs=epochs, verbose=0).history["loss"]


@pytest.mark.parametrize("optimizer", [lambda: keras.optimizers.SGD(1.0), lambda: LazyAdam(0.05)])
@pytest.mark.parametrize("candidates", ["in_batch", "all"])
def test_without_layers_it_is_matrix_factorization(optimizer, candidates):
    train = blocks()
    _, plain = fitted(MatrixFactorization, train, optimizer(), candidates=candidates, biases=False)
    model, losses = fitted(LightGCN, train, optimizer(), candidates=candidates, num_layers=0)
    np.testing.assert_allclose(losses, plain, rtol=1e-6)
    tables = model.graph_embedding.user_table, model.graph_embedding.item_table
    user, item = (np.asarray(table.embeddings) for table in tables)
    found = model.score(users=["0", "9"], items=["1", "3"])
    rows = train.users.vocabulary.rows(["0", "9"]), train.items.vocabulary.rows(["1", "3"])
    np.testing.assert_allclose(found, (user[rows[0]] * item[rows[1]]).sum(1), atol=1e-6)


def test_the_graph_of_parts_that_touch_nowhere_keeps_them_apart():
    train = interactions("aabbccdd", "xyxyvwvw")
    model = LightGCN(train.schema(), dim=4, num_layers=4)
    model.adapt(train)
    before = model.score(users=["c", "d"], items=["v", "w"])
    table = model.graph_embedding.user_table.embeddings
    table.assign(np.asarray(table) * np.isin(np.arange(6), [2, 3])[:, None])
    items = model.graph_embedding.item_table.embeddings
    values = np.array(items)
    values[train.items.vocabulary.rows(["v", "w"])] = 0.0
    items.assign(values)
    model.propagate()
    assert before.any()
    np.testing.assert_array_equal(model.score(users=["c", "d"], items=["v", "w"]), [0, 0])


@pytest.mark.parametrize("loss", [Softmax(), BPR()])
def test_finds_the_blocks(loss):
    train = blocks()
    options = {"candidates": "sampled", "num_negatives": 16, "log_q": False}
    model, losses = fitted(
        LightGCN, train, keras.optimizers.Adam(0.1), 12, loss, l2=1e-4, **options
    )
    assert losses[-1] < losses[0]
    answer = model.recommend(users=list(train.users.vocabulary.ids), k=2)
    assert (answer["user"].astype(int) // 8 == answer["item"].astype(int) // 8).mean() > 0.9


def test_a_step_of_training_propagates_once(monkeypatch):
    calls, call = [], GraphPropagation.call
    monkeypatch.setattr(GraphPropagation, "call", lambda *args: calls.append(1) or call(*args))
    train = blocks()
    model = LightGCN(train.schema(), dim=4)
    model.adapt(train)
    calls.clear()
    rows = {"user": train.user[:4], "item": train.item[:4]}
    model(rows, training=True)
    assert len(calls) == 1
    # Nothing is kept from one step to the next, and an answer needs none.
    model(rows, training=True)
    model(rows)
    model.recommend(users=["0"], k=1)
    assert len(calls) == 2


def test_answers_follow_the_weights_after_every_epoch():
    train, seen = blocks(), []
    model = LightGCN(train.schema(), dim=4)
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.1), Softmax())

    def look(epoch, logs):
        stored = np.array(model.graph_embedding.vectors)
        model.propagate()
        seen.append(np.abs(stored - np.asarray(model.graph_embedding.vectors)).max())

    watch = keras.callbacks.LambdaCallback(on_epoch_end=look)
    model.fit(batches(train, batch_size=32), epochs=2, callbacks=watch, verbose=0)
    assert seen == [0.0, 0.0]


def test_a_user_without_interactions_is_answered_as_the_mean():
    data = interactions("aabbc", "xyyzx")
    train = data.select(data.users.vocabulary.lookup(data.user) != "c")
    model = LightGCN(train.schema(), dim=4)
    model.adapt(train)
    scores = {user: model.score(users=[user] * 3, items=list("xyz")) for user in "abc"}
    np.testing.assert_allclose(scores["c"], (scores["a"] + scores["b"]) / 2, atol=1e-6)


def test_the_graph_comes_with_the_checkpoint_and_is_no_argument(tmp_path):
    train = blocks()
    model, _ = fitted(LightGCN, train, keras.optimizers.Adam(0.1))
    model.save(tmp_path / "checkpoint")
    config = model.get_config()
    assert config["num_edges"] == len(train)
    again = LightGCN.from_config(config)
    again.load_weights(tmp_path / "checkpoint" / "model.weights.h5")
    vectors = np.array(again.graph_embedding.vectors)
    np.testing.assert_array_equal(vectors, model.graph_embedding.vectors)
    again.propagate()
    np.testing.assert_array_equal(vectors, again.graph_embedding.vectors)
    with pytest.raises(InputError, match=rf"expected {len(train)} \(num_edges\), received 5"):
        model.adapt(train.select(np.arange(5)))


def test_grown_data_starts_from_the_old_vectors_over_the_new_graph(tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrec_zoo.LightGCN", LightGCN, raising=False)
    before = interactions("aabb", "xyyz")
    old = LightGCN(before.schema(), dim=3)
    old.adapt(before)
    old.save(tmp_path / "checkpoint")
    base = models.load_catalogs(tmp_path / "checkpoint")
    after = interactions("aabbcc", "xyyzxw", base=base)
    new = LightGCN(after.schema(), dim=3)
    new.adapt(after)
    new.load_rows_from(tmp_path / "checkpoint")
    for name in ("user_table", "item_table"):
        was, now = (
            np.asarray(getattr(model.graph_embedding, name).embeddings) for model in (old, new)
        )
        np.testing.assert_array_equal(now[: len(was)], was)
    # w is new and started as the unknown item; the answers are those of the new graph.
    items = np.asarray(new.graph_embedding.item_table.embeddings)
    np.testing.assert_array_equal(items[-1], items[1])
    stored = np.array(new.graph_embedding.vectors)
    new.propagate()
    np.testing.assert_array_equal(stored, new.graph_embedding.vectors)
    # The old graph over the old data again: the scores of before.
    same = LightGCN(before.schema(), dim=3)
    same.adapt(before)
    same.load_rows_from(tmp_path / "checkpoint")
    pairs = {"users": ["a", "b"], "items": ["x", "z"]}
    np.testing.assert_allclose(same.score(**pairs), old.score(**pairs), atol=1e-7)


@pytest.mark.export
def test_export_looks_up_and_does_not_propagate(tmp_path):
    train = blocks()
    model, _ = fitted(LightGCN, train, keras.optimizers.Adam(0.1))
    assert export(model, tmp_path / "model" / "1", k=4)["difference"] <= 1e-5
    import tensorflow as tf

    loaded = tf.saved_model.load(str(tmp_path / "model" / "1"))
    graph = loaded.signatures["recommend"].graph.as_graph_def()
    ops = {node.op for f in graph.library.function for node in f.node_def}
    assert ops and "SegmentSum" not in ops


def test_the_score_by_hand():
    train = interactions("uvv", "aab")
    model = LightGCN(train.schema(), dim=1, num_layers=1)
    model.adapt(train)
    tables = model.graph_embedding.user_table, model.graph_embedding.item_table
    for table, catalog, values in zip(
        tables,
        (train.users, train.items),
        ({"u": 1.0, "v": 3.0}, {"a": 2.0, "b": 4.0}),
        strict=True,
    ):
        weight = np.zeros(table.embeddings.shape)
        weight[catalog.vocabulary.rows(list(values)), 0] = list(values.values())
        table.embeddings.assign(weight)
    model.propagate()
    # u has 1 neighbour, a and v have 2, b has 1: X_u = (1 + 2 / sqrt(1 2)) / 2 = 1.2071,
    # X_b = (4 + 3 / sqrt(2 1)) / 2 = 3.0607.
    score = model.score(users=["u"], items=["b"])
    np.testing.assert_allclose(score, [1.2071 * 3.0607], rtol=1e-4)
