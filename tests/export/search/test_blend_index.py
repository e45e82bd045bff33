"""The candidates of a blend's parts, against NumPy and planted clusters."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.export.search import BlendIndex, ExactIndex, IVFIndex
from kerasrec.models import Blend
from kerasrec_zoo import Markov, MatrixFactorization, NeuMF

THEMES, IN_THEME, USERS = 60, 40, 120
K = 5
WEIGHTS = (1.0, 0.5, 0.75)


def planted():
    """Users who take items of one theme, in the order of their ids."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(USERS):
        theme = user % THEMES
        first = rng.integers(0, IN_THEME - 12)
        rows += [(f"u{user}", f"i{theme}-{first + step}", step) for step in range(10)]
    # Every item is known.
    rows += [(f"w{n % 97}", f"i{n // IN_THEME}-{n % IN_THEME}", n) for n in range(2400)]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "timestamp"]))


@pytest.fixture(scope="module")
def train():
    return planted()


def with_themes(train, seed, dim=8):
    """Vectors near the centre of a theme, for users and items."""
    rng, model = np.random.default_rng(seed), MatrixFactorization(train.schema(10), dim=dim)
    model.adapt(train)
    centres = 2 * rng.normal(size=(THEMES, dim))
    theme = [int(name[1:].partition("-")[0]) for name in train.items.vocabulary.ids]
    of_items = np.vstack([np.zeros((2, dim)), centres[theme]]) + 0.4 * rng.normal(
        size=(len(train.items), dim)
    )
    of_users = np.zeros((len(train.users), dim))
    for row, name in enumerate(train.users.vocabulary.ids, 2):
        of_users[row] = centres[int(name[1:]) % THEMES] + 0.4 * rng.normal(size=dim)
    for weight in model.weights:
        for values in (of_items, of_users):
            if tuple(weight.shape) == values.shape:
                weight.assign(values.astype("float32"))
    return model


@pytest.fixture(scope="module")
def parts(train):
    keras.utils.set_random_seed(0)
    markov = Markov(train.schema(10))
    markov.adapt(train)
    return [with_themes(train, 1), markov, with_themes(train, 2, dim=6)]


def queries_of(blend, train, number):
    users = np.arange(2, 2 + number, dtype="int32")
    past = blend.histories.take(users)
    inputs = {"user": users, **past.inputs(blend.query_inputs, 10)}
    return blend.encode_queries(inputs), past.padded()


def by_hand(blend, queries, exclude, number, k):
    """Rows and scores of the union, in float64."""
    catalog, scores = blend.encode_catalog(), []
    for place, own in enumerate(blend.part_catalogs(catalog)):
        query = np.asarray(queries[str(place)], "float64")
        scores.append(query @ np.asarray(own, "float64").T if own.shape[0] else query)
    total = 0.0
    for weight, one in zip(np.ravel(blend.blended.part_weights), scores, strict=True):
        real = one[:, 2:]
        scaled = (one - real.mean(axis=1, keepdims=True)) / real.std(axis=1, keepdims=True)
        total = total + weight * scaled
    rows, found = [], []
    for query in range(len(total)):
        out = np.union1d(exclude[query], [0, 1])
        union = set()
        for one in scores:
            kept = one[query].copy()
            kept[out] = -np.inf
            first = np.argsort(-kept, kind="stable")[:number]
            union |= set(first[np.isfinite(kept[first])])
        union = np.array(sorted(union))
        best = union[np.argsort(-total[query][union], kind="stable")[:k]]
        missing = (0, k - len(best))
        rows.append(np.pad(best, missing))
        found.append(np.pad(total[query][best], missing, constant_values=-np.inf))
    return np.array(rows), np.array(found)


@pytest.mark.parametrize("number", [1, 5, 40])
def test_the_union_is_ranked_by_the_score_of_the_blend(parts, train, number):
    blend = Blend(parts, part_weights=WEIGHTS)
    queries, seen = queries_of(blend, train, 30)
    catalog = blend.encode_catalog()
    indexes = [
        ExactIndex(np.asarray(own)) if own.shape[0] else None
        for own in blend.part_catalogs(catalog)
    ]
    found = BlendIndex(blend, indexes, number).rank(
        queries, catalog, K, seen, np.zeros((30, 0), "int32")
    )
    rows, scores = by_hand(blend, queries, seen, number, K)
    np.testing.assert_array_equal(found["rows"], rows)
    np.testing.assert_allclose(found["scores"], scores, rtol=1e-4, atol=1e-4)


