"""The vectors of ids and content that sequence models read and rank."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.data.schema import Feature, Schema
from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.errors import InputError
from kerasrec.losses import Softmax
from kerasrec.models import SequenceItems, load
from kerasrec_zoo import AttentionRecommender, BERT4Rec, NextItNet, RNNRecommender, SASRec

# Items of a kind: those that are taken, and those that nobody took.
KINDS, TAKEN, COLD = 5, 5, 2
MODELS = [SASRec, RNNRecommender, AttentionRecommender, NextItNet, BERT4Rec]


def item(kind, number):
    return f"{kind}-{number}"


def walks(turns, told=True, users=120, length=9, number=None):
    """Users walk around a ring of kinds by one of `turns`, and take a random item of each.

    Args:
        turns: Steps of a walk, drawn for each user.
        told: Whether the feature of an item is its kind; else all have the same.
        number: Of the item of each kind that everybody takes; None draws it.
    """
    random = np.random.default_rng(0)
    rows = []
    for user in range(users):
        start, turn = random.integers(KINDS), random.choice(turns)
        for step in range(length):
            which = random.integers(TAKEN) if number is None else number
            rows.append((user, item((start + turn * step) % KINDS, which), step))
    shelf = [(item(kind, n), f"kind{kind}") for kind in range(KINDS) for n in range(TAKEN + COLD)]
    shelf = pd.DataFrame(shelf, columns=["item", "text"])
    if not told:
        shelf["text"] = "thing"
    return Interactions.from_frame(
        pd.DataFrame(rows, columns=["user", "item", "timestamp"]),
        item_frame=shelf,
        item_features={"text": {"kind": "text"}},
    )


def fitted(train, cls=SASRec, repeats=40, **arguments):
    keras.utils.set_random_seed(0)
    model = cls(train.schema(8), dim=16, dropout=0.1, features=True, **arguments)
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.01), Softmax())
    data = batches(train, model.train_inputs, batch_size=32, history_length=8)
    model.fit(data.repeat(repeats), verbose=0)
    return model


def cold(kind):
    return {item(kind, TAKEN + n) for n in range(COLD)}


@pytest.mark.slow
@pytest.mark.parametrize(
    "turns",
    [pytest.param([0], id="content alone"), pytest.param([1, -1], id="order and content")],
)
def test_items_that_nobody_took_are_found_by_their_content(turns):
    """With two turns the kind that comes next depends on the order of the kinds before it."""
    model = fitted(walks(turns))
    kinds = [(start, turn) for start in range(KINDS) for turn in turns]
    past = [[item((s + t * n) % KINDS, n % TAKEN) for n in range(4)] for s, t in kinds]
    every = sorted(set().union(*map(cold, range(KINDS))))
    answer = model.recommend(histories=past, k=COLD, allow=every)
    found = answer.groupby("user", sort=False)["item"].agg(set).tolist()
    assert found == [cold((start + 4 * turn) % KINDS) for start, turn in kinds]


@pytest.mark.slow
def test_order_alone_is_learned_where_features_say_nothing():
    model = fitted(walks([1], told=False, number=0))
    past = [[item((start + n) % KINDS, 0) for n in range(3)] for start in range(KINDS)]
    answer = model.recommend(histories=past, k=1, repeats="allow")
    assert answer["item"].tolist() == [item((start + 3) % KINDS, 0) for start in range(KINDS)]


@pytest.fixture(scope="module")
def train():
    return walks([1], users=12)


def adapted(cls, train, **arguments):
    keras.utils.set_random_seed(0)
    model = cls(train.schema(8), dim=4, features=True, **arguments)
    model.adapt(train)
    return model


@pytest.mark.parametrize("cls", MODELS)
def test_the_vectors_by_hand(cls, train):
    """X = V + W [V, A code + a] + b, with the unknown item's V for one that nobody took."""
    model = adapted(cls, train)
    encoder = model.item_tower.encoder
    random = np.random.default_rng(0)
    for name in ("content", "joined"):
        for weight in encoder.get_layer(name).weights:
            weight.assign(random.normal(size=weight.shape))
    ids = np.asarray(encoder.get_layer("item_ids").table.embeddings)
    rows = train.items.vocabulary.rows([item(0, 0), item(0, TAKEN)])
    a, shift = map(np.asarray, encoder.get_layer("content").stack[0].weights)
    w, bias = map(np.asarray, encoder.get_layer("joined").weights)
    content = np.asarray(model.catalog(rows)["content_code"]) @ a + shift
    v = ids[[rows[0], UNKNOWN]]
    expected = v + np.concatenate([v, content], axis=1) @ w + bias
    found = np.asarray(model.encode_catalog())[rows, :4]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    (read,) = {
        layer for layer in model.query_model._flatten_layers() if layer.name == "history_items"
    }
    np.testing.assert_allclose(np.asarray(read(rows)), expected, rtol=1e-4)


@pytest.mark.parametrize("cls", MODELS)
def test_an_item_that_nobody_took_has_the_vector_of_its_content(cls, train):
    model = adapted(cls, train)
    one, same, other = (item(0, TAKEN), item(0, TAKEN + 1), item(1, TAKEN))
    assert "cold_items" in model.capabilities
    scores = model.score(histories=[[item(2, 0)]] * 3, items=[one, same, other])
    assert scores[0] == scores[1] != scores[2]
    read = model.score(histories=[[one], [same], [other]], items=[item(2, 0)] * 3)
    assert read[0] == read[1] != read[2]


def test_output_vectors_of_their_own_read_the_content_too(train):
    model = adapted(RNNRecommender, train, tied=False, cell=["gru", "gru"])
    names = {layer.name for layer in model.item_tower.encoder.layers}
    assert {"output", "output_joined", "content"} <= names
    items = [item(0, TAKEN), item(0, TAKEN + 1), item(1, TAKEN)]
    scores = model.score(histories=[[item(2, 0)]] * 3, items=items)
    assert scores[0] == scores[1] != scores[2]


@pytest.mark.slow
@pytest.mark.export
@pytest.mark.parametrize("cls", [SASRec, RNNRecommender, BERT4Rec])
def test_an_export_answers_as_python_does(cls, train, check_graph):
    model = adapted(cls, train)
    check_graph(model, 5)
    answer = model.recommend(histories=[[item(0, 0), item(0, TAKEN)]], k=2, explain=True)
    # A reason without an item is what is left of the score.
    said = {reason["item"] for reason in answer["reasons"][0]}
    assert said == {item(0, 0), item(0, TAKEN), None}


@pytest.mark.slow
def test_a_checkpoint_keeps_the_answers(train, tmp_path):
    model = adapted(SASRec, train)
    model.save(tmp_path / "model")
    asked = {"histories": [[item(0, TAKEN), item(1, 0)]] * 2, "items": [item(1, TAKEN), item(2, 0)]}
    again = load(tmp_path / "model")
    np.testing.assert_allclose(again.score(**asked), model.score(**asked), rtol=1e-6)
    similar = again.similar_items([item(0, 0)], k=1, allow=[item(0, TAKEN), item(1, TAKEN)])
    assert len(similar) == 1


def test_without_features_only_ids_are_read(train):
    items = SequenceItems(train.schema(8), 4)
    assert items.code is None and items.user is None
    assert "cold_items" not in SASRec(train.schema(8), dim=4).capabilities


def test_pictures_alone_cannot_be_read():
    schema = Schema(4, 5, item_features=(Feature("photo", "image", size=8),))
    with pytest.raises(InputError, match="features=True, and this data has no feature"):
        SASRec(schema, dim=4, features=True)
