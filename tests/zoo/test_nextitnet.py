"""What is NextItNet's own."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.losses import Softmax
from kerasrec_zoo.nextitnet import NextItNet


def two_walks(users=60, length=12, cycle=5):
    """Steps 0, 2, 4, ... walk along one circle of items, 1, 3, 5, ... along another.

    Where each begins is drawn: the next item follows from the last but one, and the last item says
    nothing about it.
    """
    starts = np.random.default_rng(0).integers(0, cycle, (users, 2))
    step = np.arange(length)
    items = (starts[:, step % 2] + step // 2) % cycle + cycle * (step % 2)
    frame = pd.DataFrame({"user": np.repeat(np.arange(users), length), "item": items.ravel()})
    return Interactions.from_frame(frame)


@pytest.mark.slow
def test_finds_what_follows_the_last_but_one():
    train = two_walks()
    keras.utils.set_random_seed(0)
    model = NextItNet(train.schema(history_length=12), dim=16, dilations=(1, 2), dropout=0.1)
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.01), Softmax())
    data = batches(train, model.train_inputs, batch_size=16, history_length=12)
    model.fit(data.repeat(20), verbose=0)
    histories = [["0", "5", "1", "6"], ["3", "9", "4", "5"], ["5", "2", "6", "3", "7"]]
    answer = model.recommend(histories=histories, k=1, repeats="allow")
    assert answer["item"].tolist() == ["2", "0", "4"]


def test_items_read_and_items_ranked_share_a_table():
    model = NextItNet(two_walks().schema(), dim=8, dilations=(1,))
    assert [w.path for w in model.trainable_weights if w.shape[0] == 12] == [
        "item_ids/id/embeddings"
    ]


def test_wrong_dilations():
    with pytest.raises(InputError, match="dilations: expected whole numbers"):
        NextItNet(two_walks().schema(), dilations=(0,))


def test_the_score_by_hand():
    frame = pd.DataFrame({"user": list("uuuv"), "item": list("bcaa")})
    train = Interactions.from_frame(frame)
    model = NextItNet(train.schema(), dim=2, dilations=(1,), kernel_size=2, dropout=0.0)
    model.adapt(train)
    table = np.zeros((5, 2))
    table[train.items.vocabulary.rows(["a", "b", "c"])] = [[5.0, 2.0], [3.0, 1.0], [7.0, 7.0]]
    model.get_layer("item_ids").table.embeddings.assign(table)
    # The first convolution hands its step on, the second the one two steps before.
    now, past = np.eye(2), np.zeros((2, 2))
    for layer, kernel in zip(
        model.query_model.get_layer("user_encoder").kernels, ([now, past], [past, now]), strict=True
    ):
        layer.set_weights([np.concatenate(kernel), np.zeros(2)])
    # b = (3, 1), normed (1, -1), relu (1, 0), two steps later normed and relu again: (1, 0).
    # h = a + (1, 0) = (6, 2), and <h, a> = 6 5 + 2 2.
    score = model.score(histories=[["b", "c", "a"]], items=["a"])
    np.testing.assert_allclose(score, [34.0], rtol=1e-2)