def test_gated_weights_are_those_of_all_items(parts, train):
    blend = Blend(parts, gated=True)
    rng = np.random.default_rng(3)
    blend.blended.part_weights.assign(rng.random((3, 3, 3)))
    blend.blended.offsets.assign(rng.random((3, 3)))
    blend.blended.length_edges.assign([4.0, 9.0])
    blend.blended.item_groups.assign(rng.integers(0, 3, len(train.items)))
    queries, seen = queries_of(blend, train, 20)
    catalog, every = blend.encode_catalog(), len(train.items) - 2
    indexes = [
        ExactIndex(np.asarray(own)) if own.shape[0] else None
        for own in blend.part_catalogs(catalog)
    ]
    # All items are candidates, so nothing is missing.
    allow = np.zeros((20, 0), "int32")
    found = BlendIndex(blend, indexes, every).rank(queries, catalog, K, seen, allow)
    exact = blend.rank_catalog(queries, catalog, K, seen)
    np.testing.assert_array_equal(found["rows"], exact["rows"])
    np.testing.assert_allclose(found["scores"], exact["scores"], rtol=1e-4)


@pytest.fixture(scope="module")
def built(parts, train):
    blend = Blend(parts, part_weights=WEIGHTS)
    queries, seen = queries_of(blend, train, 200)
    return blend, BlendIndex.build(blend, queries, seen, 0.9, K), queries, seen


def test_the_recall_that_it_states_is_that_of_numpy(built, train):
    blend, index, queries, seen = built
    about = index.metadata()
    assert about["kind"] == "candidates" and about["Markov"] == "all items"
    assert isinstance(index.indexes[0], IVFIndex) and about["MatrixFactorization"] == "ivf"
    none = np.zeros((200, 0), "int32")
    found = index.rank(queries, blend.encode_catalog(), K, seen, none)["rows"].numpy()
    rows, _ = by_hand(blend, queries, seen, len(train.items) - 2, K)
    hits = np.mean([np.isin(one, other).sum() / K for one, other in zip(rows, found, strict=True)])
    assert hits == pytest.approx(about["recall"], abs=0.01)
    assert about["recall"] >= 0.9
    assert about["candidates"] * 3 < len(train.items) / 2


def test_a_whitelist_is_scored_as_a_whole(built, train):
    blend, index, queries, seen = built
    catalog, rng = blend.encode_catalog(), np.random.default_rng(5)
    allow = rng.integers(0, len(train.items), (200, 9)).astype("int32")
    allow[:50] = 0
    found = index.rank(queries, catalog, K, seen, allow)
    exact = blend.rank_catalog(queries, catalog, K, seen, allow)
    np.testing.assert_array_equal(found["rows"][50:], np.asarray(exact["rows"])[50:])


@pytest.mark.slow
@pytest.mark.export
def test_an_export_has_the_vectors_of_each_part(built, train, tmp_path):
    blend = built[0]
    found = export(blend, tmp_path / "1", k=K, index="ivf", recall=0.9)
    assert found["difference"] < 1e-5
    about = json.loads((tmp_path / "1" / "assets.extra" / "kerasrec.json").read_text())
    assert about["index"]["kind"] == "candidates" and about["index"]["recall"] >= 0.9
    second = "MatrixFactorization_2"
    assert about["parts"][second] == {
        "user": f"embed_user_{second}",
        "items": f"embed_items_{second}",
    }
    served = tf.saved_model.load(str(tmp_path / "1"))
    blank = tf.constant([[""]])
    user, item = train.users.vocabulary.ids[3], train.items.vocabulary.ids[7]
    vectors = [
        served.signatures[f"embed_{side}_{second}"](**given)["vector"].numpy()[0]
        for side, given in (
            ("user", {"user": tf.constant([user]), "history": blank, "recent": blank}),
            ("items", {"item": tf.constant([item])}),
        )
    ]
    alone = blend.models[2].score(users=[user], items=[item])[0]
    assert vectors[0] @ vectors[1] == pytest.approx(alone, rel=1e-5)
    assert "embed_user_Markov" not in served.signatures


def test_what_cannot_be_searched_is_refused(parts, train):
    queries, seen = queries_of(Blend(parts), train, 30)
    for how in ("product", "reciprocal_rank"):
        with pytest.raises(InputError, match=f'how="{how}" reads the scores of all items'):
            BlendIndex.build(Blend(parts, how), queries, seen, 0.9, K)
    without = [parts[1], NeuMF(train.schema(10), dim=2)]
    without[1].adapt(train)
    with pytest.raises(InputError, match="no part of the Blend has vectors"):
        BlendIndex.build(Blend(without), queries, seen, 0.9, K)
    with pytest.raises(InputError, match="recall is measured on queries: expected at least 20"):
        BlendIndex.build(Blend(parts), queries, seen[:9], 0.9, K)
    with pytest.raises(InputError, match="needs more than an eighth of the 2400 items"):
        few = Blend(parts, part_weights=[1.0, 1.0, 1.0])
        BlendIndex.build(few, queries, seen, 0.9999999, 200)
