import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import GraphEmbedding, GraphPropagation

# Rows: 0 padding, 1 unknown; users 2 3 4 5, items 2 3 4. User 5 and item 4 are alone.
USERS, ITEMS = np.array([2, 2, 3, 4, 2]), np.array([2, 3, 3, 3, 2])


def made(**options):
    keras.utils.set_random_seed(0)
    layer = GraphEmbedding(6, 5, dim=3, **options)
    layer.assign(USERS, ITEMS)
    return layer


def tables(layer):
    return np.array(layer.user_table.embeddings), np.array(layer.item_table.embeddings)


def test_toy_graph_by_hand():
    # The pair (2, 2) counts once: degrees of users 2 1 1, of items 1 3.
    layer = made(num_layers=1)
    u, v = tables(layer)
    expected = (u[2] + v[2] / np.sqrt(2 * 1) + v[3] / np.sqrt(2 * 3)) / 2
    np.testing.assert_allclose(layer(np.array([2]))[0], expected, atol=1e-6)
    expected = (v[3] + u[2] / np.sqrt(6) + u[3] / np.sqrt(3) + u[4] / np.sqrt(3)) / 2
    np.testing.assert_allclose(layer(np.array([3]), part="item")[0], expected, atol=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_without_layers_it_is_a_lookup(training):
    layer = made(num_layers=0)
    u, v = tables(layer)
    np.testing.assert_array_equal(layer(np.array([3, 2, 0]), training=training), u[[3, 2, 0]])
    found = layer(np.array([[3], [2]]), part="item", training=training)
    np.testing.assert_array_equal(found, v[[[3], [2]]])


def test_training_propagates_and_inference_reads_the_store():
    layer, ids = made(), np.array([2, 3, 4])
    before = np.asarray(layer(ids, training=True))
    np.testing.assert_allclose(layer(ids), before, atol=1e-7)
    layer.user_table.embeddings.assign(2 * layer.user_table.embeddings)
    layer.item_table.embeddings.assign(2 * layer.item_table.embeddings)
    np.testing.assert_allclose(layer(ids, training=True), 2 * before, atol=1e-6)
    np.testing.assert_allclose(layer(ids), before, atol=1e-7)
    layer.store()
    np.testing.assert_allclose(layer(ids), 2 * before, atol=1e-6)


def test_isolated_users_get_the_mean_and_items_the_unknown_vector():
    layer = made()
    mean = np.asarray(layer(np.array([2, 3, 4]))).mean(axis=0)
    np.testing.assert_allclose(layer(np.array([5, 1, 0])), [mean, mean, 0 * mean], atol=1e-7)
    items = np.asarray(layer(np.array([4, 1, 0]), part="item"))
    np.testing.assert_allclose(items[0], tables(layer)[1][1] / 4, atol=1e-7)
    np.testing.assert_array_equal(items[0], items[1])
    assert not items[2].any()


def test_no_interactions():
    layer = GraphEmbedding(4, 4, dim=2)
    layer.assign([], [])
    assert np.isfinite(layer(np.arange(4))).all()


def test_one_propagation_for_users_and_items(monkeypatch):
    layer, calls = made(), []
    call = GraphPropagation.call
    monkeypatch.setattr(GraphPropagation, "call", lambda *args: calls.append(1) or call(*args))
    with layer.one_propagation():
        layer(np.array([2]), training=True)
        layer(np.array([2]), part="item", training=True)
    assert len(calls) == 1
    layer(np.array([2]), training=True)
    assert len(calls) == 2


def test_l2_is_the_mean_over_the_edges():
    layer = made(l2=0.5)
    u, v = tables(layer)
    layer(np.array([2]), training=True)
    pairs = np.unique(np.stack([USERS, ITEMS]), axis=1)
    expected = 0.5 * np.mean((u[pairs[0]] ** 2).sum(1) + (v[pairs[1]] ** 2).sum(1))
    assert float(layer.losses[0]) == pytest.approx(float(expected), rel=1e-5)


def test_ids_outside_are_named():
    layer = made(name="graph")
    with pytest.raises(InputError, match="graph/item_table: expected ids from 0 .* to 4"):
        layer(np.array([5]), part="item")
    with pytest.raises(InputError, match="graph/user_table: expected ids from 0 .* to 5"):
        layer(np.array([-1]), training=True)


def test_layer_contract(check_layer):
    ids = np.array([[0, 1, 3], [2, 2, 1]])
    given = {"num_users": 6, "num_items": 5, "dim": 4, "num_layers": 2, "l2": 0.1, "num_edges": 4}
    check_layer(GraphEmbedding, given, {"ids": ids}, part="item")
