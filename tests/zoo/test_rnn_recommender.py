"""RNNRecommender: what the data allows it to read, and what it learns from it."""

import inspect

import keras
import numpy as np
import pandas as pd
import pytest

import kerasrec_zoo
from kerasrec import models
from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.losses import Softmax
from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.c_loader import RunError
from kerasrec_zoo import AttentionRecommender, BERT4Rec, RNNRecommender

pytestmark = pytest.mark.slow

# All that are trained on the steps of histories and want no features of the items.
OTHERS = [
    cls
    for _, cls in inspect.getmembers(kerasrec_zoo, inspect.isclass)
    if hasattr(inspect.getmodule(cls), "HistoryInputs")
    and "cold_items" not in cls.capabilities
    and cls is not RNNRecommender
]
LETTERS = list("abcdefgh")


def trained(data, epochs=40, cls=RNNRecommender, dropout=0.0, **arguments):
    keras.utils.set_random_seed(0)
    model = cls(data.schema(history_length=8), dim=16, dropout=dropout, **arguments)
    model.adapt(data)
    model.compile(keras.optimizers.Adam(0.02), Softmax())
    given = batches(
        data,
        model.train_inputs,
        steps=model.steps,
        batch_size=32,
        history_length=8,
        horizon=model.horizon,
        seed=0,
    )
    model.fit(given.repeat(epochs), verbose=0)
    return model


@pytest.fixture(scope="module")
def cycle():
    """Who was at one letter goes to the next, the last one to the first."""
    rows = [(f"u{n}", LETTERS[(n + t) % 8]) for n in range(40) for t in range(6)]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item"]))


@pytest.fixture(scope="module")
def errands():
    """A view is followed by the same letter's neighbour to the right, a buy by that to the left."""
    rows, random = [], np.random.default_rng(0)
    for user in range(150):
        place, time = int(random.integers(8)), 1_000_000
        for _ in range(7):
            done = ("view", "buy")[int(random.integers(2))]
            rows.append((f"u{user}", LETTERS[place], done, time))
            place = (place + (1 if done == "view" else -1)) % 8
            time += 60
    frame = pd.DataFrame(rows, columns=["user", "item", "behavior", "timestamp"])
    return Interactions.from_frame(frame)


@pytest.fixture(scope="module")
def seasons():
    """After a minute comes the next letter, after a month the one before."""
    rows, random = [], np.random.default_rng(0)
    for user in range(150):
        place, time, step = int(random.integers(8)), 1_000_000, 1
        for _ in range(7):
            rows.append((f"u{user}", LETTERS[place], time))
            place = (place + step) % 8
            late = bool(random.integers(2))
            time += 30 * 86400 if late else 60
            step = -1 if late else 1
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "timestamp"]))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "bilstm"])
def test_every_cell_learns_a_cycle(cycle, cell):
    model = trained(cycle, 15 if cell == "bilstm" else 40, cell=cell)
    answer = model.recommend(histories=[["a", "b", "c"], ["g", "h"], ["e"]], k=1, repeats="allow")
    assert answer["item"].tolist() == ["d", "a", "f"]


@pytest.mark.parametrize("cls", [RNNRecommender, *OTHERS])
def test_what_the_data_does_not_say_is_no_input(cls, cycle, errands):
    assert cls(cycle.schema(), dim=4).query_inputs == ("history",)
    model = cls(errands.schema(), dim=4)
    assert model.query_inputs == ("history", "behavior", "time_gap")
    assert model.train_inputs == ("history", "behavior", "time_gap", "item")


def test_a_user_is_an_input_where_asked_for(errands):
    full = RNNRecommender(errands.schema(), dim=4, use_user=True)
    assert full.query_inputs == ("history", "behavior", "time_gap", "user")
    assert full.train_inputs == ("history", "behavior", "time_gap", "user", "item")


@pytest.mark.export
def test_behaviors_decide_where_they_do(errands, tmp_path):
    # A behavior that is not said is learned by dropping some.
    model = trained(errands, 120, dropout=0.1)
    asked = {"histories": [["c", "d"], ["c", "d"]], "k": 1, "repeats": "allow"}
    answer = model.recommend(**asked, behaviors=[["view", "view"], ["view", "buy"]])
    assert answer["item"].tolist() == ["e", "c"]
    # Not said is not wrong: one of the two.
    unsaid = model.recommend(**asked)["item"].tolist()
    assert set(unsaid) <= {"e", "c"}
    with pytest.warns(UserWarning, match="1 unknown behavior id, .*steal"):
        model.recommend(**asked, behaviors=[["view", "steal"], ["view", "buy"]])
    model.save(tmp_path / "checkpoint")
    again = models.load(tmp_path / "checkpoint")
    said = again.recommend(**asked, behaviors=[["view", "view"], ["view", "buy"]])
    assert said["item"].tolist() == ["e", "c"]
    # Stored histories have theirs: the export is asked with both.
    assert export(again, tmp_path / "1", k=3)["difference"] <= 1e-5
    with CLoader(tmp_path / "1") as served:
        for more in ({"timestamp": [[1, 2, 3]]}, {"behavior": [["buy"]]}):
            with pytest.raises(RunError, match=f"kerasrec: {[*more][0]}: expected one for") as told:
                served.run("recommend", {"history": [["c", "d"]], **more})
            assert told.value.code == 3  # INVALID_ARGUMENT


