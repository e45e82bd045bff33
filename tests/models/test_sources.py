"""Tables of items made of several sources: transitions, co-occurrence and features."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from kerasrec import models
from kerasrec.data import Interactions
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.export.export import export
from kerasrec.models.neighbours import sources
from kerasrec.models.neighbours.fit_source_weights import fit_source_weights
from kerasrec.models.neighbours.held_out import hold_out, recent_items
from kerasrec.models.neighbours.sources import Sources
from kerasrec.savedmodel.verify import verify
from kerasrec_zoo import ItemKNN, Markov
from kerasrec_zoo.markov import POPULARITY_WEIGHT

TEXTS = {"a": "red fox", "b": "blue fox", "c": "red hen", "d": "grey owl", "z": "grey owl"}
CHAIN = {"window": 1, "last": 2, "position_decay": 0.5, "shrinkage": 0.0, "popularity_power": 0.0}


def interactions(*words, texts=TEXTS, **features):
    """Each user's items are the letters of a word."""
    rows = [(f"u{n}", item, t) for n, word in enumerate(words) for t, item in enumerate(word)]
    items = pd.DataFrame({"item": list(texts), "text": list(texts.values())})
    return Interactions.from_frame(
        pd.DataFrame(rows, columns=["user", "item", "timestamp"]),
        item_frame=items,
        item_features=features or {"text": {"kind": "text", "length": 4}},
    )


def adapted(cls, data, **options):
    model = cls(data.schema(history_length=8), **options)
    model.adapt(data)
    return model


@pytest.fixture(scope="module")
def data():
    return interactions("abc", "abd", "acd")  # z has no interactions


@pytest.fixture(scope="module")
def both(data):
    return adapted(Markov, data, sources={"transitions": 1.0, "text": 0.5}, **CHAIN)


def cosines(texts):
    """Cosines by TF-IDF, items in the order of `texts`."""
    words = sorted({word for text in texts.values() for word in text.split()})
    counts = np.array([[text.split().count(word) for word in words] for text in texts.values()])
    num_items_with = (counts > 0).sum(axis=0)
    idf = np.where(num_items_with > 1, 1 + np.log((1 + len(texts)) / (1 + num_items_with)), 0)
    rows = counts * idf
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T - np.eye(len(texts))


def by_hand(data):
    """w of `both`: a is followed by b twice and c once, b by c and d, c by d."""
    ids = list(TEXTS)
    counted = pd.DataFrame(0.0, ids, ids)
    counted.loc["a", ["b", "c"]] = [2 / 3, 1 / 3]
    counted.loc["b", ["c", "d"]] = [1 / 2, 1 / 2]
    counted.loc["c", "d"] = 1.0
    similar = pd.DataFrame(cosines(TEXTS), ids, ids)
    scale = np.mean([2 / 3, 1 / 2, 1]) / similar.max(axis=1).mean()
    return counted + 0.5 * scale * similar


def test_a_table_is_the_weighted_sum_of_its_sources_by_hand(data, both):
    weight = by_hand(data)
    taken = data.item_counts()[data.items.vocabulary.rows(list(TEXTS))]
    prior = POPULARITY_WEIGHT * taken / taken.sum()
    found = both.score(histories=[["d", "a", "b"]] * 5, items=list(TEXTS))
    np.testing.assert_allclose(found, weight.loc["b"] + weight.loc["a"] / 2 + prior, atol=1e-6)


@pytest.mark.parametrize("cls,own", [(Markov, "transitions"), (ItemKNN, "cooccurrence")])
def test_its_own_source_alone_is_the_model_without_sources(cls, own, data):
    plain, named = adapted(cls, data), adapted(cls, data, sources={own: 3.0})
    asked = {"histories": [["a", "b"]] * 5, "items": list(TEXTS)}
    assert plain.sources == {own: 1.0}
    assert "cold_items" not in plain.capabilities
    prior = plain.score(histories=[["d"]] * 5, items=list(TEXTS)) if cls is Markov else 0.0
    found = (named.score(**asked) - prior) / 3
    np.testing.assert_allclose(found, plain.score(**asked) - prior, atol=1e-6)
    assert {**plain.reads(data)}["item feature text"] is None


@pytest.mark.parametrize("cls", [Markov, ItemKNN])
def test_an_item_without_interactions_is_recommended_and_read_by_its_text(cls, data):
    own = {"transitions": 1.0} if cls is Markov else {"cooccurrence": 1.0}
    model = adapted(cls, data, sources={**own, "text": 3.0})
    assert "cold_items" in model.capabilities
    assert model.reads(data)["item feature text"] == "text"
    # z has the words of d, and nothing follows d.
    assert model.recommend(histories=[["d"]], k=1)["item"].tolist() == ["z"]
    assert model.recommend(histories=[["z"]], k=1)["item"].tolist() == ["d"]


