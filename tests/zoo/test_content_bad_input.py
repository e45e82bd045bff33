"""What the content models make of texts, categories, vectors and profiles that say little."""

import functools

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.export.search import ExactIndex
from kerasrec.export.serving_graph import ServingGraph
from kerasrec.losses import Softmax
from kerasrec_zoo import AttributeToFactor, ContentBased, ContentKNN, Hybrid

pytestmark = pytest.mark.slow

TEXTS = {
    "plain": "a red fire", "twin": "a red fire", "none": None, "empty": "", "blank": "   ",
    "script": "映画 は 素晴らしい", "cyrillic": "красный огонь", "long": "fire " * 20_000,
    "stop": "the of and", "marks": "!!! ??? ...",
}  # fmt: skip
GENRES = {"plain": "war|love", "twin": "war|love", "none": None, "stop": "|", "long": "war"}
TEXT = {"text": {"kind": "text", "length": 6}, "genre": {"kind": "categories"}}
MODELS = {
    "AttributeToFactor": lambda schema: AttributeToFactor(schema, dim=4, code_dim=8),
    "ContentKNN": lambda schema: ContentKNN(schema),
    "bm25": lambda schema: ContentKNN(schema, weighting="bm25"),
    "code": lambda schema: ContentBased(schema, dim=4, code_dim=8),
    "autoencoder": lambda schema: ContentBased(schema, dim=4, code_dim=8, encoder="autoencoder"),
    "conv1d": lambda schema: ContentBased(schema, dim=4, encoder="conv1d", kernel_sizes=(2, 9)),
    "bag_of_words": lambda schema: ContentBased(schema, dim=4, encoder="bag_of_words"),
    "profile": lambda schema: ContentBased(schema, dim=4, code_dim=8, user_features=True),
    "Hybrid": lambda schema: Hybrid(schema, dim=4),
    "Hybrid, one vector": lambda schema: Hybrid(schema, dim=4, encoder="code", alpha=None),
}


def interactions(texts=TEXTS, **features):
    items = pd.DataFrame({"item": list(texts), "text": list(texts.values())})
    items["genre"] = [GENRES.get(item) for item in texts]
    pairs = [(f"u{u}", item) for u in range(6) for item in list(texts)[u % 3 :: 3]]
    people = pd.DataFrame(
        {"user": [f"u{u}" for u in range(6)], "team": ["x", None, "", "y", "x", "y"]}
    )
    return Interactions.from_frame(
        pd.DataFrame(pairs, columns=["user", "item"]),
        item_frame=items,
        item_features=features or TEXT,
        user_frame=people,
        user_features={"team": {"kind": "category"}},
    )


def fitted(model, train):
    keras.utils.set_random_seed(0)
    model.adapt(train)
    if model.trainable_weights:
        model.compile("adam", Softmax(), run_eagerly=True)
        data = batches(train, model.train_inputs, steps=model.steps, batch_size=4, history_length=8)
        model.fit(data, epochs=2, verbose=0)
    return model


@pytest.fixture(scope="module")
def fitted_to_texts():
    """`fitted_to_texts(name)`: a model fitted to `TEXTS`, made once and changed by nobody."""

    @functools.cache
    def fitted_to_texts(name):
        train = interactions()
        return fitted(MODELS[name](train.schema(history_length=8)), train)

    return fitted_to_texts


@pytest.mark.parametrize("name", MODELS)
def test_every_text_has_a_finite_score(name, fitted_to_texts):
    model = fitted_to_texts(name)
    size = len(TEXTS)
    answer = model.recommend(
        users=[f"u{u}" for u in range(6)],
        histories=[[item] for item in list(TEXTS)[:6]],
        k=size - 1,
    )
    assert len(answer) == 6 * (size - 1) and np.isfinite(answer["score"]).all()


def test_a_profile_with_nothing_filled_in(fitted_to_texts):
    """u1 and u2 say nothing of themselves: without a history both are the same stranger."""
    model = fitted_to_texts("profile")
    with pytest.warns(UserWarning, match="from what is known of the user"):
        answer = model.recommend(users=["u0", "u1", "u2"], histories=[[]] * 3, k=4)
    assert np.isfinite(answer["score"]).all()
    found = [answer.loc[answer["user"] == user, "score"].to_numpy() for user in ("u0", "u1", "u2")]
    np.testing.assert_array_equal(found[1], found[2])
    assert np.abs(found[0] - found[1]).max() > 0


@pytest.mark.parametrize("name", ["ContentKNN", "code", "conv1d", "Hybrid"])
def test_items_without_a_single_word(name, check_graph):
    nothing = dict.fromkeys(TEXTS)
    train = interactions(nothing, text={"kind": "text"})
    model = fitted(MODELS[name](train.schema(history_length=8)), train)
    answer = model.recommend(histories=[["plain"]], k=5)
    assert len(answer) == 5 and np.isfinite(answer["score"]).all()
    check_graph(model, 3, ["recommend", "embed_items"] if model.searchable else ["recommend"])


@pytest.mark.export
@pytest.mark.parametrize("name", ["code", "conv1d", "bag_of_words", "Hybrid"])
def test_a_new_item_is_encoded_from_whatever_is_known_of_it(
    name, tmp_path, check_graph, fitted_to_texts
):
    model = fitted_to_texts(name)
    if name == "Hybrid":
        export(model, tmp_path / "1", k=3)
        embed = tf.saved_model.load(str(tmp_path / "1")).signatures["embed_items"]
    else:
        check_graph(model, 3, ["recommend", "embed_items"])
        graph = ServingGraph(model, 3, ExactIndex(np.asarray(model.encode_catalog())))

        def embed(**asked):
            return graph.embed_items(asked)

    texts = [text or "" for text in TEXTS.values()]
    genres = [["war", "love"], *[["", ""]] * (len(texts) - 1)]
    asked = {"item": [f"new {n}" for n in range(len(texts))], "text": texts, "genre": genres}
    vectors = embed(**{key: tf.constant(value) for key, value in asked.items()})["vector"].numpy()
    assert np.isfinite(vectors).all()
    # The first one says what the item "plain" says: by content both are the same.
    row = model.items.vocabulary.rows(["plain"])[0]
    known = np.asarray(model.encode_catalog())[row]
    if name == "Hybrid":
        keep = model.content_columns
        alpha = float(model.hybrid_head.mixing(np.float32(model.catalog.tables["count"][row])))
        np.testing.assert_allclose(vectors[0][keep] * (1 - alpha), known[keep], atol=1e-5)
    else:
        np.testing.assert_allclose(vectors[0][:-1], known[:-1], atol=1e-5)


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ([[1.0, 2.0], [1.0]], "expected 2 numbers"),
        ([[1.0, 2.0], [1.0, float("nan")]], "NaN or infinity"),
        ([[1.0, 2.0], "text"], "expected 2 numbers"),
        ([None, None], "no row has a vector"),
    ],
)
def test_a_wrong_vector_is_refused_by_name(vectors, said):
    frame = pd.DataFrame({"item": ["a", "b"]})
    frame["image"] = pd.Series(vectors, dtype=object)
    with pytest.raises(InputError, match=said):
        Interactions.from_frame(
            pd.DataFrame({"user": ["u", "v"], "item": ["a", "b"]}),
            item_frame=frame,
            item_features={"image": {"kind": "vector"}},
        )
