"""What is Seq2Seq's own."""

import dataclasses
import itertools

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.losses import Softmax
from kerasrec.models import recommender
from kerasrec.savedmodel import CLoader
from kerasrec_zoo.seq2seq import Seq2Seq

pytestmark = pytest.mark.slow

ITEMS = list("abcdefgh")


def untimed(schema):
    """Items alone; that times are read is tested in test_rnn_recommender.py."""
    return dataclasses.replace(schema, timed=False)


def interactions(sequences):
    pairs = [(f"u{n}", item) for n, sequence in enumerate(sequences) for item in sequence]
    frame = pd.DataFrame(pairs, columns=["user", "item"])
    # Times, for an item that comes twice is one that comes at two times.
    return Interactions.from_frame(frame.assign(timestamp=np.arange(len(frame))))


@pytest.fixture
def make():
    """`make(**arguments)`: an adapted model whose weights are large enough to mean something."""

    def make(sequences=(ITEMS, ITEMS[::-1]), **given):
        train = interactions(sequences)
        model = Seq2Seq(untimed(train.schema(history_length=6)), **{"dim": 5, **given})
        model.adapt(train)
        random = np.random.default_rng(1)
        for weight in model.trainable_weights:
            weight.assign(random.normal(scale=0.7, size=weight.shape))
        return model

    return make


def log_p(model, history, following):
    """log p of each of the items that follow a history, by the training graph."""
    t, horizon = len(history), model.horizon
    read = np.array([[*history, *following[:-1]]], "int32")
    item = np.zeros((*read.shape, horizon), "int32")
    item[0, t - 1] = following
    logits = np.asarray(model({"history": read, "item": item}))[0, t - 1]
    return logits[:, 0] - np.logaddexp(logits[:, 0], logits[:, 1])


@pytest.mark.parametrize(
    "given",
    [{}, {"cell": "lstm"}, {"context_first": True}, {"cell": "cnn"}, {"cell": "mlp"}],
    ids=str,
)
def test_serving_writes_with_the_probabilities_of_training(make, given):
    model = make(**given)
    for history in ([2, 5, 3], [7, 6], [4, 4, 9, 2, 3, 8]):
        rows, scores = model.top_k({"history": np.array([history], "int32")}, 8)
        np.testing.assert_allclose(
            scores[0, :3], np.cumsum(log_p(model, history, rows[0, :3])), atol=1e-5
        )
        first = [log_p(model, history, [row, 2, 3])[0] for row in rows[0, 3:]]
        np.testing.assert_allclose(scores[0, 3:], scores[0, 2] + first, atol=1e-5)
        assert (np.diff(scores[0]) <= 0).all()
        assert sorted(rows[0]) == list(range(2, 10))


def test_beams_as_many_as_items_find_the_likeliest_pair(make):
    model = make(horizon=2, beams=10)
    history = [3, 8, 5]
    (rows,), _ = model.top_k({"history": np.array([history], "int32")}, 4)
    pairs = list(itertools.permutations(range(2, 10), 2))

    def likely(pair):
        """Of the second item among those that may come: all but the first."""
        twice = log_p(model, history, (pair[0], pair[0]))[1]
        return log_p(model, history, pair).sum() - np.log1p(-np.exp(twice))

    assert tuple(rows[:2]) == max(pairs, key=likely)


def test_a_shorter_answer_is_the_beginning_of_a_longer_one(make):
    model, inputs = make(), {"history": np.array([[3, 8, 5], [2, 0, 0]], "int32")}
    rows, scores = model.top_k(inputs, 8)
    for k in (1, 2, 3, 5):
        shorter = model.top_k(inputs, k)
        np.testing.assert_array_equal(shorter[0], rows[:, :k])
        np.testing.assert_array_equal(shorter[1], scores[:, :k])


def test_score_is_the_probability_of_the_very_next_item(make, monkeypatch):
    model = make()
    answer = model.recommend(histories=[["a", "c"]], k=1, repeats="allow")
    scores = model.score(histories=[["a", "c"]] * 8, items=ITEMS)
    assert np.exp(scores).sum() == pytest.approx(1, abs=1e-5)
    assert answer["score"][0] == pytest.approx(scores[ITEMS.index(answer["item"][0])], abs=1e-6)
    # However few are scored at a time.
    monkeypatch.setattr("kerasrec_zoo.seq2seq.SCORES_AT_ONCE", 3 * model.query_size)
    again = model.score(histories=[["a", "c"]] * 8, items=ITEMS)
    np.testing.assert_allclose(again, scores, atol=1e-6)
    monkeypatch.setattr(recommender, "SCORES_AT_ONCE", 1)
    inputs = {"history": np.array([[2, 4], [5, 0], [0, 0]], "int32")}
    one_by_one = model.top_k(inputs, 5)
    monkeypatch.undo()
    np.testing.assert_allclose(one_by_one[1], model.top_k(inputs, 5)[1], atol=1e-5)