@pytest.mark.export
@pytest.mark.parametrize("cls", OTHERS)
def test_other_models_read_behaviors_and_time_as_well(cls, errands, tmp_path, check_graph):
    # Of a masked item nothing is read, so that less is learned in a step.
    slow = cls is BERT4Rec
    model = trained(errands, 60 if slow else 30, cls, **({"mask_prob": 0.4} if slow else {}))
    asked = {"histories": [["c", "d"], ["c", "d"]]}
    context = {
        "behaviors": [["view", "view"], ["view", "buy"]],
        "timestamps": [[1_000_000, 1_000_060]] * 2,
    }
    answer = model.recommend(**asked, **context, k=1, repeats="allow")
    assert answer["item"].tolist() == ["e", "c"]
    explained = model.recommend(**asked, **context, k=1, repeats="allow", explain=True)
    for score, said in zip(explained["score"], explained["reasons"], strict=True):
        assert sum(one["contribution"] for one in said) == pytest.approx(score, rel=1e-4)
    model.save(tmp_path / "checkpoint")
    again = models.load(tmp_path / "checkpoint")
    assert again.recommend(**asked, **context, k=1, repeats="allow").equals(answer)
    # The one whose answer is a sequence; RNNRecommender is exported above.
    if cls is kerasrec_zoo.Seq2Seq:
        assert export(again, tmp_path / "1", k=3)["difference"] <= 1e-5
    else:
        check_graph(again, 3, ["recommend"])
    if cls is AttentionRecommender:
        weights = model.attention_weights(**asked, **context).pivot(
            index="history", columns="item", values="weight"
        )
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
        # Compared by their logarithms, since training makes one weight nearly 1.
        assert np.abs(np.log(weights.loc[0] / weights.loc[1])).max() > 1e-2


def test_time_decides_where_it_does(seasons):
    model = trained(seasons, 40, cell="gru")
    # The same items; a minute before the last one, or a month.
    asked = {"histories": [["c", "d", "e"], ["c", "d", "e"]], "k": 1, "repeats": "allow"}
    times = [[1_000_000_000, 1_000_000_060, 1_000_000_060 + gap] for gap in (60, 30 * 86400)]
    answer = model.recommend(**asked, timestamps=times)
    assert answer["item"].tolist() == ["f", "d"]
    # As milliseconds, datetimes and text they are the same times.
    for unit in (
        lambda time: 1000 * time,
        lambda time: pd.Timestamp(time, unit="s"),
        lambda time: pd.Timestamp(time, unit="s").isoformat(),
    ):
        again = model.recommend(**asked, timestamps=[[unit(t) for t in each] for each in times])
        pd.testing.assert_frame_equal(again, answer)
    unsaid = model.recommend(**asked, timestamps=[[None] * 3] * 2)
    pd.testing.assert_frame_equal(unsaid, model.recommend(**asked))


def test_times_that_go_back_or_stand_still(seasons):
    model = RNNRecommender(seasons.schema(history_length=8), dim=4)
    model.adapt(seasons)
    asked = {"histories": [["a", "b", "c"], ["d", "e"]], "k": 2}
    with pytest.warns(UserWarning, match="1 history has timestamps that go back: .*order given"):
        back = model.recommend(**asked, timestamps=[[9, 7, 8], [5, 5]])
    # Of the next history the times begin anew, and 0 is no time.
    still = model.recommend(**asked, timestamps=[[9, 9, 10], [5, 5]])
    assert back.attrs["notes"] and not still.attrs["notes"]
    pd.testing.assert_frame_equal(back, still)
    assert not model.recommend(**asked, timestamps=[[9, 0, 9], [5, 5]]).attrs["notes"]


def test_a_user_of_their_own(cycle):
    model = trained(cycle, 5, use_user=True)
    asked = {"histories": [["a", "b"], ["a", "b"]], "items": ["c", "c"]}
    known = model.score(users=["u0", "u1"], **asked)
    assert known[0] != known[1]
    with pytest.warns(UserWarning, match="unknown user"):
        stranger = model.score(users=["nobody", "u1"], **asked)
    assert np.isfinite(stranger).all() and stranger[0] not in known


