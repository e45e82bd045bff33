import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.config.train_node import TrainNode
from kerasrec.data import Impressions, RequestLists, impression_batches
from kerasrec.data.impression_split import no_split
from kerasrec.errors import InputError
from kerasrec.losses import RankNet
from kerasrec.training.fit_ranker import fit_ranker, lists_for, losses, order_notes
from kerasrec_zoo import LogisticRegression

SLOW = ("rank_net", "lambda_rank")
NAMES = ["list_softmax", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


@pytest.fixture(scope="module")
def shown():
    """Of the items of a request that with the lowest number is clicked.

    Requests differ in how low that is, so a click says more of the other items than of the number.
    """
    random = np.random.default_rng(0)
    rows = []
    for request in range(120):
        items = random.choice(np.arange(5) + 5 * (request % 3), random.integers(2, 5), False)
        user = f"u{request % 7}"
        rows += [(request, user, f"i{one:02d}", int(one == items.min())) for one in items]
    rows.append((500, "u0", "i14", 1))
    frame = pd.DataFrame(rows, columns=["request", "user", "item", "click"])
    return Impressions.from_frame(frame, labels={"click": {}})


@pytest.fixture
def model(shown):
    keras.utils.set_random_seed(0)
    model = LogisticRegression(shown.schema())
    model.adapt(shown)
    return model


@pytest.mark.parametrize("name", NAMES)
def test_the_order_within_requests_is_learned(shown, model, name):
    node = TrainNode(
        loss={"click": name}, epochs=12, optimizer={"class": "Adam", "learning_rate": 0.2},
        batch_size=128, monitor=None, patience=None,
    )  # fmt: skip
    lists = lists_for(model, shown, node.loss)
    assert lists.notes[0].startswith("1 of 121 requests are not trained on")
    fit_ranker(model, no_split(shown), node, progress=False, lists=lists)
    score = model.predict_logits(shown)["click"]
    frame = pd.DataFrame({"request": shown.request, "score": score, "item": shown.item})
    ids = shown.items.vocabulary.lookup(shown.item)
    first = frame.assign(item=ids).sort_values("score").groupby("request")["item"].last()
    assert first.tolist() == frame.assign(item=ids).groupby("request")["item"].min().tolist()


def test_an_epoch_has_the_loss_of_a_batch_padded_by_hand(shown, model):
    lists = lists_for(model, shown, "rank_net")
    model.compile(optimizer="sgd", loss=losses(model, "rank_net", lists))
    batches = impression_batches(
        shown, inputs=model.train_inputs, batch_size=1000, shuffle=False, lists=lists
    )
    labels = np.full((120, 4), np.nan, "float32")
    scores = np.zeros((120, 4), "float32")
    logit = np.random.default_rng(0).normal(size=len(shown.items)).astype("float32")
    table = next(w for w in model.weights if w.shape == (len(shown.items), 1))
    table.assign(logit[:, None])
    for request in range(120):
        rows = np.flatnonzero(shown.request == request)
        labels[request, : len(rows)] = shown.labels["click"][rows]
        scores[request, : len(rows)] = logit[shown.item[rows]]
    found = model.evaluate(batches, verbose=0)
    assert found == pytest.approx(float(RankNet()(labels, scores)), rel=1e-4)


def test_other_labels_keep_every_request(shown):
    data = dataclasses.replace(
        shown,
        labels={**shown.labels, "like": shown.labels["click"]},
        tasks=(*shown.tasks, dataclasses.replace(shown.tasks[0], name="like")),
    )
    model = LogisticRegression(data.schema())
    model.adapt(data)
    lists = lists_for(model, data, {"click": "rank_net"})
    assert len(lists.rows) == 121 and not lists.notes
    assert lists_for(model, data, {"click": "focal"}) is None
    assert len(RequestLists.of(data, ["click", "like"]).rows) == 120


def test_a_note_says_that_an_order_is_no_probability(model):
    (note,) = order_notes(model, TrainNode(loss="rank_net"))
    assert "no probability" in note and "train.calibrate" in note
    assert not order_notes(model, TrainNode(loss="rank_net", calibrate="platt"))
    assert not order_notes(model, TrainNode(loss="bce"))


def test_without_requests_there_is_an_error(shown, model):
    with pytest.raises(InputError, match="map a column to request"):
        lists_for(model, dataclasses.replace(shown, request=None), "lambda_rank")
