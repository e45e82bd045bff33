import numpy as np
import pytest
import tensorflow as tf

from kerasrec.layers.chunked_logits import chunked_logits

N, ITEMS, DIM, WIDTH = 7, 24, 5, 8
ABSENT = np.array([3, 16, 17, 18, 19, 20, 21, 22, 23])
HERE = np.isin(np.arange(ITEMS), ABSENT, invert=True)
# The fourth query's positive is masked; two queries share a positive.
OWN = np.array([0, 7, 8, 3, 15, 15, 12])


def inputs(scale=1.0):
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(N, DIM)) * scale
    return np.float32(queries), np.float32(rng.normal(size=(ITEMS, DIM)))


def by_hand(queries, vectors, upstream):
    """Both columns and both gradients in float64, item by item."""
    queries, vectors = np.float64(queries), np.float64(vectors)
    columns, of_queries, of_vectors = np.zeros((N, 2)), queries * 0, vectors * 0
    for n, (query, own) in enumerate(zip(queries, OWN, strict=True)):
        logits = vectors @ query
        held = np.flatnonzero(HERE & (np.arange(ITEMS) != own))
        top = logits[held].max()
        columns[n] = logits[own], top + np.log(np.exp(logits[held] - top).sum())
        slope = np.zeros(ITEMS)
        slope[held] = upstream[n, 1] * np.exp(logits[held] - columns[n, 1])
        slope[own] = upstream[n, 0]
        of_queries[n] = slope @ vectors
        of_vectors += np.outer(slope, query)
    return columns, of_queries, of_vectors


def chunked(queries, vectors, upstream, width=WIDTH, jit=False, dtype="float32"):
    @tf.function(jit_compile=jit)
    def run(queries, vectors):
        absent = tf.where(HERE, 0.0, -1e9)
        with tf.GradientTape() as tape:
            tape.watch([queries, vectors])
            columns = chunked_logits(queries, vectors, tf.constant(OWN), absent, width)
        return columns, *tape.gradient(columns, [queries, vectors], tf.cast(upstream, "float32"))

    return run(tf.cast(queries, dtype), tf.cast(vectors, dtype))


UPSTREAM = np.random.default_rng(1).normal(size=(N, 2))


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 8, 12, 24])
@pytest.mark.parametrize("scale", [0.01, 1.0])
def test_logits_and_gradients_are_those_of_float64(width, scale):
    queries, vectors = inputs(scale)
    found = chunked(queries, vectors, UPSTREAM, width)
    for mine, expected in zip(found, by_hand(queries, vectors, UPSTREAM), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("sign", [1, -1])
def test_logits_of_hundreds(sign):
    """One item holds all the mass, or every logit is far below 0."""
    queries, vectors = inputs(100.0)
    vectors[:, 0], queries[:, 0] = 1.0, sign * 500.0
    vectors[OWN[0], 1:] = queries[0, 1:] / 20.0
    upstream = np.tile([-1.0, 1.0], (N, 1))
    columns, *gradients = map(np.array, chunked(queries, vectors, upstream))
    expected, *slopes = by_hand(queries, vectors, upstream)
    np.testing.assert_allclose(columns[:, 0], expected[:, 0], rtol=1e-5)
    # If the positive has all but 1e-7 of the mass, float32 leaves only noise of the rest.
    loose = expected[:, 0] - expected[:, 1] > 12
    assert 0 < loose.sum() < N
    np.testing.assert_allclose(columns[~loose, 1], expected[~loose, 1], rtol=1e-5)
    assert (columns[:, 0] - columns[:, 1])[loose].min() > 12
    np.testing.assert_allclose(gradients[0][~loose], slopes[0][~loose], atol=0.05)
    assert np.isfinite(gradients[1]).all()


def test_xla_and_the_graph_agree():
    queries, vectors = inputs()
    for mine, compiled in zip(
        chunked(queries, vectors, UPSTREAM), chunked(queries, vectors, UPSTREAM, jit=True),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_allclose(compiled, mine, rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_in_and_out_and_float32_between(dtype):
    queries, vectors = inputs()
    queries, vectors = (tf.cast(tf.cast(x, dtype), "float32") for x in (queries, vectors))
    columns, *gradients = chunked(queries, vectors, UPSTREAM, dtype=dtype)
    expected, *slopes = by_hand(queries, vectors, UPSTREAM)
    np.testing.assert_allclose(columns, expected, atol=1e-5)
    for mine, slope in zip(gradients, slopes, strict=True):
        assert mine.dtype == dtype
        np.testing.assert_allclose(tf.cast(mine, "float32"), slope, atol=0.02)


def test_no_query_at_all():
    columns = chunked_logits(
        tf.zeros((0, DIM)), tf.zeros((ITEMS, DIM)), tf.zeros((0,), "int32"), tf.zeros(ITEMS), WIDTH
    )
    assert columns.shape == (0, 2)


def test_no_tensor_has_all_logits():
    """No tensor of the training graph, loops included, has more numbers than a chunk's logits."""
    n, items, width = 100, 4096, 256
    absent = tf.zeros(items)

    @tf.function(autograph=False)
    def run(queries, vectors, own):
        with tf.GradientTape() as tape:
            tape.watch([queries, vectors])
            columns = chunked_logits(queries, vectors, own, absent, width)
        return tape.gradient(columns, [queries, vectors])

    shapes = (n, DIM), (items, DIM)
    graph = run.get_concrete_function(
        *(tf.TensorSpec(shape) for shape in shapes), tf.TensorSpec((n,), "int32")
    ).graph
    graphs, made = [graph], []
    while graphs:
        graph = graphs.pop()
        names = {
            op.get_attr(key).name
            for op in graph.get_operations()
            for key in ("body", "cond")
            if op.type in ("While", "StatelessWhile")
        }
        graphs += [graph._get_function(name).graph for name in names]
        made += [out.shape for op in graph.get_operations() for out in op.outputs]
    assert [n, width] in made
    largest = max(shape.num_elements() or 0 for shape in made if shape.rank is not None)
    assert largest == max(n * width, items * DIM) < n * items
