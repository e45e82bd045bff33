"""What is SocialMF's own."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.config import load_config
from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.losses import Softmax
from kerasrec.training.read_data import read_data
from kerasrec_zoo import MatrixFactorization
from kerasrec_zoo.social_mf import SocialMF

pytestmark = pytest.mark.slow

FEATURES = {"friends": {"kind": "users"}}


def social(friends, users="aabbcc", items="xyyzzx", base=None, **options):
    """Interactions of users a, b, c, and who names whom."""
    return Interactions.from_frame(
        pd.DataFrame({"user": list(users), "item": list(items)}),
        user_frame=pd.DataFrame({"user": list(friends), "friends": list(friends.values())}),
        user_features={"friends": {"kind": "users", **options}},
        base=base,
    )


def fitted(cls, train, epochs=3, optimizer=None, **options):
    keras.utils.set_random_seed(4)
    model = cls(train.schema(), **{"dim": 4, **options})
    model.adapt(train)
    model.compile(optimizer or keras.optimizers.Adam(0.05), Softmax())
    data = batches(train, batch_size=128)
    return model, model.fit(data, epochs=epochs, verbose=0).history["loss"]


@pytest.fixture(scope="module")
def planted():
    """(data, an item of their own community that each user has not taken, user numbers with few).

    Eight communities of 30 users and 10 items; three in four choices are of one's community. Half
    of the users have 2 or 3 interactions, half have 12. Five friends of six are of one's community.
    """
    random, size = np.random.default_rng(0), 240
    community, shelf = np.arange(size) % 8, np.arange(80) % 8
    pairs, withheld, friends = [], [], []
    for user in range(size):
        own = np.flatnonzero(shelf == community[user])
        withheld.append(random.choice(own))
        for _ in range(random.integers(2, 4) if user % 16 < 8 else 12):
            item = random.choice(own) if random.random() < 0.75 else random.integers(80)
            pairs += [(user, item)] if item != withheld[user] else []
        alike = np.setdiff1d(np.flatnonzero(community == community[user]), user)
        named = [*random.choice(alike, 5, replace=False), random.integers(size)]
        friends.append("|".join(map(str, named)))
    frame = pd.DataFrame(pairs, columns=["user", "item"]).drop_duplicates()
    people = pd.DataFrame({"user": np.arange(size), "friends": friends})
    data = Interactions.from_frame(
        frame.sample(frac=1, random_state=0), user_frame=people, user_features=FEATURES
    )
    users = data.users.vocabulary.rows(np.arange(size))
    few = np.flatnonzero(data.user_counts()[users] < 5)
    return data, np.array(withheld).astype(str), few.astype(str)


def hits(model, planted, k=5):
    _, withheld, few = planted
    answer = model.recommend(users=few, k=k)
    return (answer["item"] == withheld[answer["user"].astype(int)]).sum() / len(few)


def test_friends_decide_where_interactions_are_few(planted):
    # By chance 5 of the 80 items hold the withheld one in 6 % of the answers; who knows the
    # community and nothing else finds it in about half.
    options = {"dim": 16, "candidates": "all", "epochs": 20}
    plain, _ = fitted(MatrixFactorization, planted[0], **options)
    near, _ = fitted(SocialMF, planted[0], beta=1.0, **options)
    assert len(planted[2]) > 90
    assert hits(near, planted) > hits(plain, planted) + 0.15
    people = near.recommend_people(planted[2], k=3)
    community = people[["user", "person"]].astype(int) % 8
    assert (community["user"] == community["person"]).mean() > 0.9


def without_graph(data):
    return Interactions.from_frame(
        pd.DataFrame(
            {
                "user": data.users.vocabulary.lookup(data.user),
                "item": data.items.vocabulary.lookup(data.item),
            }
        )
    )


@pytest.mark.parametrize("candidates", ["in_batch", "sampled"])
def test_without_a_graph_it_is_matrix_factorization(planted, candidates):
    train = without_graph(planted[0])
    options = {"candidates": candidates, "l2": 0.01, "num_negatives": 20}
    plain, expected = fitted(MatrixFactorization, train, **options)
    model, losses = fitted(SocialMF, train, **options)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    for one, other in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("what", ["beta is 0", "no user has friends"])
def test_a_graph_without_weight_changes_nothing(planted, what):
    train, beta = planted[0], 0.0
    if what == "no user has friends":
        beta, users = 1.0, train.users.vocabulary.ids
        people = pd.DataFrame({"user": users, "friends": None})
        columns = {
            "user": users[train.user - 2],
            "item": train.items.vocabulary.ids[train.item - 2],
        }
        train = Interactions.from_frame(
            pd.DataFrame(columns), user_frame=people, user_features=FEATURES
        )
    _, expected = fitted(MatrixFactorization, train)
    model, losses = fitted(SocialMF, train, beta=beta)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    assert np.isfinite(model.score(users=train.users.vocabulary.ids[:1], items=["0"])).all()


def test_the_loss_by_hand():
    train = social({"a": "b|c", "b": "a", "c": ""})
    keras.utils.set_random_seed(0)
    model = SocialMF(train.schema(), dim=3, beta=0.5)
    model.adapt(train)
    rows = {"user": np.array([2, 3, 4, 2, 0]), "item": np.array([2, 3, 4, 3, 0])}
    model(rows)
    loss = float(model.losses[0])
    a, b, c = model.user_model.predict({"user": np.array([2, 3, 4])}, verbose=0)
    of_a, of_b = ((a - (b + c) / 2) ** 2).sum(), ((b - a) ** 2).sum()
    # c has no friends, and the fifth is padding.
    assert loss == pytest.approx(0.5 * (of_a + of_b + 0 + of_a) / 4, rel=1e-5)


def test_a_user_without_interactions_is_answered_by_the_friends():
    data = social({"a": "b", "b": None, "c": "a|b|d", "d": None}, users="aabbcd", items="xyyzxz")
    names = data.users.vocabulary.lookup(data.user)
    train = data.select(~np.isin(names, ["c", "d"]))
    model = SocialMF(train.schema(), dim=4, biases=False)
    model.adapt(train)
    vectors = dict(
        zip("abcd", model.user_model.predict({"user": np.arange(2, 6)}, verbose=0), strict=True)
    )
    # d, of whom nothing is known, is a friend of c nevertheless.
    expected = (vectors["a"] + vectors["b"] + vectors["d"]) / 3
    np.testing.assert_allclose(vectors["c"], expected, atol=1e-6)
    assert np.isfinite(model.score(users=["d"], items=["x"])).all()


def test_people_like_me_who_are_no_friends_of_mine():
    data = social({"a": "b", "b": "a", "c": "", "d": "c", "e": ""}, users="abce", items="xxyx")
    train = data.select(data.users.vocabulary.lookup(data.user) != "e")
    model = SocialMF(train.schema(), dim=2)
    model.adapt(train)
    table = np.zeros((7, 2), "float32")
    table[2:6] = [[1, 0], [2, 0], [1, 1], [0, 5]]  # d has no interactions: its friend's, c's
    model.user_model.get_layer("user_tower").table.embeddings.assign(table)
    answer = model.recommend_people(["a", "d"], k=4)
    # e has neither friends nor interactions; a and b are friends, and d is one of c, not c of d.
    assert answer[["user", "rank", "person"]].values.tolist() == [
        ["a", 1, "c"],
        ["a", 2, "d"],
        ["d", 1, "a"],
        ["d", 2, "b"],
    ]
    np.testing.assert_allclose(answer["score"], [np.sqrt(0.5)] * 4, atol=1e-6)
    with pytest.warns(UserWarning, match="1 unknown user id, left out: nobody"):
        assert set(model.recommend_people(["nobody", "c"], k=1)["user"]) == {"c"}
    with pytest.warns(UserWarning, match="left out"):
        assert len(model.recommend_people(["nobody"], k=1)) == 0
    with pytest.raises(InputError, match="between 1 and the number of users, 5: got 6"):
        model.recommend_people(["a"], k=6)
    with pytest.raises(InputError, match="adapt"):
        SocialMF(train.schema()).recommend_people(["a"])


def test_everybodys_friend_and_one_who_names_everybody():
    names = [f"u{n}" for n in range(60)]
    friends = {name: "u0" for name in names} | {"u0": "|".join(names)}
    train = social(friends, users=names, items=["x", "y", "z"] * 20)
    model, losses = fitted(SocialMF, train, num_friends=5, epochs=2, beta=1.0)
    assert np.isfinite(losses).all()
    # All are friends of u0, though a step reads five of them.
    assert len(model.recommend_people(["u0"], k=10)) == 0
    assert set(model.recommend_people(["u1"], k=58)["person"]) == set(names) - {"u0", "u1"}


def test_two_graphs_are_one_too_many():
    people = pd.DataFrame({"user": ["a", "b"], "trusts": ["b", "a"], "follows": ["b", ""]})
    data = Interactions.from_frame(
        pd.DataFrame({"user": ["a", "b"], "item": ["x", "y"]}),
        user_frame=people,
        user_features={"trusts": {"kind": "users"}, "follows": {"kind": "users"}},
    )
    with pytest.raises(InputError, match="one user feature of kind users.*trusts, follows"):
        SocialMF(data.schema())


@pytest.mark.export
def test_checkpoint_and_export_hold_the_friends(tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrec_zoo.SocialMF", SocialMF, raising=False)
    data = social({"a": "b|c", "b": "a", "c": "", "d": "a|b"}, users="aabbccd", items="xyyzzxz")
    train = data.select(data.users.vocabulary.lookup(data.user) != "d")
    model, _ = fitted(SocialMF, train)
    model.save(tmp_path / "checkpoint")
    again = models.load(tmp_path / "checkpoint")
    for name, k in (("recommend", 1), ("recommend_people", 2)):
        before, after = (getattr(m, name)(["a", "d"], k=k) for m in (model, again))
        pd.testing.assert_frame_equal(before, after)
    assert export(again, tmp_path / "social" / "1", k=3)["difference"] <= 1e-5


def test_grown_data_keeps_the_old_scores_and_brings_its_own_friends(tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrec_zoo.SocialMF", SocialMF, raising=False)
    before = social({"a": "b|c", "b": "a", "c": ""})
    old, _ = fitted(SocialMF, before)
    old.save(tmp_path / "checkpoint")
    base = models.load_catalogs(tmp_path / "checkpoint")
    after = social({"a": "e", "c": "a", "e": "b|c"}, users="abcee", items="xyzxw", base=base)
    new = SocialMF(after.schema(), dim=4)
    new.adapt(after)
    new.load_rows_from(tmp_path / "checkpoint")
    pairs = {"users": list("abc"), "items": list("xyz")}
    np.testing.assert_allclose(new.score(**pairs), old.score(**pairs), atol=1e-6)
    rows = after.users.vocabulary.rows
    table = np.asarray(new.friend_table.tables["friends"])
    assert table[rows(["a", "b", "c", "e"])].tolist() == [
        [rows("e"), 0],
        [0, 0],
        [rows("a"), 0],
        [rows("b"), rows("c")],
    ]
    assert "e" not in set(new.recommend_people(["a"], k=3)["person"])


def test_a_config_names_the_friends(tmp_path):
    (tmp_path / "clicks.csv").write_text("user,item\n" + "a,x\nb,y\nc,z\n" * 2)
    (tmp_path / "people.csv").write_text("name,trusts\na,b c\nb,a nobody b\n")
    (tmp_path / "run.yaml").write_text(
        "data:\n  path: clicks.csv\n  users:\n    path: people.csv\n    id: name\n"
        "    features: {friends: {kind: users, column: trusts, separator: ' '}}\n"
        "model: {class: MatrixFactorization}\n"
    )
    data = read_data(load_config(tmp_path / "run.yaml").data)
    assert data.users.columns["friends"][2:].tolist() == [[3, 4], [2, 0], [0, 0]]
    assert data.report.ignored == {"user.friends: unknown user": 1, "user.friends: oneself": 1}
