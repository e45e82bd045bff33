import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec_zoo import ContentKNN

TEXTS = {
    "a": "red fox", "b": "red red fox", "c": "blue fox", "d": "blue whale song", "e": "whale song",
    "f": "",
}  # fmt: skip


def data(texts=TEXTS, **features):
    frame = pd.DataFrame({"user": list("uuv"), "item": list("acb")})
    items = pd.DataFrame({"item": list(texts), "text": list(texts.values())})
    kinds = features or {"text": {"kind": "text", "length": 4}}
    return Interactions.from_frame(frame, item_frame=items, item_features=kinds)


def scores(model, history):
    answer = model.recommend(histories=[history], k=6, repeats="allow")
    return dict(zip(answer["item"], answer["score"], strict=True))


def test_tfidf_is_the_cosine_of_weighted_words_by_hand():
    train = data()
    model = ContentKNN(train.schema())
    model.adapt(train)
    idf = {
        w: 1 + np.log(7 / (1 + n)) for w, n in dict(red=2, fox=3, blue=2, whale=2, song=2).items()
    }
    vectors = {
        item: np.array([idf[w] * text.split().count(w) for w in idf])
        for item, text in TEXTS.items()
    }
    found = scores(model, ["a", "d"])
    for item in "bce":
        expected = sum(
            vectors[item] @ vectors[j] / np.linalg.norm(vectors[item]) / np.linalg.norm(vectors[j])
            for j in "ad"
        )
        assert found[item] == pytest.approx(expected, abs=1e-5)
    assert found.get("f", 0.0) == 0.0


def test_bm25_by_hand():
    train = data()
    model = ContentKNN(train.schema(), weighting="bm25")
    model.adapt(train)
    n = dict(red=2, fox=3, blue=2, whale=2, song=2)
    idf = {w: np.log(1 + (5 - n[w] + 0.5) / (n[w] + 0.5)) for w in n}
    mean = np.mean([len(text.split()) for text in TEXTS.values() if text])

    def bm25(query, item):
        words = TEXTS[item].split()
        held = 1.2 * (0.25 + 0.75 * len(words) / mean)
        return sum(
            idf[w] * words.count(w) * 2.2 / (words.count(w) + held)
            for w in set(TEXTS[query].split())
        )

    found = scores(model, ["b"])
    for item in "ace":
        assert found[item] == pytest.approx(bm25("b", item), abs=1e-5)


def test_only_the_nearest_count():
    train = data()
    model = ContentKNN(train.schema(), num_neighbours=1)
    model.adapt(train)
    found = scores(model, ["d"])
    assert found["e"] > 0 and found["c"] == 0.0


def test_bad_arguments():
    train = data()
    with pytest.raises(InputError, match="tfidf, bm25, got 'cosine'"):
        ContentKNN(train.schema(), weighting="cosine")
    with pytest.raises(InputError, match="at least 1, got 0"):
        ContentKNN(train.schema(), num_neighbours=0)
    with pytest.raises(InputError, match="needs an item feature, and this data has none"):
        ContentKNN(
            Interactions.from_frame(pd.DataFrame({"user": list("uv"), "item": list("ij")})).schema()
        )
    numbers = data({"a": "1", "b": "2", "c": "3"}, text={"kind": "number"})
    model = ContentKNN(numbers.schema(), weighting="bm25")
    with pytest.raises(InputError, match="words and categories"):
        model.adapt(numbers)
