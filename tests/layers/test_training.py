"""All blocks in one functional model, through Keras's own fit."""

import keras
import numpy as np
import pytest

from kerasrec import layers, losses

pytestmark = pytest.mark.slow

USERS, ITEMS, LENGTH, TOKENS, DIM = 6, 9, 4, 5, 4
FEATURES = [
    {"name": "title", "kind": "text", "size": 12, "length": TOKENS},
    {"name": "genre", "kind": "category", "size": 4, "length": 1},
    {"name": "count", "kind": "number", "size": 1, "length": 1},
]


def items_of():
    """From rows to vectors, everything looked up inside."""
    generator = np.random.default_rng(0)
    catalog = layers.CatalogTable(ITEMS, FEATURES)
    catalog.assign({
        "title": generator.integers(0, 12, (ITEMS, TOKENS)),
        "genre": generator.integers(0, 4, ITEMS),
        "count": np.array([0, 0, 1e5, *range(ITEMS - 3)]),
    })  # fmt: skip
    head = layers.HybridHead(DIM, 3, "gated")
    rows = keras.Input((), dtype="int32")
    found = catalog(rows)
    tower = layers.EmbeddingTower(ITEMS, DIM, FEATURES[1:2], l2=1e-3, id_dropout=0.1)
    content = layers.Conv1DItemEncoder(12, 3, 4, 4, kernel_sizes=(2, 3), dropout=0.1)
    vectors = head.candidate(tower(rows, found), content(found["title"]), found["count"])
    return keras.Model(rows, vectors), head


def everything(heads):
    item_model, head = items_of()
    history = keras.Input((None,), dtype="int32", name="history")
    gap = keras.Input((None,), name="gap")
    user = keras.Input((), dtype="int32", name="user")
    item = keras.Input((None,), dtype="int32", name="item")
    past = keras.layers.Embedding(ITEMS, DIM)(history)
    past = layers.StepContext(time_gap_buckets=5)(past, time_gap=gap)
    encoder = layers.LSTMUserEncoder(DIM)
    mask = keras.ops.not_equal(history, 0)
    steps = head.query(encoder(past, mask, all_steps=True))
    dot = layers.DotProduct(USERS, ITEMS, global_bias=True)
    first, known = item[:, 0], layers.EmbeddingTower(USERS, 7, mlp=(4,))(user)
    candidates = {
        "in_batch": layers.InBatchCandidates(ITEMS),
        "all": layers.AllCandidates(ITEMS),
    }
    outputs = {
        name: candidates[name](steps, item, item_model=item_model)
        if name in candidates
        else dot(known, item_model(first), user, first)
        for name in heads
    }
    return keras.Model({"history": history, "gap": gap, "user": user, "item": item}, outputs)


def data(heads):
    history = np.array([[2, 3, 0, 0], [4, 5, 6, 7], [0, 0, 0, 0], [8, 0, 0, 0], [5, 4, 3, 0]])
    item = np.array([[3, 4, 0, 0], [5, 6, 7, 8], [0, 0, 0, 0], [2, 0, 0, 0], [4, 3, 2, 0]])
    inputs = {
        "history": history,
        "gap": np.full(history.shape, 1e6, "float32"),
        "user": np.arange(1, 6),
        "item": item,
    }
    y = (item > 0).astype("float32")
    targets = {name: np.arange(5, dtype="float32") if name == "score" else y for name in heads}
    weights = {name: np.ones(5, "float32") if name == "score" else y for name in heads}
    return inputs, targets, weights


@pytest.mark.parametrize(
    "policy,jit_compile,heads",
    [
        ("float32", False, ["score", "in_batch", "all"]),
        # XLA compiles for seconds: one shape, one head. The others: test_candidates.py.
        ("mixed_float16", True, ["all"]),
    ],
)
def test_fit(policy, jit_compile, heads):
    keras.utils.set_random_seed(0)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = everything(heads)
    finally:
        keras.config.set_dtype_policy(before)
    loss = {"score": "mse", "in_batch": losses.BPR(), "all": losses.Softmax()}
    model.compile(
        keras.optimizers.Adam(0.02), {name: loss[name] for name in heads}, jit_compile=jit_compile
    )
    start = [np.array(variable) for variable in model.trainable_variables]
    inputs, targets, weights = data(heads)
    # Without XLA the five rows come in batches of three, the last one shorter.
    history = model.fit(
        inputs, targets, 5 if jit_compile else 3, 6, sample_weight=weights, shuffle=False, verbose=0
    ).history
    assert np.isfinite(history["loss"]).all()
    assert history["loss"][-1] < history["loss"][0]
    for old, variable in zip(start, model.trainable_variables, strict=True):
        assert np.abs(old - np.array(variable)).max() > 0, variable.path
