import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.losses import Softmax
from kerasrec.models import load
from kerasrec_zoo import ContentBased

pytestmark = pytest.mark.slow

WORDS = ("calm blue water", "wild red fire")


def interactions(items=20, cold=(18, 19), users=24, **given):
    """Users like the items of their own half; some items are never touched."""
    pairs = [(u, i) for u in range(users) for i in range(items) if i % 2 == u % 2 and i not in cold]
    kept = [pair for n, pair in enumerate(pairs) if n % 5]
    item_frame = pd.DataFrame(
        {"item": np.arange(items), "text": [WORDS[i % 2] for i in range(items)]}
    )
    user_frame = pd.DataFrame(
        {"user": np.arange(users), "team": [f"t{u % 2}" for u in range(users)]}
    )
    return Interactions.from_frame(
        pd.DataFrame(kept, columns=["user", "item"]),
        item_frame=item_frame,
        item_features={"text": {"kind": "text", "length": 4}},
        user_frame=user_frame,
        user_features={"team": {"kind": "category"}},
        **given,
    )


def fitted(train, epochs=40, **arguments):
    keras.utils.set_random_seed(0)
    model = ContentBased(train.schema(), **{"dim": 8, "code_dim": 8, **arguments})
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.02), Softmax())
    data = batches(train, model.train_inputs, steps="set", batch_size=8, history_length=20)
    model.fit(data.repeat(epochs), verbose=0)
    return model


@pytest.mark.parametrize("encoder", ["code", "autoencoder", "conv1d", "bag_of_words"])
def test_an_item_nobody_touched_is_ranked_by_what_it_says(encoder):
    model = fitted(interactions(), encoder=encoder)
    answer = model.recommend(histories=[["0", "2"], ["1", "3"]], k=1, allow=["18", "19"])
    assert answer["item"].tolist() == ["18", "19"]
    # Items that say the same are worth the same, touched or not.
    scores = model.score(histories=[["0", "2"]] * 2, items=["4", "18"])
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)


def test_an_untouched_item_in_a_history_counts_as_any_other():
    model = fitted(interactions())
    one, other = (model.score(histories=[h], items=["4"]) for h in (["18"], ["6"]))
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_given_vectors_alone():
    train = interactions()
    vectors = [[1.0, 0.0] if i % 2 else [0.0, 1.0] for i in range(20)]
    frame = pd.DataFrame({"item": np.arange(20).astype(str), "image": vectors})
    users, items = train.users.vocabulary, train.items.vocabulary
    pairs = pd.DataFrame({"user": users.lookup(train.user), "item": items.lookup(train.item)})
    train = Interactions.from_frame(
        pairs, item_frame=frame, item_features={"image": {"kind": "vector"}}
    )
    model = fitted(train, encoder="vectors")
    answer = model.recommend(histories=[["0"], ["1"]], k=1, allow=["18", "19"])
    assert answer["item"].tolist() == ["18", "19"]


def test_a_profile_answers_for_a_user_without_a_history():
    train = interactions()
    model = fitted(train, user_features=True)
    newcomer = {
        "user": train.users.vocabulary.rows(["0", "1"]).astype("int32"),
        "history": np.zeros((2, 3), "int32"),
    }
    rows, _ = model.top_k(newcomer, 5)
    halves = train.items.vocabulary.lookup(rows).astype(int) % 2
    assert halves.tolist() == [[0] * 5, [1] * 5]
    with pytest.warns(UserWarning, match="2 of 2 queries .*: answered from what is known of the"):
        answer = model.recommend(users=["0", "1"], histories=[[], []], k=5)
    assert answer["item"].tolist() == train.items.vocabulary.lookup(rows).ravel().tolist()
    # Nothing known at all: one answer, and a finite one.
    nobody = {"user": np.array([1], "int32"), "history": np.zeros((1, 3), "int32")}
    assert np.isfinite(model.top_k(nobody, 5)[1]).all()


@pytest.mark.export
def test_a_profile_is_saved_and_exported(tmp_path):
    train = interactions()
    model = fitted(train, epochs=2, user_features=True, encoder="bag_of_words")
    again = ContentBased.from_config(model.get_config())
    assert again.user_features and again.query_inputs == ("history", "user")
    model.save(tmp_path / "saved")
    request = {"users": ["0", "1"], "histories": [["2"], ["1", "3"]], "k": 3}
    loaded = load(tmp_path / "saved").recommend(**request)
    pd.testing.assert_frame_equal(loaded, model.recommend(**request))
    # Compared with Python on users, known and unknown, and their histories.
    assert export(model, tmp_path / "1", k=5)["difference"] < 1e-5


def test_refuses_what_it_cannot_read():
    bare = Interactions.from_frame(pd.DataFrame({"user": list("uv"), "item": list("ij")}))
    with pytest.raises(InputError, match="at least one feature"):
        ContentBased(bare.schema())
    with pytest.raises(InputError, match='kind "vector"'):
        ContentBased(interactions().schema(), encoder="vectors")
    with pytest.raises(InputError, match="user_features=True needs a user feature"):
        ContentBased(
            Interactions.from_frame(
                pd.DataFrame({"user": list("uv"), "item": list("ij")}),
                item_frame=pd.DataFrame({"item": list("ij"), "year": [1.0, 2.0]}),
                item_features={"year": {"kind": "number"}},
            ).schema(),
            user_features=True,
        )
    with pytest.raises(
        InputError, match="conv1d, conv2d, bag_of_words, code, autoencoder, vectors, received 'lsa'"
    ):
        ContentBased(interactions().schema(), encoder="lsa")


def test_old_scores_stay_when_the_data_grows(tmp_path):
    small = interactions()
    model = fitted(small, epochs=5)
    before = model.score(histories=[["0", "2"]] * 3, items=["4", "5", "18"])
    model.save(tmp_path / "checkpoint")
    grown = interactions(items=23, cold=(), users=24, base=(small.users, small.items))
    new = ContentBased(grown.schema(), dim=8, code_dim=8)
    new.adapt(grown)
    new.load_rows_from(tmp_path / "checkpoint")
    after = new.score(histories=[["0", "2"]] * 3, items=["4", "5", "18"])
    np.testing.assert_allclose(after, before, atol=1e-5)
    # What is new says what old items say, and is worth as much.
    again = new.score(histories=[["0", "2"]] * 2, items=["22", "21"])
    np.testing.assert_allclose(again, before[:2], atol=1e-5)


def test_the_score_by_hand():
    train = interactions()
    model = ContentBased(train.schema(), dim=2, code_dim=4)
    model.adapt(train)
    encoded = np.asarray(model.encode_catalog())[:, :3]
    first, other, asked = train.items.vocabulary.rows(["0", "3", "5"])
    # u = (v_0 + v_3) / sqrt(1 + 2), and the score is <u, v_5> + b_5.
    user = (encoded[first, :2] + encoded[other, :2]) / 3**0.5
    expected = user @ encoded[asked, :2] + encoded[asked, 2]
    score = model.score(histories=[["0", "3"]], items=["5"])
    np.testing.assert_allclose(score, [expected], atol=1e-6)
    assert abs(expected) > 1e-4