def test_item_knn_adds_the_cosine_of_the_text_by_hand():
    data = interactions("ab", "ac", "bc")  # all pairs have one of two users in common
    model = adapted(ItemKNN, data, shrinkage=0.0, sources={"cooccurrence": 1.0, "text": 2.0})
    similar = pd.DataFrame(cosines(TEXTS), list(TEXTS), list(TEXTS))
    expected = 0.5 * np.array([0, 1, 1, 0, 0]) + 2 * 0.5 / similar.max().mean() * similar["a"]
    found = model.score(histories=[["a"]] * 5, items=list(TEXTS))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_vectors_and_bm25_are_sources_too():
    vectors = {"a": [1.0, 0.0], "b": [0.6, 0.8], "c": [0.0, 1.0], "d": [-1.0, 0.0], "z": [1.0, 0.0]}
    frame = pd.DataFrame({"user": list("uuvv"), "item": list("abbc")})
    items = pd.DataFrame({"item": list(vectors), "v": list(vectors.values())})
    items["text"] = list(TEXTS.values())
    kinds = {"v": {"kind": "vector"}, "text": {"kind": "text", "length": 4}}
    data = Interactions.from_frame(frame, item_frame=items, item_features=kinds)
    model = adapted(ItemKNN, data, sources={"v": 1.0})
    found = model.score(histories=[["a"]] * 4, items=list("bcdz"))
    np.testing.assert_allclose(found, [0.6, 0, 0, 1], atol=1e-6)  # a cosine below 0 counts as 0
    tfidf = adapted(ItemKNN, data, sources={"text": 1.0})
    bm25 = adapted(ItemKNN, data, sources={"text": 1.0, "v": 0.0}, weighting="bm25")
    ratio = [model.score(histories=[["a"]] * 2, items=list("bc")) for model in (tfidf, bm25)]
    assert (ratio[0] > 0).all() and (ratio[1] > 0).all() and not np.allclose(*ratio)


def test_weights_are_found_between_what_two_queries_need():
    # The first is right with a weight above 1.5, the second with one below 2.5.
    one = scipy.sparse.csr_matrix([[0.0, 0, 3, 0], [0, 0, 5, 0]])
    other = scipy.sparse.csr_matrix([[0.0, 0, 0, 2], [0, 0, 0, 2]])
    nothing = scipy.sparse.csr_matrix((2, 4))
    first, weight, unused = fit_source_weights([one, other, nothing], nothing, [3, 2])
    assert first == 1.0 and 1.5 < weight < 2.5 and unused == 1.0
    # What was seen is not ranked: now nothing is above the first target.
    seen = scipy.sparse.csr_matrix([[0, 0, 1, 0], [0, 0, 0, 0]])
    assert fit_source_weights([one, other], seen, [3, 2]).tolist() == [1.0, 1.0]


def test_the_source_that_the_data_follow_gets_the_weight():
    rng = np.random.default_rng(0)
    texts = {f"i{n}": f"word{n // 3}" for n in range(60)}
    order = [f"i{n}" for n in range(60)]

    def data(words):
        rows = [(f"u{u}", item, t) for u, word in enumerate(words) for t, item in enumerate(word)]
        items = pd.DataFrame({"item": list(texts), "text": list(texts.values())})
        return Interactions.from_frame(
            pd.DataFrame(rows, columns=["user", "item", "timestamp"]),
            item_frame=items,
            item_features={"text": {"kind": "text", "length": 2}},
        )

    # Steps of 20: the next item never has the same word.
    ordered = [[order[(start + 20 * step) % 60] for step in range(3)] for start in range(60)]
    alike = [[order[i] for i in 3 * rng.integers(20) + rng.permutation(3)] for _ in range(40)]
    chain = {**CHAIN, "last": 10}
    by_order = adapted(Markov, data(ordered), sources=["transitions", "text"], **chain)
    by_text = adapted(Markov, data(alike), sources=("transitions", "text"), num_neighbours=2)
    assert by_order.sources["transitions"] == 1.0
    assert by_order.recommend(histories=[["i0"]], k=1)["item"].tolist() == ["i20"]
    assert by_text.sources["text"] == 1.0
    assert {*by_text.recommend(histories=[["i0"]], k=2)["item"]} == {"i1", "i2"}


