import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, user_lists
from kerasrec.data.catalog import Catalog
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.schema import Feature
from kerasrec.data.vocabulary import Vocabulary
from kerasrec.errors import InputError

FRIENDS = {"friends": {"kind": "users"}}


def people(**friends):
    return pd.DataFrame({"user": list(friends), "friends": list(friends.values())})


def interactions(frame, users=("ann", "bob", "dan"), features=FRIENDS, **options):
    table = pd.DataFrame({"user": list(users), "item": ["x", "y", "x"][: len(users)]})
    return Interactions.from_frame(table, user_frame=frame, user_features=features, **options)


def test_friends_are_rows_of_the_users_whatever_the_order_of_the_tables():
    # dan has no row in the table, yet is named in it; cem never interacts.
    data = interactions(people(ann="dan|cem", bob="ann", cem=None))
    assert data.users.vocabulary.ids.tolist() == ["ann", "bob", "cem", "dan"]
    expected = [[0, 0], [0, 0], [5, 4], [2, 0], [0, 0], [0, 0]]
    assert data.users.columns["friends"].tolist() == expected
    assert data.schema().user_features == (Feature("friends", "users", size=6, length=2),)
    assert data.report.missing_features == {"user table row": 1, "user.friends": 2}
    assert data.report.ignored == {}


def test_strangers_oneself_and_repetitions_are_ignored_and_counted():
    data = interactions(people(ann="bob|ann|bob|eve|zoe", bob=["ann", 7]))
    assert data.users.columns["friends"].tolist() == [[0], [0], [3], [2], [0]]
    assert data.report.ignored == {
        "user.friends: unknown user": 3,
        "user.friends: oneself": 1,
        "user.friends: repeated": 1,
    }
    assert data.report.lines()[-3:] == [
        "3 ids of user.friends ignored: unknown user.",
        "1 id of user.friends ignored: oneself.",
        "1 id of user.friends ignored: repeated.",
    ]


def test_integers_and_other_separators():
    frame = pd.DataFrame({"user": [1, 2, 3], "friends": ["2 3", "1", ""]})
    features = {"friends": {"kind": "users", "separator": " "}}
    data = interactions(frame, users=(1, 2, 3), features=features)
    assert data.users.columns["friends"][2:].tolist() == [[3, 4], [2, 0], [0, 0]]
    data = interactions(frame.assign(friends=[2, 1, None]), users=(1, 2, 3))
    assert data.users.columns["friends"][2:].tolist() == [[3], [2], [0]]


def test_nobody_has_friends():
    data = interactions(people(ann=None, bob=""))
    assert data.schema().user_features == (Feature("friends", "users", size=5, length=1),)
    assert not data.users.columns["friends"].any()


def test_a_user_who_names_everybody(monkeypatch):
    frame = people(ann="bob", bob="dan|ann|cem", cem="bob", dan="bob")
    monkeypatch.setattr(user_lists, "MOST_PLACES", 17)
    with pytest.raises(InputError, match=r"row 1, column 'friends': 3 users .*length: 100"):
        interactions(frame)
    data = interactions(frame, features={"friends": {"kind": "users", "length": 2}})
    assert data.users.columns["friends"][3].tolist() == [5, 2]
    assert data.report.ignored == {"user.friends: beyond length": 1}


def test_only_users_have_them():
    items = pd.DataFrame({"item": ["x", "y"], "friends": ["y", "x"]})
    with pytest.raises(InputError, match="kind users lists users.*items have none"):
        Interactions.from_frame(
            pd.DataFrame({"user": ["a", "b"], "item": ["x", "y"]}),
            item_frame=items,
            item_features=FRIENDS,
        )
    with pytest.raises(InputError, match="needs the vocabulary of the users"):
        FeatureEncoder.fit("friends", ["a"], kind="users")


def test_a_saved_catalog_names_its_users_once_and_grows(tmp_path):
    old = interactions(people(ann="bob|dan", bob="ann"))
    old.users.save(tmp_path)
    assert "bob" not in (tmp_path / "encoders.json").read_text()
    base = Catalog.load(tmp_path)
    assert base.encoders == old.users.encoders
    assert base.features == old.users.features
    # In the new table ann has another friend, and eve more of them than there is room for.
    frame = people(ann="eve", eve="ann|bob|dan")
    new = interactions(frame, ("ann", "eve", "fay"), base=(base, old.items))
    assert new.users.vocabulary.ids.tolist() == ["ann", "bob", "dan", "eve", "fay"]
    expected = [[0, 0], [0, 0], [5, 0], [0, 0], [0, 0], [2, 3], [0, 0]]
    assert new.users.columns["friends"].tolist() == expected
    assert new.users.features == (Feature("friends", "users", size=7, length=2),)
    assert new.report.ignored == {"user.friends: beyond length": 1}
    assert base.extended(["gus"]).features[0].size == 6


def test_vocabulary_of_the_encoder_follows_the_catalog():
    encoder = FeatureEncoder.fit("friends", ["a|b"], kind="users", users=Vocabulary(["a", "b"]))
    assert encoder.encode(["b", "b|c"]).tolist() == [[3, 0], [3, 0]]
    assert encoder.ignored(["b|c|b"]) == {"unknown user": 1, "repeated": 1}
    assert encoder.with_users(Vocabulary(["a", "b", "c"])).encode(["c"]).tolist() == [[4, 0]]
    assert np.array_equal(encoder.missing(["a", "", None]), [False, True, True])


def test_lists_of_ids_written_as_text():
    users = Vocabulary(["7", "12", "ann"])
    cells = ["[7, 12]", "['ann']", '["12", "ann"]', "7|ann"]
    encoder = FeatureEncoder.fit("friends", cells, kind="users", users=users)
    assert encoder.encode(cells).tolist() == [[2, 3], [4, 0], [3, 4], [2, 4]]
