import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrec import optimizers
from kerasrec.errors import InputError, failed_check
from kerasrec.layers import EmbeddingTable
from kerasrec.tables import rows

VALUES = np.array([[9.0, 9.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")


def by_hand(**kwargs):
    """Row 0 of the values is padding: it must not be seen anywhere."""
    return EmbeddingTable(4, 2, initial_values=VALUES, **kwargs)


def test_layer_contract(check_layer):
    init_kwargs = {"num_rows": 7, "dim": 3, "stddev": 0.2, "rows_of": "items"}
    check_layer(EmbeddingTable, init_kwargs, {"ids": np.array([[2, 6], [0, 1]])})


SHAPES = [
    (3, [5, 6]),
    ([2, 0, 2], [[3, 4], [0, 0], [3, 4]]),
    ([[1], [0]], [[[1, 2]], [[0, 0]]]),
    (np.zeros((2, 0), "int32"), np.zeros((2, 0, 2))),
    (np.zeros((2, 0), "int64"), np.zeros((2, 0, 2))),
    ([[[3, 0]], [[1, 1]]], [[[[5, 6], [0, 0]]], [[[1, 2], [1, 2]]]]),
]


@pytest.mark.parametrize("ids,expected", SHAPES)
def test_ids_of_any_shape(ids, expected):
    np.testing.assert_array_equal(by_hand()(np.array(ids)), expected)
    assert by_hand().compute_output_shape(np.shape(ids)) == np.shape(expected)


@pytest.mark.parametrize("ids,expected", SHAPES)
def test_ids_of_any_shape_in_a_graph(ids, expected):
    np.testing.assert_array_equal(tf.function(by_hand())(tf.constant(ids)), expected)


@pytest.mark.parametrize(
    "dtype",
    "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 bool".split(),
)
def test_ids_of_any_dtype(dtype):
    """Also of one that cannot count the rows."""
    table = EmbeddingTable(300, 2, initial_values=np.arange(600).reshape(300, 2))
    expected = [[2, 3], [0, 0]]
    ids = np.array([1, 0], dtype)
    np.testing.assert_array_equal(table(ids), expected)
    np.testing.assert_array_equal(tf.function(table)(tf.constant(ids)), expected)


def test_initial_values_are_used_except_for_padding():
    table = by_hand()
    table.build()
    np.testing.assert_array_equal(table.embeddings, [[0, 0], *VALUES[1:]])


def test_initial_values_are_weights_and_no_config(tmp_path):
    model = keras.Sequential([keras.Input((3,), dtype="int32"), by_hand()])
    assert "initial_values" not in model.layers[0].get_config()
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    other = keras.Sequential([keras.Input((3,), dtype="int32"), EmbeddingTable(4, 2)])
    other.load_weights(tmp_path / "model.weights.h5")
    for loaded in (keras.models.load_model(tmp_path / "model.keras"), other):
        np.testing.assert_array_equal(loaded(np.array([[2, 0, 3]])), [[[3, 4], [0, 0], [5, 6]]])


@pytest.mark.parametrize(
    "values,words",
    [
        (np.zeros((3, 2)), r"shape \(4, 2\), received shape \(3, 2\)$"),
        (np.zeros(8), r"received shape \(8,\)$"),
        (np.where(VALUES > 4, np.nan, VALUES), r"received shape \(4, 2\) with NaN or infinity"),
        (np.where(VALUES == 6, np.inf, VALUES), "with NaN or infinity"),
    ],
)
def test_initial_values_are_checked(values, words):
    with pytest.raises(InputError, match=words):
        EmbeddingTable(4, 2, initial_values=values)


@pytest.mark.parametrize("num_rows,dim", [(0, 2), (4, 0), (-1, 2), (2.5, 2), (4, 1.5)])
def test_sizes_are_checked(num_rows, dim):
    with pytest.raises(InputError, match="expected a whole number from 1"):
        EmbeddingTable(num_rows, dim)


def drawn(num_rows=20_000, dim=8, **kwargs):
    table = EmbeddingTable(num_rows, dim, **kwargs)
    table.build()
    return np.array(table.embeddings)


@pytest.mark.parametrize("stddev", [0.05, 0.5, 0.0])
def test_rows_start_from_a_normal_distribution(stddev):
    values = drawn(stddev=stddev)
    np.testing.assert_array_equal(values[0], np.zeros(8))
    # Four standard deviations of the estimates from 160,000 draws.
    np.testing.assert_allclose(values[1:].std(), stddev, rtol=4 / np.sqrt(2 * 160_000))
    np.testing.assert_allclose(values[1:].mean(), 0.0, atol=4 * stddev / np.sqrt(160_000))


def test_the_same_seed_gives_the_same_rows():
    keras.utils.set_random_seed(1)
    one, two = drawn(50), drawn(50)
    keras.utils.set_random_seed(1)
    np.testing.assert_array_equal(drawn(50), one)
    assert (two[1:] != one[1:]).all()
    keras.utils.set_random_seed(2)
    assert (drawn(50)[1:] != one[1:]).all()


def test_blocks_of_a_table_differ(monkeypatch):
    monkeypatch.setattr(rows, "NUMBERS_PER_BLOCK", 9)  # four rows of two, the last block has three
    values = drawn(11, 2)
    assert len(np.unique(values)) == 1 + 10 * 2
    np.testing.assert_array_equal(values[0], [0, 0])
    given = np.arange(22.0).reshape(11, 2)
    np.testing.assert_array_equal(drawn(11, 2, initial_values=given), [[0, 0], *given[1:]])
    monkeypatch.setattr(rows, "NUMBERS_PER_BLOCK", 1)  # a row is wider than a block
    np.testing.assert_array_equal(drawn(3, 2, initial_values=given[:3]), [[0, 0], *given[1:3]])


@pytest.mark.parametrize("policy", ["float16", "mixed_bfloat16"])
def test_every_precision(policy):
    table = by_hand(dtype=policy)
    vectors = table(np.array([1, 0, 3]))
    assert vectors.dtype.name == table.compute_dtype
    np.testing.assert_array_equal(tf.cast(vectors, "float32"), [[1, 2], [0, 0], [5, 6]])


OPTIMIZERS = {
    "LazyAdam": lambda: optimizers.LazyAdam(0.1, weight_decay=0.1),
    "SparseAdagrad": lambda: optimizers.SparseAdagrad(0.1, clipnorm=1.0),
    "RowwiseAdagrad": lambda: optimizers.RowwiseAdagrad(0.1),
    "SparseSGD": lambda: optimizers.SparseSGD(0.1, gradient_accumulation_steps=2),
    "Adam": lambda: keras.optimizers.Adam(0.1),
    "AdamW": lambda: keras.optimizers.AdamW(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_padding_is_never_trained(make):
    table, optimizer, ids = by_hand(), make(), np.array([[0, 2], [3, 0], [0, 2]])
    for _ in range(4):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.exp(table(ids)))
        gradients = tape.gradient(loss, table.trainable_variables)
        optimizer.apply(gradients, table.trainable_variables)
    np.testing.assert_array_equal(table.embeddings[0], [0, 0])
    np.testing.assert_array_equal(table(ids)[0, 0], [0, 0])
    assert (np.array(table.embeddings[2:]) < VALUES[2:]).all()


OUTSIDE = [([1, 4], 4), ([2, -1], -1), ([[3], [700]], 700), ([-(2**31)], -(2**31))]
EXPECTED = "items: expected ids from 0 (padding) to 3, received"


@pytest.mark.parametrize("ids,named", [*OUTSIDE, (4, 4)])
def test_an_id_outside_of_the_table_is_named_at_once(ids, named):
    with pytest.raises(InputError) as caught:
        by_hand(name="items")(np.array(ids))
    # Keras puts its own lines around the message.
    assert f"table {EXPECTED} {named}" in str(caught.value)


@pytest.mark.parametrize("ids,named", [*OUTSIDE, (4, 4)])
def test_an_id_outside_of_the_table_stops_a_graph(ids, named):
    table = by_hand(name="items")
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.function(table)(tf.constant(ids))
    assert failed_check(caught.value) == f"table {EXPECTED} {named}"


@pytest.mark.parametrize("id", [2**32 + 1, -(2**32) + 1])
def test_an_id_of_64_bits_outside_of_the_table_stops_a_graph(id):
    with pytest.raises(tf.errors.InvalidArgumentError, match=str(id)):
        tf.function(by_hand())(tf.constant([id], tf.int64))


def test_xla_gives_nan_for_an_id_outside_of_the_table():
    found = tf.function(by_hand(), jit_compile=True)(tf.constant([1, 4, -1, 0, 700]))
    bad = [np.nan, np.nan]
    np.testing.assert_array_equal(found, [[1, 2], bad, bad, [0, 0], bad])


def test_an_id_outside_of_the_table_stops_fit():
    model = keras.Sequential([keras.Input((1,), dtype="int32"), by_hand(name="items")])
    model.compile(optimizers.SparseSGD(0.1), "mse", jit_compile=False)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        model.fit(np.array([[1], [2], [4]]), np.ones((3, 1, 2)), 1, shuffle=False, verbose=0)
    assert failed_check(caught.value).endswith(f"/{EXPECTED} 4")


def test_table_is_built_at_its_first_call():
    class Lazy(keras.Model):
        def __init__(self):
            super().__init__()
            self.table, self.score = EmbeddingTable(30, 4), keras.layers.Dense(1)

        def call(self, ids):
            return self.score(self.table(ids))

    model = Lazy()
    model.compile(optimizers.LazyAdam(0.05), "mse", jit_compile=False)
    ids = np.arange(1, 21)
    losses = model.fit(ids, ids % 2.0, 5, 5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    values = np.array(model.table.embeddings)
    assert len(np.unique(values[1:])) == 29 * 4 and not values[0].any()


def test_a_saved_model_of_tensorflow_gives_the_same_vectors(tmp_path):
    model = keras.Sequential([keras.Input((3,), dtype="int32"), by_hand()])
    model.export(tmp_path / "exported", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "exported"))
    ids = np.array([[2, 0, 3], [1, 1, 0]], "int32")
    np.testing.assert_array_equal(loaded.serve(ids), model(ids))


def test_too_large_table_is_refused_before_allocation(monkeypatch):
    monkeypatch.setattr("kerasrec.tables.memory.free_memory", lambda: 2**30)
    monkeypatch.setattr(rows, "fill_by_blocks", None)
    table = EmbeddingTable(50_000_000, 64, name="items")
    words = "items/embeddings: 50,000,000 x 64 x 4 bytes = 11.9 GiB, and 1.0 GiB of memory are free"
    with pytest.raises(InputError, match=words):
        table(np.array([1]))
    assert table.weights == []


def test_declares_its_vocabulary():
    table = EmbeddingTable(4, 2, rows_of="users")
    table.build()
    assert rows.vocabulary_of(table.embeddings) == "users"
    assert EmbeddingTable.from_config(table.get_config()).rows_of == "users"
    with pytest.raises(InputError, match="'users', 'items', 'values' or None, received 'words'"):
        EmbeddingTable(4, 2, rows_of="words")
