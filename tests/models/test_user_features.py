"""User features of a request, with data in which the land alone decides what is taken."""

import functools

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches, splits
from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.losses import Softmax
from kerasrec.models import Reranked, load
from kerasrec_zoo import Hybrid, Popularity, SASRec, TwoTower, YouTubeCandidates

USERS, OF_LAND, LENGTH = 32, 6, 4
NORTH = [f"north {n}" for n in range(OF_LAND)]
SOUTH = [f"south {n}" for n in range(OF_LAND)]
ITEM_FEATURES = {"kind": {"kind": "category"}, "name": {"kind": "text", "column": "item"}}
FEATURES = {
    "land": {"kind": "category"},
    "age": {"kind": "number"},
    "tags": {"kind": "categories"},
    "words": {"kind": "text"},
    "place": {"kind": "vector", "column": ["east", "west"]},
    "born": {"kind": "time"},
}
MODELS = {
    SASRec: {"dim": 8, "features": True, "num_blocks": 1, "dropout": 0.1},
    Hybrid: {"dim": 8, "user_features": True, "dropout": 0.0, "encoder": "bag_of_words"},
    YouTubeCandidates: {"dim": 8, "mlp": (16,), "candidates": "all"},
    TwoTower: {"dim": 8, "candidates": "all"},
}

unknown = pytest.mark.filterwarnings("ignore:[12] (unknown user id|of 2 queries)")


def log(users=USERS):
    """The users of the north take items of the north. The last two users have taken nothing."""
    random, rows = np.random.default_rng(0), []
    for user in range(users):
        items = NORTH if user % 2 == 0 else SOUTH
        rows += [(f"u{user}", item) for item in random.permutation(items)[:LENGTH]]
    frame = pd.DataFrame(rows, columns=["user", "item"])
    frame["timestamp"] = 1_600_000_000 + 60 * np.arange(len(frame))
    people = users + 2
    number = np.arange(people)
    user_frame = pd.DataFrame(
        {
            "user": [f"u{n}" for n in number],
            "land": np.where(number % 2 == 0, "no", "so"),
            "age": random.integers(20, 60, people).astype(float),
            "tags": random.choice(["a|b", "b", ""], people),
            "words": random.choice(["old city", "new town"], people),
            "east": random.normal(size=people),
            "west": random.normal(size=people),
            "born": 1_000_000_000 + 86_400 * number,
        }
    )
    items = pd.DataFrame({"item": [*NORTH, *SOUTH], "kind": ["x", "y"] * OF_LAND})
    return frame, user_frame, items


def data_of(frame, user_frame, items, features):
    return Interactions.from_frame(
        frame,
        user_frame=user_frame,
        user_features={name: FEATURES[name] for name in features},
        item_frame=items,
        item_features=ITEM_FEATURES,
    )


@pytest.fixture(scope="module")
def train():
    return data_of(*log(), ["land"])


@pytest.fixture(scope="module")
def all_kinds():
    return data_of(*log(), list(FEATURES))


def made(cls, data, **given):
    keras.utils.set_random_seed(0)
    model = cls(data.schema(8), **{**MODELS[cls], **given})
    model.adapt(data)
    return model


@pytest.fixture(scope="module")
def split():
    """The last eight users with interactions have them in the test part alone."""
    frame, *tables = log()
    late = frame["user"].isin([f"u{n}" for n in range(24, USERS)])
    frame.loc[late, "timestamp"] += 1_000_000
    split = splits.by_time(data_of(frame, *tables, ["land"]), test=late.mean(), validation=0.0)
    trained = split.train.users.vocabulary.lookup(split.train.user)
    assert not {*trained} & {*frame["user"][late]}
    return split


@pytest.fixture(scope="module")
def fitted(split):
    """`fitted(cls)`: a model of the train part, made once."""

    @functools.cache
    def fitted(cls):
        train = split.train
        model = made(cls, train)
        model.compile(keras.optimizers.Adam(0.05), Softmax())
        data = batches(
            train, model.train_inputs, steps=model.steps, batch_size=12, history_length=8
        )
        model.fit(data.repeat(40), verbose=0)
        return model

    return fitted


@pytest.fixture(scope="module")
def tower(all_kinds):
    """A model that has learned nothing: which features are read does not depend on it."""
    return made(TwoTower, all_kinds)


@pytest.mark.slow
@unknown
@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
def test_a_user_without_history_gets_the_items_of_the_land(cls, fitted):
    model = fitted(cls)
    answer = model.recommend(user_features={"land": ["no", "so"]}, k=5)
    assert {*answer["item"][:5]} <= {*NORTH} and {*answer["item"][5:]} <= {*SOUTH}
    # The same of a stranger's id, and of users who stand only in the table.
    named = model.recommend(["somebody", "nobody"], user_features={"land": ["no", "so"]}, k=5)
    assert named["item"].tolist() == answer["item"].tolist()
    assert "answered from the features given" in named.attrs["notes"][0]
    cold = model.recommend([f"u{USERS}", f"u{USERS + 1}"], k=5)
    assert {*cold["item"][:5]} <= {*NORTH} and {*cold["item"][5:]} <= {*SOUTH}


