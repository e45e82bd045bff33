import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from kerasrec.data import Interactions, load
from kerasrec_zoo.user_knn import UserKNN


def adapted(data, **options):
    model = UserKNN(data.schema(history_length=options.pop("history_length", 50)), **options)
    model.adapt(data)
    return model


def test_scores_by_hand():
    # u: a b; v: a b c; w: a d. s(u, v) = 2 / (sqrt(6) + 1), s(u, w) = 1 / (2 + 1).
    frame = pd.DataFrame({"user": list("uuvvvww"), "item": list("ababcad")})
    model = adapted(Interactions.from_frame(frame), shrinkage=1.0)
    answer = model.recommend(users=["u"], k=4, repeats="allow", explain=True)
    near, far = 2 / (6**0.5 + 1), 1 / 3
    assert answer["item"].tolist() == list("abcd")
    assert answer["score"].tolist() == pytest.approx([near + far, near, near, far])
    # c comes from v, with whom u shares a and b; d from w, with whom u shares a.
    parts = [{r["item"]: r["contribution"] for r in reasons} for reasons in answer["reasons"]]
    assert parts[2] == pytest.approx({"a": near / 2, "b": near / 2})
    assert parts[3] == pytest.approx({"a": far})
    one = adapted(Interactions.from_frame(frame), shrinkage=1.0, num_neighbours=1)
    assert one.score(["u"], items=["d"]).tolist() == [0.0]


def test_scores_are_those_of_the_neighbours_of_scikit_learn():
    data = load("synthetic", users=80, items=100)
    taken = np.zeros((len(data.users), len(data.items)))
    taken[data.user, data.item] = 1
    known = np.flatnonzero(taken.any(axis=1))
    model = adapted(data, num_neighbours=7, shrinkage=0.0, history_length=100)
    search = NearestNeighbors(n_neighbors=8, metric="cosine").fit(taken[known])
    distance, index = search.kneighbors(taken[known])
    far, _ = search.kneighbors(taken[known], n_neighbors=9)
    found = model.encode_queries({"user": known.astype("int32")})
    checked = 0
    for row, user in enumerate(known):
        others = index[row] != row
        if others.sum() != 7 or far[row, 8] - far[row, 7] < 1e-9:
            continue  # a tie leaves the choice open
        right = (1 - distance[row, others]) @ taken[known[index[row, others]]]
        np.testing.assert_allclose(found[row], right, atol=1e-5, err_msg=str(user))
        checked += 1
    assert checked > 40


def test_a_user_without_history_or_company_is_shown_what_is_popular():
    frame = pd.DataFrame({"user": list("uuvvw"), "item": list("abbcd")})
    data = Interactions.from_frame(frame)
    # b was taken twice, the others once: log(1 + count).
    company = adapted(data).recommend(users=["w"], k=3)
    assert company["item"].tolist() == ["b", "a", "c"]
    assert company["score"].tolist() == pytest.approx(np.log([3, 2, 2]))
    without = data.select(data.user != data.users.vocabulary.rows(["u"])[0])
    history = adapted(without).recommend(users=["u"], k=4)
    assert history["item"].tolist() == ["b", "c", "d", "a"]
    assert history["score"].tolist() == pytest.approx(np.log([2, 2, 2, 1]), abs=1e-7)


def test_of_a_neighbour_the_last_items_count():
    frame = pd.DataFrame({"user": list("uvvv"), "item": list("aabc")})
    model = adapted(Interactions.from_frame(frame), shrinkage=0.0, history_length=1)
    assert model.score(["u", "u"], items=["b", "c"]).tolist() == pytest.approx([0.0, 3**-0.5])


def test_a_query_takes_all_items_of_all_neighbours():
    data = load("synthetic", users=80, items=100)
    assert adapted(data, num_neighbours=7, history_length=20).query_size == 7 * 20
