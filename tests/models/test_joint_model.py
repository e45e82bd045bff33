"""`JointModel`, tested with a known score: minus a weighted squared distance of two vectors."""

import itertools

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.layers import EmbeddingTable, joint_scorer
from kerasrec.losses import BinaryCrossentropy, MeanSquaredError, Softmax
from kerasrec.models import JointModel, item_table
from kerasrec.register import register

USERS, ITEMS, DIM = 6, 9, 3
KINDS = ["pair", "in_batch", "sampled", "sampled_by_popularity", "all"]


def weights(shape, dtype=None):
    return keras.ops.reshape(keras.ops.arange(1.0, 1.0 + DIM), shape)


@register
class Distance(JointModel):
    """score(u, i) = -<w, (p_u - q_i)^2>, where w is trained."""

    def __init__(self, schema, candidates="sampled", num_negatives=3, log_q=False, name=None):
        user = keras.Input((), dtype="int32", name="user")
        item = keras.Input((), dtype="int32", name="item")
        query = EmbeddingTable(schema.num_users, DIM, stddev=1.0, name="p")(user)
        candidate = EmbeddingTable(schema.num_items, DIM, stddev=1.0, name="q")(item)
        p = keras.Input((DIM,), name="query")
        q = keras.Input((DIM,), name="candidate")
        w = keras.layers.Dense(1, use_bias=False, kernel_initializer=weights, name="w")
        super().__init__(
            head=keras.Model({"query": p, "candidate": q}, -w(keras.ops.square(p - q))),
            schema=schema,
            inputs={"user": user},
            query=query,
            item_encoder=keras.Model({"item": item}, candidate),
            catalog=item_table(schema),
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )


@pytest.fixture
def data():
    pairs = [(u, i) for u, i in itertools.product(range(USERS), range(ITEMS)) if (u + i) % 3 == 0]
    return Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "item"]))


@pytest.fixture
def model(data, monkeypatch):
    """A model whose head scores four pairs at a time when it ranks."""
    monkeypatch.setattr(joint_scorer, "NUMBERS_AT_ONCE", 4 * DIM)
    keras.utils.set_random_seed(1)
    model = Distance(data.schema())
    model.adapt(data)
    return model


def exact_scores(model):
    """Scores `(users, items)` of all rows, by the formula."""
    p = np.array(model.query_model.get_layer("p").embeddings)
    q = np.array(model.item_tower.encoder.get_layer("q").embeddings)
    return -((p[:, None] - q) ** 2) @ np.arange(1.0, 1.0 + DIM)


def best(scores, rows, k):
    """The k best of `rows` by `scores`, and their scores."""
    order = sorted(rows, key=lambda row: -scores[row])[:k]
    return order, scores[order]


def test_top_k_follows_the_formula(model):
    users = np.array([2, 5, 3], "int32")
    for query in (users[:1], users):
        rows, scores = model.top_k({"user": query}, 4)
        for n, user in enumerate(query):
            expected = best(exact_scores(model)[user], range(2, ITEMS + 2), 4)
            assert rows[n].tolist() == expected[0]
            np.testing.assert_allclose(scores[n], expected[1], rtol=1e-5)


def test_only_allowed_items_are_scored(model, monkeypatch):
    users = np.array([2, 5], "int32")
    allow = np.array([[4, 9, 4, 0, 1], [3, 7, 8, 10, 0]], "int32")
    exclude = np.array([[0, 0], [8, 2]], "int32")
    monkeypatch.setattr(model, "score_catalog", None)
    rows, scores = model.top_k({"user": users}, 3, exclude=exclude, allow=allow)
    first = best(exact_scores(model)[2], [4, 9], 3)
    assert rows[0].tolist() == [*first[0], 0]
    np.testing.assert_allclose(scores[0], [*first[1], -np.inf], rtol=1e-5)
    second = best(exact_scores(model)[5], [3, 7, 10], 3)
    assert rows[1].tolist() == second[0]
    np.testing.assert_allclose(scores[1], second[1], rtol=1e-5)


