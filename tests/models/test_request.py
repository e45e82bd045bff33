import tracemalloc

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.data.chunks import PLACES
from kerasrec.errors import InputError
from kerasrec_zoo import DampedMean, ItemKNN, MatrixFactorization, UserKNN

LISTS = {
    "tuple": tuple, "array": np.array, "column": pd.Series, "index": pd.Index,
    "generator": lambda ids: (one for one in ids),
}  # fmt: skip
NOT_LISTS = ["12", b"12", 12, {"12": 1}, pd.DataFrame({"id": ["12"]}), [["12"]]]
WRONG_K = [0, -1, 99, 3.0, "3", True, np.float32(3)]


@pytest.fixture(scope="module")
def train():
    """Items 1 and 2 beside 12, so that a text that is read letter by letter names others."""
    rows = [("u", "1"), ("u", "2"), ("v", "1"), ("v", "12"), ("w", "2"), ("w", "3"), ("x", "12")]
    rows += [("y", "12"), ("y", "3"), ("z", "1"), ("z", "3")]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item"]))


@pytest.fixture(scope="module")
def models(train):
    """By class."""
    made = {cls: cls(train.schema(4)) for cls in (ItemKNN, UserKNN, DampedMean)}
    made[MatrixFactorization] = MatrixFactorization(train.schema(4), dim=4)
    for model in made.values():
        model.adapt(train)
    return made


def everywhere(models):
    """Each argument that is a list of ids, as a call that takes it."""
    neighbours, factors = models[ItemKNN], models[MatrixFactorization]
    return {
        "users": lambda ids: neighbours.recommend(users=ids, k=2),
        "histories": lambda ids: neighbours.recommend(histories=[ids], k=2),
        "exclude": lambda ids: neighbours.recommend(users=["u"], k=2, exclude=ids),
        "allow": lambda ids: neighbours.recommend(users=["u"], k=2, allow=ids),
        "users of score": lambda ids: neighbours.score(users=ids, items=["1"] * 2),
        "items of score": lambda ids: neighbours.score(users=["u"] * 2, items=ids),
        "items": lambda ids: factors.similar_items(ids, k=2),
        "exclude of similar items": lambda ids: factors.similar_items(["1"], k=2, exclude=ids),
        "allow of similar items": lambda ids: factors.similar_items(["1"], k=2, allow=ids),
    }


NAMES = list(everywhere({ItemKNN: None, MatrixFactorization: None}))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrong", NOT_LISTS, ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_list_of_ids_is_refused_everywhere(models, name, wrong):
    with pytest.raises(InputError, match="must be a list"):
        everywhere(models)[name](wrong)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("made", LISTS.values(), ids=LISTS)
def test_every_kind_of_list_gives_the_same_answer(models, name, made):
    ids = ["u", "v"] if name.startswith("users") else ["12", "3"]
    ask = everywhere(models)[name]
    expected, found = ask(ids), ask(made(ids))
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("wrong", WRONG_K, ids=repr)
def test_k_is_a_whole_number_everywhere(models, wrong):
    said = "k must be a whole number between 1 and the number of items, 4: got"
    asks = [
        lambda: models[ItemKNN].recommend(users=["u"], k=wrong),
        lambda: models[MatrixFactorization].similar_items(["1"], k=wrong),
        lambda: models[ItemKNN].top_k({"history": np.array([[2]])}, wrong),
    ]
    for ask in asks:
        with pytest.raises(InputError, match=said):
            ask()


def test_k_of_numpy_is_taken(models):
    assert len(models[ItemKNN].recommend(users=["u"], k=np.int64(2))) == 2


def test_explain_is_a_whole_number_too(models):
    with pytest.raises(InputError, match="explain must be a whole number of at least 0: got 2.5"):
        models[ItemKNN].recommend(users=["u"], k=1, explain=2.5)


@pytest.mark.parametrize("cls", [ItemKNN, UserKNN, DampedMean, MatrixFactorization])
@pytest.mark.parametrize("blank", ["", None, np.nan, "  ", pd.NA], ids=repr)
def test_a_blank_user_is_an_unknown_one_and_that_is_said(models, cls, blank):
    model = models[cls]
    with pytest.warns(UserWarning, match="1 unknown user id, answered"):
        unknown = model.recommend(users=["nobody"], k=4)
    with pytest.warns(UserWarning, match="1 unknown user id, answered") as said:
        answer = model.recommend(users=[blank], k=4)
    assert answer["item"].tolist() == unknown["item"].tolist()
    assert answer["score"].tolist() == unknown["score"].tolist()
    assert str(said[0].message).endswith(f": {blank!r}")
    with pytest.warns(UserWarning, match="1 unknown user id"):
        score = model.score(users=[blank], items=[unknown["item"][0]])
    np.testing.assert_allclose(score, unknown["score"][:1], rtol=1e-6)