def test_of_one_item_and_one_beam_it_ranks_by_the_first_step(make):
    model = make(horizon=1, beams=1)
    answer = model.recommend(histories=[["a", "c"]], k=8, repeats="allow")
    scores = model.score(histories=[["a", "c"]] * 8, items=list(answer["item"]))
    assert (np.diff(scores) <= 0).all()
    rows = np.full((2, 4), 5, "int32")
    assert model({"history": rows, "item": rows}).shape == (2, 4, 2)


def test_what_is_excluded_or_not_allowed_is_not_written(make):
    model = make()
    asked = {"histories": [["a", "b"], ["d"]], "repeats": "allow"}
    answer = model.recommend(**asked, k=8, exclude=["c", "h"])
    assert answer.groupby("user")["item"].apply(sorted).tolist() == [list("abdefg")] * 2
    answer = model.recommend(**asked, k=8, allow=["g", "c", "h"], exclude=["h"])
    # Fewer than there are steps.
    assert answer.groupby("user")["item"].apply(sorted).tolist() == [["c", "g"]] * 2
    assert np.isfinite(answer["score"]).all()
    assert len(model.recommend(**asked, k=8, allow=["h"], exclude=["h"])) == 0


def test_position_t_reads_for_item_j_the_history_up_to_the_item_before(make):
    model = make()
    history = np.array([[2, 5, 3, 9, 4]], "int32")
    item = np.full((1, 5, 3), 6, "int32")
    before = np.asarray(model({"history": history, "item": item}))[0, ..., 0]
    history[0, 3] = 7
    moved = np.asarray(model({"history": history, "item": item}))[0, ..., 0] != before
    # Position 3 itself, and position 2 once it has one item, position 1 once it has two.
    assert moved.tolist() == [[t + j >= 3 for j in range(3)] for t in range(5)]


def test_padding_and_an_empty_history(make):
    model = make()
    history, item = np.array([[2, 5, 3]], "int32"), np.full((1, 3, 3), 6, "int32")
    alone = model({"history": history, "item": item})
    wide = {
        "history": np.pad(history, ((0, 0), (0, 2))),
        "item": np.pad(item, ((0, 0), (0, 2), (0, 0))),
    }
    np.testing.assert_allclose(model(wide)[:, :3], alone, atol=1e-5)


def test_an_empty_history_is_answered_with_what_is_popular(make):
    """a was taken three times, c twice, every other item once, and each counts once more."""
    model = make(["acbdefgh", "ac", "a"])
    rows, scores = model.top_k({"history": np.zeros((1, 4), "int32")}, 8)
    assert rows[0].tolist() == [2, 3, *range(4, 10)]
    share = np.log(np.array([4, 3, 2, 2]) / (4 + 3 + 6 * 2))
    written = np.cumsum(share[:3])
    np.testing.assert_allclose(scores[0, :4], [*written, written[2] + share[3]], atol=1e-5)


def fitted(train, epochs, **given):
    keras.utils.set_random_seed(0)
    model = Seq2Seq(untimed(train.schema(history_length=14)), dim=16, dropout=0.0, **given)
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.02), Softmax())
    data = batches(
        train, model.train_inputs, batch_size=32, history_length=14, horizon=model.horizon
    )
    model.fit(data.repeat(epochs), verbose=0)
    return model


@pytest.mark.parametrize("candidates", ["all", "sampled"])
def test_writes_a_cycle_in_order(candidates):
    around = ITEMS * 3
    train = interactions([around[n % 8 : n % 8 + 12] for n in range(64)])
    model = fitted(train, 20, candidates=candidates, num_negatives=16)
    answer = model.recommend(histories=[["b", "c"], ["f", "g"]], k=3, repeats="allow")
    assert answer["item"].tolist() == [*"def", *"hab"]
    assert (np.exp(answer["score"]) > 0.8).all()


