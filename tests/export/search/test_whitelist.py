import numpy as np
import pytest
import tensorflow as tf

from kerasrec.export.search import whitelist
from kerasrec.export.search.exact_index import ExactIndex
from kerasrec.export.search.whitelist import search_allowed

# Rows 2 to 9 score 2, 3, 3, 1, 0, 3, -1, 2.
VECTORS = np.array([[9], [9], [2], [3], [3], [1], [0], [3], [-1], [2]], "float32")
NOTHING = -np.inf


def search_in_graph(allow, k=3, exclude=None, vectors=VECTORS):
    """Searches in a graph with unknown batch size and widths."""
    index = ExactIndex(vectors)
    wide = tf.TensorSpec((None, None), tf.int32)

    @tf.function(input_signature=[tf.TensorSpec((None, None)), wide, wide])
    def search(queries, exclude, allow):
        return search_allowed(index, queries, k, exclude, allow)

    allow = np.asarray(allow, "int32")
    exclude = np.zeros((len(allow), 0)) if exclude is None else exclude
    queries = np.ones((len(allow), 1), "float32")
    answer = search(queries, np.asarray(exclude, "int32"), allow)
    return answer["rows"].numpy().tolist(), answer["scores"].numpy().tolist()


def test_short_whitelists():
    assert search_in_graph([[6]]) == ([[6, 0, 0]], [[0, NOTHING, NOTHING]])
    assert search_in_graph([[8, 5]], k=1) == ([[5]], [[1]])


def test_ties_go_to_the_smaller_row_and_duplicates_are_returned_once():
    rows, scores = search_in_graph([[7, 9, 3, 7, 0, 2, 4, 3]], k=6)
    assert rows == [[3, 4, 7, 2, 9, 0]]
    assert scores == [[3, 3, 3, 2, 2, NOTHING]]
    assert search_in_graph([[7, 9, 3, 7, 0, 2, 4, 3]], k=2)[0] == [[3, 4]]


def test_only_padding_is_no_whitelist_and_only_unknown_items_allow_nothing():
    rows, scores = search_in_graph([[0, 0], [1, 0], [1, 1], [1, 5], [0, 8]])
    assert rows == [[3, 4, 7], [0, 0, 0], [0, 0, 0], [5, 0, 0], [8, 0, 0]]
    assert scores[1] == [NOTHING] * 3


def test_exclude_overrides_allow():
    exclude = [[3, 0, 0], [4, 9, 7], [0, 0, 0]]
    rows, _ = search_in_graph([[3, 4], [0, 0], [4, 9]], exclude=exclude)
    assert rows == [[4, 0, 0], [3, 2, 5], [4, 9, 0]]


@pytest.mark.parametrize("width", [0, 1])
def test_an_empty_whitelist_limits_nothing(width):
    assert search_in_graph(np.zeros((2, width)))[0] == [[3, 4, 7]] * 2


def test_no_queries():
    assert search_in_graph(np.zeros((0, 4)), exclude=np.zeros((0, 2))) == ([], [])


@pytest.mark.parametrize("at_once", [2**26, 100])
def test_agrees_with_a_plain_sort(monkeypatch, at_once):
    monkeypatch.setattr(whitelist, "MAX_FLOATS", at_once)
    generator = np.random.default_rng(0)
    vectors = generator.integers(-3, 4, (500, 1)).astype("float32")
    allow, exclude = generator.integers(0, 500, (200, 30)), generator.integers(0, 500, (200, 40))
    allow[::3] = 0
    rows, _ = search_in_graph(allow, 10, exclude, vectors)
    for one, given, without in zip(rows, allow, exclude, strict=True):
        chosen = set(given) - {0} or set(range(500))
        chosen -= {0, 1, *without}
        best = sorted(chosen, key=lambda row: (-vectors[row, 0], row))[:10]
        assert one == best + [0] * (10 - len(best))


def test_whitelists_do_not_search_the_index(monkeypatch):
    # Eagerly, so that only the executed branch is called.
    monkeypatch.setattr(ExactIndex, "_scan", None)
    queries, exclude = tf.ones([2, 1]), tf.zeros([2, 0], tf.int32)
    allow = tf.constant([[2, 3], [5, 1]])
    answer = search_allowed(ExactIndex(VECTORS), queries, 2, exclude, allow)
    assert answer["rows"].numpy().tolist() == [[3, 2], [5, 0]]
