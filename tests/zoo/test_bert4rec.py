"""What is BERT4Rec's own."""

import dataclasses
import functools

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.data.schema import Schema
from kerasrec.errors import InputError
from kerasrec.layers import MaskedItems
from kerasrec.losses import Softmax
from kerasrec_zoo import BERT4Rec

pytestmark = pytest.mark.slow

SIDE = 5
HISTORY = np.array([[2, 3, 4, 5, 6, 2], [4, 4, 3, 0, 0, 0], [0] * 6], "int32")
ITEM = np.array([[3, 4, 5, 6, 2, 5], [4, 3, 5, 0, 0, 0], [0] * 6], "int32")


def untimed(schema):
    """Items alone; that times are read is tested in test_rnn_recommender.py."""
    return dataclasses.replace(schema, timed=False)


def walks(users=64, length=9):
    """Half of the users walk around a ring one way, half the other: one item says nothing."""
    generator, steps = np.random.default_rng(0), np.arange(users * length) % length
    turn = np.repeat(np.where(np.arange(users) % 2, 1, -1), length)
    item = (np.repeat(generator.integers(0, SIDE, users), length) + turn * steps) % SIDE
    user = np.repeat(np.arange(users), length)
    return Interactions.from_frame(pd.DataFrame({"user": user, "item": item, "timestamp": steps}))


def asked(length):
    """Walks from everywhere both ways as strings, and where they go next."""
    turn, start = np.repeat([1, -1], SIDE), np.tile(np.arange(SIDE), 2)
    items = (start[:, None] + turn[:, None] * np.arange(length + 1)) % SIDE
    return items[:, :-1].astype(str).tolist(), items[:, -1].astype(str).tolist()


def make(**given):
    train = walks(users=3)
    keras.utils.set_random_seed(0)
    model = BERT4Rec(untimed(train.schema(6)), **{"dim": 8, **given})
    model.adapt(train)
    return model


def test_learns_where_a_walk_goes():
    train = walks()
    keras.utils.set_random_seed(0)
    model = BERT4Rec(untimed(train.schema(8)), dim=16, dropout=0.0)
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.01), Softmax())
    data = batches(train, model.train_inputs, batch_size=32, history_length=8)
    model.fit(data.repeat(60), verbose=0)
    pasts, following = asked(8)
    answer = model.recommend(histories=pasts, k=1, repeats="allow")
    assert answer["item"].tolist() == following


@pytest.mark.parametrize("candidates", ["all", "sampled", "in_batch"])
def test_outside_of_training_the_last_item_is_asked_as_it_is_in_serving(candidates):
    model = make(candidates=candidates, num_negatives=5, log_q=candidates == "sampled")
    logits = np.asarray(model({"history": HISTORY, "item": ITEM}))
    asked = np.zeros(ITEM.shape, "bool")
    asked[[0, 1], [5, 2]] = True
    scores = model.score_pairs({"history": HISTORY[:2]}, np.array([5, 5]))
    if candidates == "sampled":
        scores = scores - np.log(5 / SIDE)
    np.testing.assert_allclose(logits[asked][:, 0], scores, atol=1e-5)
    # Both ask for one item: in the batch there is no other.
    assert ((logits[asked][:, 1:].max(axis=-1) > -100) == (candidates != "in_batch")).all()
    np.testing.assert_array_equal(logits[~asked][:, 0], 0.0)
    np.testing.assert_array_equal(logits[~asked][:, 1:], -1e9)
    losses = Softmax(reduction=None)(np.ones(ITEM.shape), logits)
    np.testing.assert_array_equal(np.asarray(losses)[~asked], 0.0)


def test_training_masks_a_share_of_the_places():
    model = make(mask_prob=0.5, dropout=0.0)
    counts = np.zeros(ITEM.shape)
    for _ in range(40):
        logits = np.asarray(model({"history": HISTORY, "item": ITEM}, training=True))
        masked = logits[..., 1] > -1e8
        assert not masked[ITEM == 0].any()
        assert masked[0].sum() in (1, 3) and masked[1].sum() in (1, 2)
        counts += masked
    assert (counts[ITEM > 0] > 0).all()


