import keras
import numpy as np
import pytest

from kerasrec import layers
from kerasrec.layers import JointScorer, joint_scorer

ITEMS, DIM = 7, 3


def head():
    """-|q - v|^2 - <w, q^2>: no dot product, and w is a weight to train."""
    query, candidate = keras.Input((DIM,), name="query"), keras.Input((DIM,), name="candidate")
    squares = keras.layers.Dense(1, use_bias=False, name="w")(query * query)
    gap = keras.ops.sum(keras.ops.square(query - candidate), axis=-1, keepdims=True)
    return keras.Model({"query": query, "candidate": candidate}, -gap - squares)


def expected(scorer, queries, vectors):
    w = np.array(scorer.head.get_layer("w").kernel)
    gap = ((queries[:, None] - vectors[None]) ** 2).sum(-1)
    return -gap - (queries**2) @ w


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_pairs_by_hand():
    scorer = JointScorer(head())
    scorer.head.get_layer("w").set_weights([np.array([[1.0], [0.0], [2.0]])])
    query, vector = np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 2.0, 5.0]])
    assert scorer.score_pairs(query, vector).numpy().tolist() == [-(1 + 0 + 4) - (1 + 18)]


def test_score_pairs_and_score_all_agree_with_the_formula():
    queries, vectors = draw(4, DIM), draw(5, DIM, seed=1)
    scorer = JointScorer(head())
    right = expected(scorer, queries, vectors)
    np.testing.assert_allclose(scorer.score_all(queries, vectors), right, rtol=1e-5)
    np.testing.assert_allclose(scorer.score_pairs(queries, vectors[:4]), np.diag(right), rtol=1e-5)


@pytest.mark.parametrize("numbers", [1, 2 * DIM, 3 * DIM, 4 * DIM, 1000])
def test_all_pairs_equals_score_all(numbers, monkeypatch):
    monkeypatch.setattr(joint_scorer, "NUMBERS_AT_ONCE", numbers)
    scorer, sizes = JointScorer(head()), []
    assert scorer.pairs_at_once == max(1, numbers // DIM)
    run = scorer.head.call
    monkeypatch.setattr(
        scorer.head, "call", lambda x, *a, **k: sizes.append(len(x["query"])) or run(x, *a, **k)
    )
    queries, vectors = draw(4, DIM), draw(5, DIM, seed=1)
    scores = scorer(queries, vectors, all_pairs=True)
    np.testing.assert_allclose(scores, expected(scorer, queries, vectors), rtol=1e-5)
    assert max(sizes) <= scorer.pairs_at_once


def test_all_pairs_in_a_graph_of_any_number_of_queries():
    queries = keras.Input((DIM,))
    vectors = keras.Input(batch_shape=(5, DIM))
    scorer = JointScorer(head())
    model = keras.Model([queries, vectors], scorer(queries, vectors, all_pairs=True))
    assert model.output.shape == (None, 5) and model.output.dtype == "float32"
    for n in (1, 4):
        given = draw(n, DIM), draw(5, DIM, seed=1)
        answer = model.predict_on_batch(list(given))
        np.testing.assert_allclose(answer, expected(scorer, *given), rtol=1e-5)


@pytest.mark.parametrize("kind", ["pair", "in_batch", "sampled", "all"])
def test_candidates_score_with_it_and_train_its_weights(kind):
    made = {
        "pair": lambda: layers.PairCandidates(ITEMS),
        "in_batch": lambda: layers.InBatchCandidates(ITEMS, log_q=False),
        "sampled": lambda: layers.SampledCandidates(ITEMS, 4, log_q=False, seed=1),
        "all": lambda: layers.AllCandidates(ITEMS),
    }
    table = draw(ITEMS, DIM)
    queries, item = table[[2, 3]] + 1, np.array([4, 5], "int32")
    scorer, layer = JointScorer(head()), made[kind]()
    logits = layer(
        queries,
        item,
        item_model=lambda rows: keras.ops.take(table, rows, axis=0),
        scorer=scorer,
    )
    right = expected(scorer, queries, table)
    np.testing.assert_allclose(logits[:, 0], right[[0, 1], item], rtol=1e-5)
    others = np.array(logits[:, 1:])
    if kind == "all":
        rest = [[right[n, j] for j in range(2, ITEMS) if j != item[n]] for n in range(2)]
        np.testing.assert_allclose(others[:, 0], np.log(np.exp(rest).sum(1)), rtol=1e-5)
    elif kind == "in_batch":
        np.testing.assert_allclose(others[[0, 1], [1, 0]], right[[0, 1], [5, 4]], rtol=1e-5)
    else:
        found = np.abs(others[:, :, None] - right[:, None]).min(-1)
        assert (found[others > -1e8] < 1e-4).all()
    assert any(weight is scorer.head.get_layer("w").kernel for weight in layer.trainable_weights)


def test_save_and_load(tmp_path):
    queries, vectors = draw(4, DIM), draw(4, DIM, seed=1)
    scorer = JointScorer(head())
    inputs = [keras.Input((DIM,)), keras.Input((DIM,))]
    keras.Model(inputs, scorer(*inputs)).save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again([queries, vectors]), scorer(queries, vectors), rtol=1e-6)


def test_half_precision_scores_in_float32():
    scorer = JointScorer(head(), dtype="mixed_float16")
    assert scorer(draw(4, DIM), draw(4, DIM)).dtype == "float32"
