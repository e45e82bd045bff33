import numpy as np
import pytest
import tensorflow as tf

from kerasrec.errors import InputError
from kerasrec.export.search import exact_index
from kerasrec.export.search.exact_index import ExactIndex


def ranked(scores, k, exclude):
    """The k best by a plain sort: rows and scores, padded with 0 and -inf."""
    scores = np.array(scores, "float32")
    scores[:, :2] = -np.inf
    for one, rows in zip(scores, exclude, strict=True):
        one[rows[rows > 0]] = -np.inf
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(scores, rows, axis=1)
    short = [(0, 0), (0, k - rows.shape[1])]
    values = np.pad(values, short, constant_values=-np.inf)
    return np.where(values == -np.inf, 0, np.pad(rows, short)), values


def search_in_graph(index, queries, k, exclude):
    """Searches in a graph with unknown batch size and width of `exclude`."""

    @tf.function(
        input_signature=[tf.TensorSpec((None, index.dim)), tf.TensorSpec((None, None), tf.int32)]
    )
    def search(queries, exclude):
        return index.search(queries, k, exclude)

    found = search(queries, np.asarray(exclude, "int32"))
    return found["rows"].numpy(), found["scores"].numpy()


def whole_numbers(shape, largest, seed=0):
    """Small whole numbers: dot products are exact in any order of summation, with many ties."""
    return np.random.default_rng(seed).integers(-largest, largest + 1, shape).astype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [2**20, 128], ids=["whole", "parts"])
@pytest.mark.parametrize(
    "num_rows,k", [(2000, 3), (2000, 7), (2000, 500), (2050, 1), (70, 90), (3, 5), (64, 2)]
)
def test_ties_go_to_the_smaller_row(monkeypatch, num_rows, k, at_once):
    monkeypatch.setattr(exact_index, "MAX_ROWS", at_once)
    vectors, queries = whole_numbers((num_rows, 3), 1), whole_numbers((6, 3), 2, seed=1)
    exclude = np.random.default_rng(2).integers(0, num_rows, (6, 9))
    exclude[0] = 0
    rows, scores = search_in_graph(ExactIndex(vectors), queries, k, exclude)
    expected = ranked(queries @ vectors.T, k, exclude)
    np.testing.assert_array_equal(scores, expected[1])
    np.testing.assert_array_equal(rows, expected[0])


@pytest.mark.parametrize("storage", exact_index.STORAGES)
@pytest.mark.parametrize("at_once", [2**20, 1024], ids=["one chunk", "two chunks"])
@pytest.mark.parametrize("k", [1, 7, 900])
def test_a_large_table_is_searched_in_parts(monkeypatch, k, at_once, storage):
    monkeypatch.setattr(exact_index, "MAX_ROWS", at_once)
    monkeypatch.setattr(exact_index, "MAX_WIDENED", at_once * 3)
    monkeypatch.setattr(exact_index, "MIN_ROWS_TO_CUT", 256)
    vectors, queries = whole_numbers((2000, 3), 1), whole_numbers((4, 3), 2, seed=1)
    exclude = np.random.default_rng(2).integers(0, 2000, (4, 9))
    index = ExactIndex(vectors, storage)
    assert index._part_rows == (704 if at_once > 2000 else 384)
    rows, scores = search_in_graph(index, queries, k, exclude)
    expected = ranked(queries @ vectors.T, k, exclude)
    np.testing.assert_array_equal(scores, expected[1])
    np.testing.assert_array_equal(rows, expected[0])


def test_no_part_of_a_short_last_chunk_is_empty(monkeypatch):
    monkeypatch.setattr(exact_index, "MAX_ROWS", 256)
    monkeypatch.setattr(exact_index, "MIN_ROWS_TO_CUT", 64)
    vectors = whole_numbers((5 * 64, 3), 1)
    index = ExactIndex(vectors)
    # Chunks of 192 and 128 rows: three parts of 64 would leave nothing for the last one.
    assert index._part_rows == index._chunk_rows == 192
    rows, _ = search_in_graph(index, np.ones((2, 3), "float32"), 3, np.zeros((2, 0)))
    nothing = np.zeros((2, 0), int)
    np.testing.assert_array_equal(rows, ranked(np.ones((2, 3)) @ vectors.T, 3, nothing)[0])


