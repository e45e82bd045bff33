import numpy as np
import pytest

from kerasrec.data import load
from kerasrec.data.histories import Histories
from kerasrec.models.requests.reasons import OTHERS, REST, reasons
from kerasrec_zoo import MatrixFactorization, MultVAE


@pytest.fixture(scope="module")
def train():
    return load("synthetic", users=60, items=120)


class Scripted:
    """Adds 1, 2, 4, ... for the history's items in order, and twice that for the second item."""

    def __init__(self, train):
        self.items = train.items

    def contributions(self, inputs, history, items):
        return 2.0 ** np.arange(len(history)) * np.arange(1, 1 + len(items))[:, None]


def test_the_largest_first_and_all_of_the_score(train):
    histories = Histories.from_pairs([0, 0, 0, 0, 1], [5, 4, 7, 5, 9], 3)
    rows = np.array([[10, 11], [12, 0], [13, 14]])
    scores = np.array([[7.0, 15], [3, -np.inf], [1, 2]])
    found = reasons(Scripted(train), {"user": np.array([2, 3, 4])}, histories, rows, scores, 2)
    ids = train.items.vocabulary.lookup
    one, two = found[0]
    # The history is 4, 5, 7: 1 + 2 + 4, and then twice as much; 15 has one that nothing explains.
    assert [(r["item"], r["contribution"]) for r in one] == [(ids(7), 4), (ids(5), 2), (None, 1)]
    assert [r["contribution"] for r in two] == [8, 4, 2, 1]
    assert [r["title"] for r in two[2:]] == [OTHERS, REST]
    assert [(r["item"], r["contribution"]) for r in found[1][0]] == [(ids(9), 1), (None, 2)]
    assert found[1][1] == []
    assert [(r["title"], r["contribution"]) for r in found[2][1]] == [(REST, 2)]


@pytest.mark.parametrize("biases", [False, True])
def test_a_query_made_of_the_history_is_explained_by_it(train, biases):
    """A user whose vector is twice an item's, and orthogonal to the other: that item is why."""
    model = MatrixFactorization(train.schema(), dim=4, biases=biases)
    model.adapt(train)
    for weight in model.trainable_weights:
        if weight.shape[1:] == (1,):  # what everybody adds is nobody's reason
            weight.assign(3.0 * np.ones(weight.shape))
    user = next(u for u in range(2, 62) if len(set(train.histories()[u])) >= 2)
    first, second = np.unique(train.histories()[user])[:2]
    users, items = (w for w in model.trainable_weights if w.shape[1:] == (4,))
    if users.shape[0] != train.schema().num_users:
        users, items = items, users
    table = np.zeros(items.shape, "float32")
    table[first], table[second] = [1, 0, 0, 0], [0, 1, 0, 0]
    items.assign(table)
    vectors = np.zeros(users.shape, "float32")
    vectors[user] = [2, 0, 0, 0]
    users.assign(vectors)
    found = model.contributions({"user": np.array([user])}, np.array([first, second]), [first])
    # Ridge takes 1 % of the mean eigenvalue, 1 / 2 of the 4 directions: 1 / 1.005.
    assert found[0, 0] == pytest.approx(2 / 1.005, rel=1e-3) and abs(found[0, 1]) < 1e-6


def test_an_item_of_a_history_that_is_read_adds_what_is_lost_without_it(train):
    model = MultVAE(train.schema(), dim=4, hidden_dim=8)
    model.adapt(train)
    known, asked = np.flatnonzero(train.item_counts())[:3], np.array([5, 6])

    def score(history):
        return model.score_pairs({"history": np.array([history] * 2)}, asked)

    one, other, unread = known
    read = {"history": np.array([[one, other, one, 0]])}
    found = model.contributions(read, np.sort(known), asked)
    whole = score([one, other, one])
    expected = [whole - score([other]), whole - score([one, one]), np.zeros(2)]
    np.testing.assert_allclose(found, np.transpose(expected), atol=1e-6)
    assert np.abs(found[:, :2]).min() > 1e-4


def test_recommend_with_reasons_adds_up(train):
    model = MatrixFactorization(train.schema())
    model.adapt(train)
    plain = model.recommend(users=["reader-1", "reader-2"], k=4)
    frame = model.recommend(users=["reader-1", "reader-2"], k=4, explain=2)
    assert frame.drop(columns="reasons").equals(plain)
    known = set(train.items.vocabulary.ids)
    for score, why in zip(frame["score"], frame["reasons"], strict=True):
        assert sum(one["contribution"] for one in why) == pytest.approx(score, abs=1e-4)
        assert len(why) <= 4 and all(one["item"] is None or one["item"] in known for one in why)