def test_a_masked_item_is_not_seen():
    """Outside of training the last item is masked: what it was changes no other logit."""
    model = make()
    before = np.asarray(model({"history": HISTORY[:1], "item": ITEM[:1]}))
    # Whatever the last item is, its logits come from one and the same query.
    every = [
        np.asarray(model({"history": HISTORY[:1], "item": np.append(ITEM[:1, :5], [[i]], 1)}))
        for i in range(2, 7)
    ]
    whole = [np.logaddexp(*logits[0, 5]) for logits in every]
    np.testing.assert_allclose(whole, np.logaddexp(*before[0, 5]), atol=1e-5)


def test_a_later_item_changes_the_state_of_an_earlier_mask():
    model = make(mask_prob=0.2, dropout=0.0)
    item = np.repeat([[3, 4, 5, 6, 2, 5], [3, 4, 5, 6, 2, 3]], 60, axis=0)
    history = np.repeat(HISTORY[:1], 120, axis=0)
    logits = np.asarray(model({"history": history, "item": item}, training=True))
    # One place of each row is masked; here it is the first.
    logits = logits[:, 0][logits[:, 0, 1] > -1e8], item[:, 5][logits[:, 0, 1] > -1e8]
    one, other = (logits[0][logits[1] == last] for last in (5, 3))
    np.testing.assert_allclose(one, np.repeat(one[:1], len(one), axis=0), atol=1e-6)
    assert np.abs(one[0] - other[0]).max() > 1e-4


def test_a_history_of_nothing_has_finite_scores():
    rows, scores = make().top_k({"history": np.zeros((1, 6), "int32")}, 3)
    assert np.isfinite(scores).all() and (rows > 1).all()


@pytest.mark.parametrize(
    "wrong,said",
    [
        ({"mask_prob": 0.0}, "share: expected a number from"),
        ({"num_heads": 3}, "num_heads: expected a divisor of 8"),
    ],
)
def test_bad_arguments(wrong, said):
    with pytest.raises(InputError, match=said):
        BERT4Rec(Schema(5, 6, 3), **{"dim": 8, **wrong})


def test_what_was_done_at_a_masked_place_is_not_read(monkeypatch):
    """All places but the first are masked: of the behaviors, only the first may count."""
    monkeypatch.setattr("kerasrec_zoo.bert4rec.MaskedItems", functools.partial(MaskedItems, last=0))
    steps = ("user", "item", "timestamp", "behavior")
    rows = [(str(i // 12), str(i % SIDE), i, ("saw", "bought")[i % 2]) for i in range(24)]
    train = Interactions.from_frame(pd.DataFrame(rows, columns=steps))

    def logits(behavior):
        keras.utils.set_random_seed(0)
        model = BERT4Rec(untimed(train.schema(6)), dim=8, dropout=0.0, mask_prob=0.999)
        model.adapt(train)
        given = {"history": HISTORY[:1], "behavior": np.array([behavior], "int32")}
        return np.asarray(model({**given, "item": ITEM[:1]}, training=True))

    plain = logits([2, 2, 2, 2, 2, 2])
    np.testing.assert_array_equal(logits([2, 3, 3, 2, 3, 3]), plain)
    assert np.abs(logits([3, 2, 2, 2, 2, 2]) - plain).max() > 1e-3


def test_the_score_by_hand(with_item_vectors):
    vectors = {"a": [5.0, 2.0], "b": [3.0, 1.0]}
    model, _ = with_item_vectors(BERT4Rec, vectors, num_blocks=1)
    model.query_model.get_layer("mask").kernel.assign([[1.0, 3.0]])
    # Nothing is attended to: the mask behind the history is asked, h = LN(1, 3) = (-1, 1), and
    # <h, a> = -5 + 2.
    score = model.score(histories=[["a", "b"]], items=["a"])
    np.testing.assert_allclose(score, [-3.0], rtol=1e-4)