@pytest.mark.parametrize("blank", ["", None, np.nan, "  "], ids=repr)
def test_a_blank_item_is_scored_as_an_unknown_one(models, blank):
    model = models[MatrixFactorization]
    with pytest.warns(UserWarning, match="2 unknown item ids, scored as one that training"):
        scores = model.score(users=["u", "u"], items=["nothing", blank])
    assert scores[0] == scores[1]
    with pytest.warns(UserWarning, match="1 unknown item id, without an answer"):
        assert model.similar_items([blank], k=1).empty


@pytest.mark.parametrize("blank", ["", None, np.nan, "  "], ids=repr)
@pytest.mark.filterwarnings("ignore:1 unknown")
def test_a_blank_in_a_list_is_left_out(models, blank):
    model = models[ItemKNN]
    asked = {"histories": [["1"]], "k": 2}
    plain = model.recommend(**asked, exclude=["2"], allow=["3", "2", "12"])
    given = {"histories": [[blank, "1"]], "exclude": [blank, "2"], "allow": ["3", "2", blank, "12"]}
    assert model.recommend(**given, k=2)[["item", "score"]].equals(plain[["item", "score"]])
    with pytest.raises(InputError, match="allow holds no item that the model knows"):
        model.recommend(**asked, allow=[blank])


@pytest.mark.parametrize(
    "cls,asked,said",
    [
        (ItemKNN, {"users": ["q"]}, "1 unknown user id, answered with what is popular: q"),
        (UserKNN, {"users": ["q"]}, "1 unknown user id, answered with what is popular: q"),
        (
            DampedMean,
            {"users": ["q"]},
            "1 unknown user id, answered with the means of the items: q",
        ),
        (
            MatrixFactorization,
            {"users": ["p", "q"]},
            "2 unknown user ids, answered with the vector of the unknown user: p, q",
        ),
        (
            ItemKNN,
            {"users": ["q"], "histories": [["1"]]},
            "1 unknown user id, answered from the histories given: q",
        ),
    ],
)
def test_the_note_says_what_an_unknown_user_was_answered_with(models, cls, asked, said):
    with pytest.warns(UserWarning) as warned:
        answer = models[cls].recommend(**asked, k=1)
    assert answer.attrs["notes"] == [said] == [str(one.message) for one in warned]


def test_an_unknown_user_of_user_knn_is_shown_what_is_popular(models, train):
    with pytest.warns(UserWarning, match="popular"):
        answer = models[UserKNN].recommend(users=["nobody"], k=4)
    counts = train.item_counts()[train.items.vocabulary.rows(answer["item"])]
    assert counts.tolist() == sorted(counts, reverse=True)
    np.testing.assert_allclose(answer["score"], np.log1p(counts), rtol=1e-6)


@pytest.fixture(scope="module")
def long_user():
    """ItemKNN on 500 users of two events and "r" of 30,000, over 60 items."""
    rng = np.random.default_rng(0)
    user = np.r_[np.repeat([f"u{i}" for i in range(500)], 2), np.full(30_000, "r")]
    item = np.r_[rng.integers(0, 60, 1000), np.arange(30_000) % 40]
    frame = pd.DataFrame({"user": user, "item": item, "timestamp": np.arange(len(user))})
    train = Interactions.from_frame(frame)
    model = ItemKNN(train.schema(4))
    model.adapt(train)
    return model


def test_a_long_history_widens_the_rows_of_no_other_query(long_user, monkeypatch):
    """Padded to its 30,000 events, the seen items of all would be 15 million numbers."""
    sizes, top_k = [], long_user.top_k
    monkeypatch.setattr(
        long_user, "top_k", lambda *a, **k: sizes.append(k["exclude"].size) or top_k(*a, **k)
    )
    users = [f"u{i}" for i in range(500)]
    among = long_user.recommend(users=[*users[:9], "r", *users[9:]], k=3)
    assert len(sizes) == 2 and max(sizes) <= PLACES
    alone = long_user.recommend(users=["r"], k=3)
    ours = among[among["user"] == "r"]
    assert ours["item"].tolist() == alone["item"].tolist()
    assert not {*alone["item"]} & {str(i) for i in range(40)}
    assert among["user"].unique().tolist() == [*users[:9], "r", *users[9:]]


def test_a_user_asked_about_many_times_is_read_once(long_user):
    """Read for each of the 1,000 items, the 30,000 events would be 120 MB."""
    tracemalloc.start()
    scores = long_user.score(users=["r"] * 1000, items=["7"] * 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    assert set(scores.tolist()) == set(long_user.score(users=["r"], items=["7"]).tolist())


def test_reasons_are_sought_in_what_was_read(long_user, monkeypatch):
    asked, contributions = [], long_user.contributions
    monkeypatch.setattr(
        long_user, "contributions", lambda *a: asked.append(a[1]) or contributions(*a)
    )
    answer = long_user.recommend(users=["r"], k=2, explain=4)
    (history,) = asked
    # The last four events are of items 36 to 39.
    assert sorted(long_user.items.vocabulary.lookup(history)) == ["36", "37", "38", "39"]
    for _, row in answer.iterrows():
        assert sum(one["contribution"] for one in row["reasons"]) == pytest.approx(row["score"])