def test_features_given_are_those_of_a_user_in_the_table(tower, all_kinds):
    _, users, _ = log()
    one = users.iloc[5]
    given = {
        "land": one["land"], "age": one["age"], "tags": one["tags"].split("|"),
        "words": one["words"], "place": [[one["east"], one["west"]]], "born": int(one["born"]),
    }  # fmt: skip
    items = [*NORTH, *SOUTH]
    query = {"user": np.array([UNKNOWN], "int32")}
    for name, column in all_kinds.users.columns.items():
        query[f"user.{name}"] = column[all_kinds.users.vocabulary.rows(["u5"])]
    expected = [tower.score_pairs(query, tower.items.vocabulary.rows([item]))[0] for item in items]
    with pytest.warns(UserWarning, match="answered from the features given"):
        scores = tower.score(["nobody"] * 12, items=items, user_features={
            name: value * 12 if name == "place" else value for name, value in given.items()
            if name != "tags"
        } | {"tags": [given["tags"]] * 12})  # fmt: skip
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_what_is_given_wins_and_what_is_missing_is_that_of_the_user(tower):
    asked = {"items": ["north 1"]}
    stored = tower.score(["u0"], **asked)
    missing = {"land": None, "age": np.nan, "tags": [[]], "words": " ", "place": [None], "born": 0}
    assert tower.score(["u0"], **asked, user_features=missing) == stored
    same = tower.score(["u0"], **asked, user_features={"land": "no"})
    np.testing.assert_allclose(same, stored, rtol=1e-6)
    assert abs(tower.score(["u0"], **asked, user_features={"land": "so"}) - stored) > 1e-4
    # A value that training never saw is the unknown one: neither that of the user, nor missing.
    unknown = [tower.score(["u0"], **asked, user_features={"land": land}) for land in ("x", "y")]
    assert unknown[0] == unknown[1] != stored


def test_a_history_and_features_are_read_together(train):
    model = made(SASRec, train)
    histories = [["north 1", "north 2"]] * 2
    answer = model.recommend(histories=histories, user_features={"land": ["no", "so"]}, k=3)
    assert not answer.attrs["notes"]
    first, second = answer["score"].to_numpy().reshape(2, 3)
    assert np.abs(first - second).max() > 1e-4


@pytest.mark.parametrize(
    "given,words",
    [
        (
            {"size": 3},
            "user_features: TwoTower reads no feature 'size' of a user; it reads",
        ),
        ({"age": "old"}, "User feature 'age' .number., request 0: expected a number, got 'old'"),
        ({"age": [1.0, 2.0]}, "user_features: age: expected a value for each of 1 requests, got 2"),
        ({"age": np.inf}, "Feature 'age' .number., request 0: inf is not a finite number"),
        ({"place": [[1.0]]}, "Feature 'place' .vector., request 0"),
        (["land"], "user_features: expected a dict of lists by feature"),
    ],
)
def test_a_feature_that_does_not_fit_is_refused(tower, given, words):
    with pytest.raises(InputError, match=words):
        tower.recommend(["nobody"], user_features=given)


def test_a_model_that_reads_no_user_features_says_so(train):
    model = Popularity(train.schema())
    model.adapt(train)
    with pytest.raises(InputError, match="Popularity reads no feature 'land' .* reads none"):
        model.recommend(["u0"], user_features={"land": "no"})
    with pytest.raises(InputError, match="reads no feature"):
        model.recommend(user_features={"land": "no"})


def test_a_model_without_user_features_in_the_data_refuses_the_argument():
    data = Interactions.from_frame(log()[0])
    with pytest.raises(InputError, match="features=True, and this data has no feature"):
        SASRec(data.schema(), dim=4, features=True)


def test_rules_on_top_pass_them_on(tower):
    ruled = Reranked(tower, {})
    given = {"user_features": {"land": "so"}, "k": 4}
    one, other = tower.recommend(["u0"], **given), ruled.recommend(["u0"], **given)
    assert one["item"].tolist() == other["item"].tolist()


@pytest.mark.slow
def test_an_evaluation_reads_the_features_of_users_outside_of_the_train_part(fitted, split):
    found = evaluate(fitted(SASRec), split, baselines=("Popularity",), ks=[6]).rows
    recall = {row["model"]: row["metrics"]["recall@6"]["mean"] for row in found}
    assert recall["SASRec"] > 0.95 and recall["Popularity"] < 0.8


@pytest.mark.slow
def test_a_checkpoint_reads_them_again(train, tmp_path):
    model = made(SASRec, train)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    given = {"user_features": {"land": ["no", "so"]}, "k": 3}
    one, other = model.recommend(**given), again.recommend(**given)
    assert one.drop(columns="score").equals(other.drop(columns="score"))
    np.testing.assert_allclose(one["score"], other["score"], rtol=1e-6)


@pytest.mark.slow
@unknown
def test_a_grown_table_keeps_its_answers_and_knows_new_values(train, tmp_path):
    model = made(SASRec, train)
    model.save(tmp_path / "model")
    frame, users, items = log()
    users.loc[users["user"] == "u1", "land"] = "we"
    grown = Interactions.from_frame(
        frame, user_frame=users, user_features={"land": FEATURES["land"]}, item_frame=items,
        item_features=ITEM_FEATURES,
        base=(train.users, train.items),
    )  # fmt: skip
    new = made(SASRec, grown)
    new.load_rows_from(tmp_path / "model")
    given = {"items": ["north 1", "south 1"], "user_features": {"land": ["no", "so"]}}
    np.testing.assert_allclose(new.score(["?"] * 2, **given), model.score(["?"] * 2, **given))
    assert "we" in new.users.encoders["land"].vocabulary


@pytest.mark.export
@pytest.mark.parametrize("cls", [TwoTower, SASRec], ids=lambda cls: cls.__name__)
def test_the_graph_answers_all_kinds_as_python_does(cls, all_kinds, check_graph):
    check_graph(made(cls, all_kinds), 5)