def test_equal_vectors_are_in_the_order_of_their_rows():
    # Not whole numbers: rounding that depends on the position of a row would break the ties.
    vector = np.random.default_rng(0).normal(size=(1, 37)).astype("float32")
    index = ExactIndex(np.repeat(vector, 70_000, axis=0))
    for batch in (1, 5, 64):
        queries = np.random.default_rng(1).normal(size=(batch, 37)).astype("float32")
        rows, _ = search_in_graph(index, queries, 100, np.zeros((batch, 0)))
        assert rows.tolist() == [list(range(2, 102))] * batch


def test_all_items_may_be_excluded_repeatedly():
    index = ExactIndex(whole_numbers((50, 3), 1))
    exclude = np.tile(np.arange(50), (2, 3))
    exclude[1] = np.where(exclude[1] == 17, 0, exclude[1])
    rows, scores = search_in_graph(index, np.ones((2, 3), "float32"), 4, exclude)
    assert rows.tolist() == [[0] * 4, [17, 0, 0, 0]]
    assert (scores[0] == -np.inf).all() and (scores[1, 1:] == -np.inf).all()


@pytest.mark.slow
@pytest.mark.parametrize("storage", exact_index.STORAGES)
@pytest.mark.parametrize("batch", [0, 1, 1024])
def test_queries_are_searched_in_groups(monkeypatch, batch, storage):
    monkeypatch.setattr(exact_index, "MAX_FLOATS", 64 * 300)
    monkeypatch.setattr(exact_index, "MAX_ROWS", 64)
    monkeypatch.setattr(exact_index, "MAX_WIDENED", 64 * 3)
    vectors, queries = whole_numbers((300, 3), 4), whole_numbers((batch, 3), 4, seed=1)
    exclude = np.random.default_rng(2).integers(0, 300, (batch, 4))
    found = search_in_graph(ExactIndex(vectors, storage), queries, 5, exclude)
    for one, other in zip(found, ranked(queries @ vectors.T, 5, exclude), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("storage,itemsize", [("float32", 4), ("bfloat16", 2)])
def test_scores_are_dot_products_of_the_stored_vectors(storage, itemsize):
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(1000, 16)).astype("float32")
    queries = generator.normal(size=(4, 16)).astype("float32")
    index = ExactIndex(vectors, storage)
    assert index.table.dtype.size == itemsize
    stored = index.stored()
    # The significand of bfloat16 has 8 bits.
    np.testing.assert_allclose(stored, vectors, rtol=2.0**-8 if storage == "bfloat16" else 0)
    rows, scores = search_in_graph(index, queries, 20, np.zeros((4, 1)))
    expected = ranked(
        queries.astype("float64") @ stored.T.astype("float64"), 20, np.zeros((4, 0), int)
    )
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_allclose(scores, expected[1], rtol=1e-6, atol=1e-6)
    scored = index.score_rows(tf.constant(queries), tf.constant(rows))
    np.testing.assert_allclose(scored, scores, rtol=1e-6, atol=1e-6)
    assert index.metadata() == {"kind": "exact", "rows": 1000, "dim": 16, "storage": storage}


def test_another_storage_is_refused():
    with pytest.raises(InputError, match="one of float32, bfloat16: got 'int8'"):
        ExactIndex(np.zeros((3, 1), "float32"), "int8")


def test_a_saved_model_contains_the_vectors(tmp_path):
    vectors, queries = whole_numbers((3000, 4), 3), whole_numbers((2, 4), 3, seed=1)
    exclude = np.array([[5, 0], [9, 7]], "int32")
    index = ExactIndex(vectors, "bfloat16")

    @tf.function(input_signature=[tf.TensorSpec((None, 4)), tf.TensorSpec((None, None), tf.int32)])
    def search(queries, exclude):
        return index.search(queries, 6, exclude)

    index.find = search
    tf.saved_model.save(index, str(tmp_path), signatures=search)
    found = tf.saved_model.load(str(tmp_path)).signatures["serving_default"](
        queries=tf.constant(queries), exclude=tf.constant(exclude)
    )
    expected = ranked(queries @ vectors.T, 6, exclude)
    np.testing.assert_array_equal(found["rows"], expected[0])
    np.testing.assert_array_equal(found["scores"], expected[1])
