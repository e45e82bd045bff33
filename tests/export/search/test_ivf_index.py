import numpy as np
import pytest
import tensorflow as tf

from kerasrec.errors import InputError
from kerasrec.export.search import ivf_index
from kerasrec.export.search.exact_index import ExactIndex
from kerasrec.export.search.ivf_index import IVFIndex
from kerasrec.export.search.whitelist import search_allowed

DIM, CLUSTERS, K = 8, 60, 10


def clustered(number, seed):
    """Vectors around 60 directions of length 4."""
    directions = np.random.default_rng(0).normal(size=(CLUSTERS, DIM))
    directions *= 4 / np.linalg.norm(directions, axis=1, keepdims=True)
    generator = np.random.default_rng(seed)
    near = directions[generator.integers(0, CLUSTERS, number)]
    return (near + generator.normal(scale=0.5, size=(number, DIM))).astype("float32")


@pytest.fixture(scope="module")
def vectors():
    return clustered(6002, 1)


@pytest.fixture(scope="module")
def index(vectors):
    return IVFIndex.build(vectors, clustered(400, 2), recall=0.9, k=K)


def search_in_graph(index, queries, k, exclude):
    """Searches in a graph with unknown batch size and width of `exclude`."""
    wide = tf.TensorSpec((None, None), tf.int32)

    @tf.function(input_signature=[tf.TensorSpec((None, DIM)), wide])
    def search(queries, exclude):
        return index.search(queries, k, exclude)

    found = search(queries, np.asarray(exclude, "int32"))
    return found["rows"].numpy(), found["scores"].numpy()


def search_exactly(vectors, queries, k, exclude):
    scores = queries @ vectors.T
    scores[:, :2] = -np.inf
    for one, rows in zip(scores, exclude, strict=True):
        one[rows[rows > 0]] = -np.inf
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def overlap(one, other):
    return np.mean([np.isin(right, ours).mean() for right, ours in zip(other, one, strict=True)])


@pytest.mark.slow
def test_the_measured_recall_holds_for_other_queries(vectors, index):
    metadata = index.metadata()
    assert metadata["recall"] >= 0.9 and metadata["recall_with_k_excluded"] >= 0.9
    # Most of the catalogue is not scanned.
    assert metadata["probes"] < metadata["pages"] / 4 and metadata["queries"] == 200
    queries = clustered(1000, 3)
    best = search_exactly(vectors, queries, 2 * K, np.zeros((1000, 0), int))
    rows, scores = search_in_graph(index, queries, K, np.zeros((1000, 0)))
    # The standard error of either mean is below .01.
    assert abs(overlap(rows, best[:, :K]) - metadata["recall"]) < 0.04
    right = np.einsum("nd,nkd->nk", queries, vectors[rows])
    np.testing.assert_allclose(scores, right, rtol=1e-5)
    assert (np.diff(scores, axis=1) <= 0).all()
    rows, _ = search_in_graph(index, queries, K, best[:, :K])
    assert abs(overlap(rows, best[:, K:]) - metadata["recall_with_k_excluded"]) < 0.04


@pytest.mark.slow
def test_fewer_probes_miss_the_recall(vectors, index):
    queries, probes = clustered(1000, 3), index.probes
    best = search_exactly(vectors, queries, 2 * K, np.zeros((1000, 0), int))
    try:
        index.probes = probes * 3 // 4
        plain = overlap(search_in_graph(index, queries, K, np.zeros((1000, 0)))[0], best[:, :K])
        behind = overlap(search_in_graph(index, queries, K, best[:, :K])[0], best[:, K:])
    finally:
        index.probes = probes
    assert min(plain, behind) < 0.9


def test_a_row_is_found_once_its_page_is_scanned(vectors, index):
    queries, probes = clustered(20, 8), index.probes
    best = search_exactly(vectors, queries, 1, np.zeros((20, 0), int))
    ranks = index.page_ranks(queries, best)[:, 0]
    try:
        for query, row, rank in zip(queries, best[:, 0], ranks, strict=True):
            for index.probes in (rank + 1, rank):
                if index.probes:
                    found = index.search_pages(query[None], 1, np.zeros((1, 0), "int32"))["rows"]
                    assert (found.numpy() == row).all() == (index.probes > rank)
    finally:
        index.probes = probes
    assert len(set(ranks)) > 1


