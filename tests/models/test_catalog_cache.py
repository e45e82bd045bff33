"""The vectors of a catalog are computed again when a weight changes, and only then."""

import keras
import numpy as np
import pytest

from kerasrec.data import batches, load
from kerasrec.losses import Softmax
from kerasrec.models.catalog_cache import CatalogCache
from kerasrec_zoo import Hybrid, MatrixFactorization


@pytest.fixture(scope="module")
def train():
    return load("synthetic", users=50, items=100)


@pytest.fixture
def model(train):
    model = MatrixFactorization(train.schema(), dim=4)
    model.adapt(train)
    return model


@pytest.fixture
def count_encodings(monkeypatch):
    """`count_encodings(model)`: a list that grows by one at each encoding of the catalog."""

    def count(model):
        encodings, encode = [], model._encode_catalog
        monkeypatch.setattr(model, "_encode_catalog", lambda: encodings.append(1) or encode())
        return encodings

    return count


def test_two_requests_encode_once(model, train, count_encodings):
    encodings = count_encodings(model)
    users = list(train.users.vocabulary.ids[:2])
    first = model.recommend(users=users, k=3)
    assert model.recommend(users=users, k=3).equals(first)
    model.similar_items([train.items.vocabulary.ids[0]], k=3)
    assert len(encodings) == 1


def test_one_changed_number_encodes_again(model, train, count_encodings):
    encodings = count_encodings(model)
    user = train.users.vocabulary.ids[0]
    model.recommend(users=[user], k=1)
    table = next(w for w in model.item_tower.weights if "embeddings" in w.path)
    values = keras.ops.convert_to_numpy(table).copy()
    values[7, 2] += 1.0
    table.assign(values)
    model.recommend(users=[user], k=1)
    assert len(encodings) == 2


def test_training_and_adapt_encode_again(model, train, count_encodings):
    encodings = count_encodings(model)
    before = np.asarray(model.encode_catalog())
    model.compile("adam", Softmax())
    model.fit(batches(train, model.train_inputs, batch_size=512).take(1), verbose=0)
    assert not np.array_equal(before, model.encode_catalog())
    assert len(encodings) == 2


def test_features_of_the_catalog_are_weights_too(train):
    model = Hybrid(train.schema(), dim=4, encoder="bag_of_words")
    model.adapt(train)
    before = np.asarray(model.encode_catalog())
    counts = keras.ops.convert_to_numpy(model.catalog.tables["count"]) + 1.0
    model.catalog.tables["count"].assign(counts)
    assert not np.array_equal(before, model.encode_catalog())


def test_swapped_rows_are_a_change():
    weight = keras.Variable(np.array([[1.0, 2.0], [3.0, 4.0]], "float32"))
    cache, computed = CatalogCache(), []
    cache.get([weight], lambda: computed.append(1))
    weight.assign(np.array([[3.0, 4.0], [1.0, 2.0]], "float32"))
    cache.get([weight], lambda: computed.append(1))
    cache.get([weight], lambda: computed.append(1))
    assert len(computed) == 2