def test_only_padding_allows_all_and_only_unknown_items_allow_nothing(model):
    users = np.array([2, 5, 3], "int32")
    allow = np.array([[0, 0], [4, 1], [1, 0]], "int32")
    rows, _ = model.top_k({"user": users}, 3, allow=allow)
    everything = best(exact_scores(model)[2], range(2, ITEMS + 2), 3)[0]
    assert rows.tolist() == [everything, [4, 0, 0], [0, 0, 0]]
    rows, _ = model.top_k({"user": users[1:]}, 3, allow=allow[1:])
    assert rows.tolist() == [[4, 0, 0], [0, 0, 0]]


def test_allowing_all_items_changes_nothing(model):
    users = np.array([2, 5], "int32")
    everything = np.tile(np.arange(ITEMS + 2, dtype="int32"), (2, 1))
    for one, other in zip(
        model.top_k({"user": users}, 9, allow=everything),
        model.top_k({"user": users}, 9),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_queries_are_ranked_in_batches(model, monkeypatch):
    users = np.arange(2, 2 + USERS, dtype="int32")
    allow = np.tile(np.array([2, 6, 9], "int32"), (USERS, 1))
    whole = model.top_k({"user": users}, 3, allow=allow)
    monkeypatch.setattr(models.recommender, "SCORES_AT_ONCE", 2 * (ITEMS + 2))
    for one, other in zip(model.top_k({"user": users}, 3, allow=allow), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("k", [0, ITEMS + 1])
def test_a_wrong_k_is_refused(model, k):
    for allow in (None, np.array([[3, 4]])):
        with pytest.raises(InputError, match=f"between 1 and the number of items, 9: got {k}"):
            model.top_k({"user": np.array([2])}, k, allow=allow)


def test_score_pairs_follows_the_formula(model):
    users, items = np.array([2, 2, 7, 5, 3], "int32"), np.array([9, 3, 3, 9, 10], "int32")
    scores = model.score_pairs({"user": users}, items)
    np.testing.assert_allclose(scores, exact_scores(model)[users, items], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.export
def test_export_has_no_vectors_to_search(model, data, tmp_path):
    assert export(model, tmp_path / "1", k=4)["difference"] <= 1e-5
    assert not model.searchable
    import tensorflow as tf

    served = tf.saved_model.load(str(tmp_path / "1")).signatures
    assert set(served) >= {"recommend", "score"}
    assert not set(served) & {"embed_user", "embed_items"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_candidates_trains_the_head(data, kind):
    keras.utils.set_random_seed(1)
    model = Distance(data.schema(), candidates=kind)
    model.adapt(data)
    model.compile("adam", MeanSquaredError() if kind == "pair" else Softmax())
    w = model.scorer.head.get_layer("w").kernel
    before = np.array(w)
    model.fit(batches(data, model.train_inputs, batch_size=8), verbose=0)
    assert (np.array(w) != before).all()
    assert any(one is w for one in model.trainable_weights)
    assert not any(one is w for one in model.candidate_weights)
    assert model.predicts_values == (kind == "pair")


@pytest.mark.slow
def test_cross_entropy_ranks_observed_items_first(data):
    keras.utils.set_random_seed(1)
    model = Distance(data.schema(), num_negatives=6)
    model.adapt(data)
    model.compile(keras.optimizers.Adam(0.05), BinaryCrossentropy())
    model.fit(batches(data, model.train_inputs, batch_size=8).repeat(60), verbose=0)
    users = [str(user) for user in range(USERS)]
    answer = model.recommend(users=users, k=3, repeats="allow")
    assert ((answer["user"].astype(int) + answer["item"].astype(int)) % 3 == 0).all()


def test_a_loaded_checkpoint_gives_the_same_scores(model, tmp_path):
    model.scorer.head.get_layer("w").kernel.assign([[3.0], [2.0], [0.0]])
    model.save(tmp_path / "checkpoint")
    again = models.load(tmp_path / "checkpoint", trust=True)
    pairs = {"users": ["1", "2", "4"], "items": ["3", "5", "8"]}
    np.testing.assert_allclose(again.score(**pairs), model.score(**pairs), rtol=1e-6)