def test_a_sequence_is_better_than_the_likeliest_next_items():
    """After each chain comes one of two, at random: the next three items are a whole chain.

    The likeliest next items are the first ones of both chains, one item right out of three; a
    sequence is right as a whole or not at all, half of the time.
    """
    random = np.random.default_rng(0)
    chains = random.integers(0, 2, (200, 5))
    train = interactions([[*"".join(["abc", "def"][n] for n in row)] for row in chains])
    model = fitted(train, 12)
    answer = model.recommend(histories=[["a", "b", "c"], ["d", "e", "f"]], k=3, repeats="allow")
    written = answer.groupby("user")["item"].apply("".join)
    assert set(written) <= {"abc", "def"}
    scores = {item: model.score(histories=[["a", "b", "c"]], items=[item])[0] for item in "abcdef"}
    assert set(sorted(scores, key=scores.get)[-2:]) == {"a", "d"}


@pytest.mark.export
def test_checkpoint_and_export_write_the_same(make, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrec_zoo.Seq2Seq", Seq2Seq, raising=False)
    model = make(beams=3, horizon=2)
    assert export(model, tmp_path / "export" / "1", k=6)["difference"] <= 1e-5
    model.save(tmp_path / "checkpoint")
    again = models.load(tmp_path / "checkpoint")
    asked = {"histories": [["a", "b"], ["d"]], "k": 6, "repeats": "allow"}
    assert model.recommend(**asked).equals(again.recommend(**asked))

    with CLoader(tmp_path / "export" / "1") as loaded:
        names = {"serving_default", "recommend", "recommend_examples", "score"}
        assert set(loaded.signatures) == names
        found = loaded("recommend", history=[["a", "?", "b"]], exclude=[["d"]])
    expected = model.recommend(histories=[["a", "b"]], exclude=["d"], k=5)
    assert [item.decode() for item in found["item"][0] if item] == list(expected["item"])


@pytest.mark.parametrize("wrong", [{"horizon": 0}, {"beams": 0}])
def test_nothing_to_write_is_refused(make, wrong):
    with pytest.raises(InputError, match="expected at least 1"):
        make(**wrong)


def test_a_sequence_by_hand(make):
    model = make()
    for weight in model.trainable_weights:
        weight.assign(np.zeros(weight.shape))
    # All eight items are equally likely at each of three steps.
    score = model.score(histories=[["a", "c"]], items=["b"])
    np.testing.assert_allclose(score, [np.log(1 / 8)], rtol=1e-5)
    answer = model.recommend(histories=[["a", "c"]], k=3, repeats="allow")
    np.testing.assert_allclose(answer["score"], np.log([1 / 8, 1 / 64, 1 / 512]), rtol=1e-5)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_attention_before_the_cell_by_hand(make):
    """H_0 = 0; alpha from H and the last item; the cell reads [o; C]; p = softmax of <H, v>."""
    model = make(cell="mlp", context_first=True, horizon=2, dropout=0.0)
    v = np.array(model.query_model.get_layer("item_ids").table.embeddings, "float64")
    w, b = (np.array(x) for x in model.query_model.get_layer("encoder").dense[0].weights)
    kernel, recurrent, bias = (np.array(x) for x in model.decoder.cell.weights)
    history, following = [2, 5, 3], [6, 4]
    memory = np.maximum(v[history] @ w + b, 0)
    state, found = np.zeros(5), []
    for last, item in zip([3, 6], following, strict=True):
        scores = memory @ (np.concatenate([state, v[last]]) @ np.array(model.decoder.look.kernel))
        alpha = np.exp(scores - scores.max())
        context = alpha / alpha.sum() @ memory
        into = np.split(np.concatenate([v[last], context]) @ kernel + bias[0], 3)
        back = np.split(state @ recurrent + bias[1], 3)
        z, r = sigmoid(into[0] + back[0]), sigmoid(into[1] + back[1])
        state = z * state + (1 - z) * np.tanh(into[2] + r * back[2])
        logits = v[2:] @ state
        found.append(logits[item - 2] - np.log(np.exp(logits).sum()))
    np.testing.assert_allclose(log_p(model, history, following), found, atol=2e-6)


def test_convolutions_and_attention_before_the_cell_write_a_cycle(check_graph):
    around = ITEMS * 3
    train = interactions([around[n % 8 : n % 8 + 12] for n in range(64)])
    model = fitted(train, 30, cell="cnn", context_first=True)
    answer = model.recommend(histories=[["b", "c"], ["f", "g"]], k=3, repeats="allow")
    assert answer["item"].tolist() == [*"def", *"hab"]
    check_graph(model, k=3)


def test_an_encoder_that_is_none(make):
    with pytest.raises(InputError, match="expected one of lstm, gru, rnn, cnn, mlp, received"):
        make(cell="tree")
