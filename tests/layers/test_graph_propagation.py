import keras
import numpy as np
import pytest
import scipy.sparse

from kerasrec.errors import InputError
from kerasrec.layers import GraphPropagation, graph_propagation

# A path 0 - 1 - 2, a pair 4 - 5, and 3 alone.
FIRST, SECOND = [0, 1, 5], [1, 2, 4]


def made(num_nodes=6, edges=(FIRST, SECOND), **options):
    layer = GraphPropagation(num_nodes, **options)
    layer.assign(*edges)
    return layer


def random_graph(num_nodes=40, num_edges=90):
    random = np.random.default_rng(0)
    pairs = np.unique(np.sort(random.integers(0, num_nodes - 3, (num_edges, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    first, second = pairs.T
    adjacency = scipy.sparse.coo_matrix(
        (np.ones(len(pairs)), (first, second)), shape=(num_nodes, num_nodes)
    )
    adjacency = (adjacency + adjacency.T).tocsr()
    degrees = np.asarray(adjacency.sum(axis=1)).ravel()
    scale = scipy.sparse.diags(np.divide(1, np.sqrt(degrees), where=degrees > 0, out=0 * degrees))
    return (first, second), scale @ adjacency @ scale


def test_one_step_by_hand():
    # Degrees 1 2 1 0 1 1: along the path an edge weighs 1 / sqrt(1 * 2), in the pair 1.
    x = np.array([[2.0], [4.0], [6.0], [8.0], [10.0], [12.0]], "float32")
    root = np.sqrt(0.5)
    expected = [2 + 4 * root, 4 + 8 * root, 6 + 4 * root, 8, 22, 22]
    found = made(num_layers=1)(x)
    np.testing.assert_allclose(np.asarray(found)[:, 0], np.array(expected) / 2, rtol=1e-6)


@pytest.mark.parametrize("num_layers", [0, 1, 2, 5])
def test_is_the_mean_of_the_powers_of_the_normalized_adjacency(num_layers):
    edges, adjacency = random_graph()
    x = np.random.default_rng(1).normal(size=(40, 7)).astype("float32")
    power, total = x, x
    for _ in range(num_layers):
        power = adjacency @ power
        total = total + power
    found = made(40, edges, num_layers=num_layers)(x)
    np.testing.assert_allclose(found, total / (num_layers + 1), atol=1e-5)


def test_the_gradient_is_the_transposed_map():
    tf = pytest.importorskip("tensorflow")
    layer = made(num_layers=3)
    matrix = np.asarray(layer(np.eye(6, dtype="float32")))
    x, weight = tf.Variable(tf.ones((6, 2))), np.arange(12, dtype="float32").reshape(6, 2)

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            # Lookups, so that what comes back is a tf.IndexedSlices with a repeated row.
            value = tf.reduce_sum(tf.gather(layer(x), [0, 0, 4]) * weight[:3])
        return tape.gradient(value, x)

    upstream = np.zeros((6, 2))
    np.add.at(upstream, [0, 0, 4], weight[:3])
    np.testing.assert_allclose(gradient(), matrix.T @ upstream, atol=1e-6)


def test_groups_of_columns_do_not_change_the_result(monkeypatch):
    edges, _ = random_graph()
    x = np.random.default_rng(1).normal(size=(40, 7)).astype("float32")
    layer = made(40, edges)
    whole = layer(x)
    monkeypatch.setattr(graph_propagation, "MAX_GATHERED_NUMBERS", 2 * layer.sources.shape[0])
    np.testing.assert_allclose(layer(x), whole, atol=1e-7)


def test_node_without_edges_is_divided():
    x = np.ones((4, 2), "float32")
    np.testing.assert_allclose(made(4, ([], []), num_layers=2)(x), x / 3)
    assert made(4, ([], [])).num_edges == 0


def test_isolated_last_node_and_hub():
    hub = made(5, ([0, 0, 0], [1, 2, 3]), num_layers=1)
    found = np.asarray(hub(np.ones((5, 1), "float32")))[:, 0]
    root = np.sqrt(1 / 3)
    expected = [1 + 3 * root, 1 + root, 1 + root, 1 + root, 1]
    np.testing.assert_allclose(found, np.array(expected) / 2, rtol=1e-6)


def test_bad_edges_are_refused():
    with pytest.raises(InputError, match="nodes from 0 to 5, received 1 to 6"):
        made(edges=([1], [6]))
    with pytest.raises(InputError, match="assign before the first call"):
        GraphPropagation(3)(np.ones((3, 1)))
    with pytest.raises(InputError, match=r"expected 3 \(num_edges\), received 1"):
        made().assign([0], [1])
    with pytest.raises(InputError, match="num_layers: expected a whole number from 0"):
        GraphPropagation(3, num_layers=-1)


def test_survives_a_reload_with_the_edges_that_assign_counted(tmp_path):
    layer = GraphPropagation(6, num_layers=2)
    assert layer.get_config()["num_edges"] == -1
    layer.assign(FIRST, SECOND)
    assert layer.get_config()["num_edges"] == 3
    x = keras.Input(batch_shape=(6, 2))
    model = keras.Model(x, layer(x))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    values = np.arange(12, dtype="float32").reshape(6, 2)
    np.testing.assert_array_equal(again(values), model(values))


@pytest.mark.parametrize("num_layers", [0, 2])
def test_declared_dtype_equals_output_dtype(num_layers):
    layer = made(num_layers=num_layers, dtype="mixed_float16")
    x = np.ones((6, 2), "float16")
    declared = layer(keras.Input(batch_shape=x.shape, dtype="float16")).dtype
    assert layer(x).dtype.name == declared == "float32"