def test_a_fit_takes_fewer_users_where_all_would_not_fit_in_memory(data, monkeypatch):
    asked = []

    def fit(scores, seen, targets):
        asked.append(len(targets))
        return fit_source_weights(scores, seen, targets)

    monkeypatch.setattr(sources, "fit_source_weights", fit)
    adapted(Markov, data, sources=["transitions", "text"])
    monkeypatch.setattr(sources, "MAX_ENTRIES", 10)
    adapted(Markov, data, sources=["transitions", "text"])
    assert asked[0] == 3 and 1 <= asked[1] < 3


def test_the_last_items_are_held_out_unless_they_were_there_before():
    data = interactions("abc", "aba", "d", "dcba")
    rest, histories, targets = hold_out(data)
    ids = data.items.vocabulary
    assert ids.lookup(targets).tolist() == ["c", "a"]
    assert ["".join(ids.lookup(history)) for history in histories] == ["ab", "dcb"]
    assert len(rest) == len(data) - 2
    table = recent_items(histories, len(data.items), 2, 0.5).toarray()
    np.testing.assert_allclose(table[:, ids.rows(list("abcd"))], [[0.5, 1, 0, 0], [0, 1, 0.5, 0]])
    with pytest.raises(InputError, match="a user with two different items is needed"):
        hold_out(interactions("a", "bb", "c"))


def test_reasons_add_up_to_the_score(data, both):
    answer = both.recommend(histories=[["a", "b"]], k=2, explain=9)
    for score, said in zip(answer["score"], answer["reasons"], strict=True):
        assert sum(one["contribution"] for one in said) == pytest.approx(score, abs=1e-6)
        assert {one["item"] for one in said} <= {"a", "b", None}


def test_a_checkpoint_keeps_the_weights_that_were_fitted(data, tmp_path):
    model = adapted(Markov, data, sources=["transitions", "text"])
    model.save(tmp_path / "model")
    loaded = models.load(tmp_path / "model")
    assert dict(loaded.sources) == dict(model.sources) and set(model.sources) == {
        "transitions",
        "text",
    }
    asked = {"histories": [["a", "b"]] * 5, "items": list(TEXTS)}
    np.testing.assert_array_equal(loaded.score(**asked), model.score(**asked))


@pytest.mark.export
def test_an_export_gives_the_same_answers(both, tmp_path):
    export(both, tmp_path / "export")
    assert verify(tmp_path / "export")["problems"] == []


@pytest.mark.parametrize(
    "given,message",
    [
        ({"tekst": 1.0}, "no source 'tekst'; did you mean text"),
        ({"transitions": 1.0, "bm25": 1.0}, "the item features of this data: text"),
        ({"transitions": 0.0, "text": 0}, "expected a weight above 0"),
        ({"transitions": 1.0, "text": -0.5}, "text: expected a weight of at least 0, got -0.5"),
        ({"text": float("nan")}, "text: expected a weight of at least 0, got nan"),
        ({"text": "fit"}, "text: expected a weight of at least 0, got 'fit'"),
        ({"text": True}, "text: expected a weight of at least 0, got True"),
        ({}, "expected a dict of name to weight"),
        ([], "expected a dict of name to weight"),
        ("text", "expected a dict of name to weight"),
        (["text", "text"], "a list of distinct names"),
    ],
)
def test_sources_that_mean_nothing_are_refused(given, message, data):
    for cls in (Markov, ItemKNN):
        with pytest.raises(InputError, match=message):
            cls(data.schema(), sources=given)


def test_a_source_that_the_data_cannot_have_is_refused():
    frame = pd.DataFrame({"user": list("uv"), "item": list("ij")})
    with pytest.raises(InputError, match="item features of this data: none"):
        Markov(Interactions.from_frame(frame).schema(), sources=["transitions", "text"])
    named = interactions("ab", "ab", transitions={"kind": "text", "column": "text"})
    with pytest.raises(InputError, match="rename the feature"):
        Sources(named.schema(), ["transitions"])
    with pytest.raises(InputError, match="weighting: expected one of tfidf, bm25, got 'cosine'"):
        Markov(named.schema(), weighting="cosine")
    with pytest.raises(InputError, match='only for task="ranking"'):
        ItemKNN(named.schema(), task="rating", sources={"cooccurrence": 1.0})
    one = interactions("a", "b", "c")
    with pytest.raises(InputError, match="two different items"):
        adapted(Markov, one, sources=["transitions", "text"])


def test_without_any_transition_the_text_still_answers():
    data = interactions("a", "b", "d")
    model = adapted(Markov, data, sources={"transitions": 1.0, "text": 1.0})
    assert model.recommend(histories=[["d"]], k=1)["item"].tolist() == ["z"]
    assert len(data.items) - FIRST == 5