@pytest.mark.parametrize(
    "given,message",
    [
        ({"users": ["u1"], "behaviors": [["view"]]}, "behaviors belong to histories"),
        (
            {"histories": [["a", "b"]], "behaviors": [["view"]]},
            "each of the 2 items of history 0, got 1",
        ),
        (
            {"histories": [["a"], ["b"]], "timestamps": [[1]]},
            "one list for each of 2 histories, got 1",
        ),
    ],
)
def test_context_of_another_length_is_refused(errands, given, message):
    model = RNNRecommender(errands.schema(), dim=4)
    model.adapt(errands)
    with pytest.raises(InputError, match=message):
        model.recommend(**given, k=1)


def test_a_cell_that_is_none(cycle):
    with pytest.raises(InputError, match="cell must be one of rnn, gru, lstm, bilstm: got 'tree'"):
        RNNRecommender(cycle.schema(), cell="tree")


def test_the_score_by_hand(with_item_vectors):
    vectors = {"a": [5.0, 2.0], "b": [1.0, 1.5]}
    model, encoder = with_item_vectors(RNNRecommender, vectors, cell="rnn")
    ask = {"histories": [["a", "b"]], "items": ["a"]}
    # The state is tanh(0), so h = LN(b) = LN(1, 1.5) = (-1, 1), and <h, a> = -5 + 2.
    np.testing.assert_allclose(model.score(**ask), [-3.0], rtol=1e-2)
    (bias,) = [weight for weight in encoder.rnn.weights if weight.path.endswith("bias")]
    bias.assign([20.0, 0.0])
    # The state is (tanh(20), 0) = (1, 0), so h = LN(2, 1.5) = (1, -1).
    np.testing.assert_allclose(model.score(**ask), [3.0], rtol=1e-2)


def elman(x, weights):
    """h_t = tanh(x_t A + h_(t-1) B + c) of one history `(length, dim)`, in NumPy."""
    kernel, recurrent, bias = weights
    states, h = [], np.zeros(len(bias))
    for step in x:
        h = np.tanh(step @ kernel + h @ recurrent + bias)
        states.append(h)
    return np.array(states)


@pytest.mark.parametrize("cells", ["rnn", ["rnn", "rnn"]], ids=str)
def test_untied_scores_by_hand_are_the_softmax_of_w_h_and_b(cycle, cells):
    """y = softmax(W h_T + b), h_T of one layer or of two."""
    model = RNNRecommender(cycle.schema(4), dim=3, cell=cells, tied=False)
    model.adapt(cycle)
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(generator.normal(size=weight.shape))
    rows, target = np.array([[2, 5, 3, 0]], "int32"), np.array([[6, 7, 8, 0]], "int32")
    x = np.array(model.get_layer("item_ids").table.embeddings)[rows[0, :3]]
    for name in ("user_encoder", "user_encoder_2")[: 1 if cells == "rnn" else 2]:
        x = elman(x, [np.array(w) for w in model.query_model.get_layer(name).rnn.weights])
    encoder = model.item_tower.encoder
    w = np.array(encoder.get_layer("output").table.embeddings)
    b = np.array(encoder.get_layer("output_bias").item_bias.embeddings)[:, 0]
    logits = (x @ w.T + b)[:, 2:]
    assert np.abs(b[2:]).min() > 1e-3
    scores = model.score_pairs({"history": np.repeat(rows, 8, 0)}, np.arange(2, 10))
    np.testing.assert_allclose(scores, logits[-1], atol=1e-6, rtol=1e-6)
    # Of every position: log softmax of the item after it.
    found = np.asarray(model({"history": rows, "item": target}))[0, :3]
    log_p = found[:, 0] - np.logaddexp(found[:, 0], found[:, 1])
    expected = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    np.testing.assert_allclose(log_p, expected[np.arange(3), target[0, :3] - 2], atol=1e-5)


@pytest.mark.parametrize("cell", ["bilstm", ["gru", "gru"]], ids=str)
def test_an_untied_or_deep_network_learns_a_cycle(cycle, cell, tmp_path):
    model = trained(cycle, 40, cell=cell, tied=cell != "bilstm")
    asked = {"histories": [["a", "b", "c"], ["g", "h"], ["e"]], "k": 1, "repeats": "allow"}
    answer = model.recommend(**asked)
    assert answer["item"].tolist() == ["d", "a", "f"]
    model.save(tmp_path / "checkpoint")
    assert models.load(tmp_path / "checkpoint").recommend(**asked).equals(answer)


def test_an_untied_model_ranks_as_it_scores_when_it_is_exported(cycle, check_graph):
    model = RNNRecommender(cycle.schema(4), dim=3, cell=["rnn", "rnn"], tied=False, use_user=True)
    model.adapt(cycle)
    check_graph(model, k=3)


def test_two_directions_are_not_stacked(cycle):
    with pytest.raises(InputError, match="bilstm cannot be stacked"):
        RNNRecommender(cycle.schema(), cell=["bilstm", "lstm"])
    with pytest.raises(InputError, match=r"cell must be one of .*: got \[\]"):
        RNNRecommender(cycle.schema(), cell=[])