@pytest.mark.slow
@pytest.mark.parametrize("batch", [0, 1, 300])
def test_queries_are_searched_in_groups(monkeypatch, index, batch):
    queries = clustered(batch, 4) if batch else np.zeros((0, DIM), "float32")
    exclude = np.random.default_rng(0).integers(0, 6002, (batch, 3))
    whole = search_in_graph(index, queries, K, exclude)
    monkeypatch.setattr(ivf_index, "MAX_FLOATS", 1)
    for one, other in zip(search_in_graph(index, queries, K, exclude), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    assert len(whole[0]) == batch


def test_thousands_of_exclusions_leave_k_others(vectors, index):
    queries = clustered(6, 5)
    exclude = search_exactly(vectors, queries, 3000, np.zeros((6, 0), int))
    exclude[3:, 2:] = 0  # half of the queries exclude only two
    rows, scores = search_in_graph(index, queries, K, exclude)
    for found, seen in zip(rows, exclude, strict=True):
        assert not np.isin(found, [0, 1, *seen]).any() and len(set(found)) == K
    assert np.isfinite(scores).all()
    # The recall was not measured for so many exclusions, so the answers are exact.
    assert rows[:3].tolist() == search_exactly(vectors, queries, K, exclude)[:3].tolist()


def test_searches_beyond_the_measurement_are_exact(vectors, index):
    queries, nothing = clustered(4, 6), np.zeros((4, 0), int)
    rows, _ = search_in_graph(index, queries, K + 1, nothing)
    assert rows.tolist() == search_exactly(vectors, queries, K + 1, nothing).tolist()
    scale = np.random.default_rng(0).uniform(0.5, 2, 6002).astype("float32")
    found = index.search(queries, K, tf.zeros([4, 0], tf.int32), scale=scale)
    scaled = vectors * scale[:, None]
    assert found["rows"].numpy().tolist() == search_exactly(scaled, queries, K, nothing).tolist()


def test_a_whitelist_is_exact(vectors, index):
    queries = clustered(2, 7)
    allow = np.random.default_rng(0).integers(2, 6002, (2, 40)).astype("int32")
    found = search_allowed(index, queries, K, tf.zeros([2, 0], tf.int32), tf.constant(allow))
    for query, given, rows in zip(queries, allow, found["rows"].numpy(), strict=True):
        right = sorted(set(given), key=lambda row: -(vectors[row] @ query))[:K]
        assert rows.tolist() == right


def test_ties_are_in_the_order_of_their_rows():
    # Whole numbers: dot products are exact in any order of summation.
    vectors, queries = np.round(clustered(6002, 1)), np.round(clustered(200, 2))
    index = IVFIndex.build(vectors, queries, recall=0.8, k=K)
    rows, scores = search_in_graph(index, queries, K, np.zeros((200, 0)))
    equal = np.diff(scores, axis=1) == 0
    assert equal.sum() > 500
    assert (np.diff(rows, axis=1)[equal] > 0).all()


def test_other_methods_match_the_exact_index(vectors):
    index = IVFIndex.build(vectors, clustered(60, 2), 0.8, K, storage="bfloat16")
    exact_index = ExactIndex(vectors, "bfloat16")
    queries = tf.constant(clustered(3, 7))
    rows = tf.constant([[5, 0, 1], [2, 6001, 2], [9, 8, 7]])
    np.testing.assert_array_equal(index.stored(), exact_index.stored())
    np.testing.assert_array_equal(index.take(rows), exact_index.take(rows))
    np.testing.assert_array_equal(
        index.score_rows(queries, rows), exact_index.score_rows(queries, rows)
    )
    assert index.metadata()["storage"] == "bfloat16" and index.metadata()["kind"] == "ivf"


@pytest.mark.parametrize("recall", [0, 1, 1.5, -1])
def test_an_invalid_recall_is_refused(vectors, recall):
    with pytest.raises(InputError, match="between 0 and 1"):
        IVFIndex.build(vectors, clustered(40, 2), recall)


def test_too_few_queries_are_refused(vectors):
    with pytest.raises(InputError, match="at least 20, got 19"):
        IVFIndex.build(vectors, clustered(19, 2))


def test_a_recall_that_needs_most_items_is_refused():
    # Random vectors in 64 dimensions form no clusters.
    vectors = np.random.default_rng(0).normal(size=(1000, 64)).astype("float32")
    queries = np.random.default_rng(1).normal(size=(60, 64)).astype("float32")
    with pytest.raises(
        InputError, match="0.99 at 100 needs a scan of more than an eighth of the 998 items"
    ):
        IVFIndex.build(vectors, queries, recall=0.99, k=100)


def test_a_k_close_to_the_number_of_items_is_refused():
    vectors = clustered(14, 1)
    with pytest.raises(InputError, match="use the exact index"):
        IVFIndex.build(vectors, clustered(40, 2), k=100)


def test_a_saved_model_contains_the_buckets(tmp_path, index):
    wide = tf.TensorSpec((None, None), tf.int32)

    @tf.function(input_signature=[tf.TensorSpec((None, DIM)), wide])
    def search(queries, exclude):
        return index.search(queries, K, exclude)

    holder = tf.Module()
    holder.index, holder.search = index, search
    tf.saved_model.save(holder, str(tmp_path), signatures=search)
    queries, exclude = tf.constant(clustered(5, 8)), tf.zeros([5, 1], tf.int32)
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    found, right = loaded(queries=queries, exclude=exclude), search(queries, exclude)
    np.testing.assert_array_equal(found["rows"], right["rows"])
    np.testing.assert_allclose(found["scores"], right["scores"], rtol=1e-6)
