"""The optimizers in Keras's own fit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrec.errors import failed_check
from kerasrec.layers import EmbeddingTable
from kerasrec.optimizers import LazyAdam, RowLossScale, RowwiseAdagrad, SparseAdagrad, SparseSGD

pytestmark = pytest.mark.slow

# No other axis of the models here has as many rows as the table.
ROWS, LENGTH, DIM = 61, 4, 5
OPTIMIZERS = [LazyAdam, SparseAdagrad, RowwiseAdagrad, SparseSGD]
every_optimizer = pytest.mark.parametrize("cls", OPTIMIZERS)


def data(examples=30):
    generator = np.random.default_rng(0)
    # Many ids occur more than once in a batch, and padding does.
    ids = generator.integers(0, 12, (examples, LENGTH)).astype("int32")
    return ids, generator.normal(size=(examples, 1)).astype("float32")


def model(optimizer, table=EmbeddingTable, policy="float32", **compiling):
    keras.utils.set_random_seed(0)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        ids = keras.Input((LENGTH,), dtype="int32")
        hidden = keras.layers.Dense(3)(keras.layers.Flatten()(table(ROWS, DIM, name="table")(ids)))
        made = keras.Model(ids, keras.layers.Dense(1, dtype="float32")(hidden))
        # In mixed_float16 Keras puts its LossScaleOptimizer around ours.
        made.compile(optimizer, "mse", **{"jit_compile": False, **compiling})
    finally:
        keras.config.set_dtype_policy(before)
    return made


def fit(made, epochs=1, **options):
    ids, y = data()
    options = {"batch_size": 3, "shuffle": False, "verbose": 0, **options}
    return made.fit(ids, y, epochs=epochs, **options).history["loss"]


def state(made):
    return [np.array(v) for v in [*made.variables, *made.optimizer.variables]]


def same(one, two):
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


@every_optimizer
def test_xla_gives_the_same_losses(cls):
    plain, compiled = (fit(model(cls(0.05), jit_compile=jit), 2) for jit in (False, True))
    np.testing.assert_allclose(plain, compiled, rtol=0, atol=1e-6)
    assert plain[1] < plain[0]


@pytest.mark.parametrize(
    "cls,policy",
    [(LazyAdam, "mixed_bfloat16"), *((cls, "mixed_float16") for cls in OPTIMIZERS)],
)
def test_mixed_precision(cls, policy):
    made = model(cls(0.02), policy=policy)
    losses = fit(made, 3, batch_size=10)
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    table = made.get_layer("table").embeddings
    assert table.dtype == "float32"
    np.testing.assert_array_equal(table[0], np.zeros(DIM))
    # Rows from 12 are in no batch.
    start = model(cls(0.02), policy=policy).get_layer("table").embeddings
    np.testing.assert_array_equal(table[12:], start[12:])
    assert (np.array(table[1:12]) != np.array(start[1:12])).any(axis=1).all()


@pytest.mark.parametrize("cls", [LazyAdam, RowwiseAdagrad])
def test_keras_embedding_is_trained_like_embedding_table(cls):
    found = []
    for table in (EmbeddingTable, keras.layers.Embedding):
        made = model(cls(0.05), table)
        made.get_layer("table").set_weights([np.linspace(-1, 1, ROWS * DIM).reshape(ROWS, DIM)])
        ids, y = data()
        made.fit(np.maximum(ids, 1), y, 10, shuffle=False, verbose=0)
        found.append(made.get_layer("table").get_weights()[0][1:])
    np.testing.assert_allclose(*found, rtol=0, atol=1e-6)


@pytest.mark.parametrize("cls", [LazyAdam, RowwiseAdagrad])
def test_steps_per_execution_changes_nothing(cls):
    """Ten batches: the last of four executions has one."""
    one, three = (model(cls(0.05), steps_per_execution=steps) for steps in (1, 3))
    np.testing.assert_allclose(fit(one, 2), fit(three, 2), rtol=0, atol=1e-6)
    for a, b in zip(state(one), state(three), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "cls,options",
    # Three steps are one update and a half of two steps each.
    [*((cls, {}) for cls in OPTIMIZERS), (LazyAdam, {"gradient_accumulation_steps": 2})],
)
def test_saved_model_resumes_training(cls, options, tmp_path):
    ids, y = data(18)
    straight = model(cls(0.05, **options))
    straight.fit(ids, y, 3, shuffle=False, verbose=0)
    first = model(cls(0.05, **options))
    first.fit(ids[:9], y[:9], 3, shuffle=False, verbose=0)
    first.save(tmp_path / "model.keras")
    second = keras.models.load_model(tmp_path / "model.keras")
    same(state(first), state(second))
    second.fit(ids[9:], y[9:], 3, shuffle=False, verbose=0)
    same(state(straight), state(second))


def test_callbacks_change_the_learning_rate():
    class Stuck(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["stuck"] = 1.0

    callbacks = [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
        Stuck(),
        keras.callbacks.ReduceLROnPlateau("stuck", factor=0.1, patience=1, mode="min"),
    ]
    made = model(LazyAdam(0.08))
    ids, y = data()
    history = made.fit(ids, y, epochs=3, callbacks=callbacks, verbose=0).history
    # Halved at each start; the plateau is seen at the second end and at the third.
    np.testing.assert_allclose(history["learning_rate"], [0.04, 0.02, 0.001], rtol=1e-5)
    np.testing.assert_allclose(made.optimizer.learning_rate, 0.0001, rtol=1e-5)


@pytest.mark.parametrize("steps", [1, 4])
def test_non_finite_loss_stops_at_its_step(steps):
    ids, y = data()
    y[19] = np.nan  # the seventh batch of three
    made = model(RowwiseAdagrad(0.05), steps_per_execution=steps)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        made.fit(ids, y, 3, shuffle=False, verbose=0)
    expected = "step 7 has a NaN or infinite gradient of"
    assert failed_check(caught.value).startswith(expected)
    assert all(np.isfinite(value).all() for value in state(made))
    straight = model(RowwiseAdagrad(0.05))
    straight.fit(ids[:18], y[:18], 3, shuffle=False, verbose=0)
    same(made.get_weights(), straight.get_weights())


def as_large_as_the_table(made):
    """Names of the ops of a training step with an input or output of the table's size."""
    ids, y = (tf.constant(part[:3]) for part in data())
    made.optimizer.build(made.trainable_variables)
    step = tf.function(lambda *batch: made.train_step(batch)).get_concrete_function(ids, y)
    definition = step.graph.as_graph_def(add_shapes=True)
    bodies = [definition.node, *(body.node_def for body in definition.library.function)]
    found = []
    for node in (node for body in bodies for node in body):
        for shape in node.attr["_output_shapes"].list.shape:
            if any(size.size == ROWS for size in shape.dim):
                found.append(node.op)
    return found


@pytest.mark.parametrize(
    "cls,options",
    [
        *((cls, {}) for cls in OPTIMIZERS),
        (LazyAdam, {"weight_decay": 0.1, "clipnorm": 1.0, "gradient_accumulation_steps": 2}),
        (SparseSGD, {"global_clipnorm": 1.0}),
        (RowwiseAdagrad, {"clipvalue": 1.0}),
    ],
)
def test_step_reads_and_writes_rows_only(cls, options):
    assert as_large_as_the_table(model(cls(0.1, **options))) == []


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_step_reads_and_writes_rows_only_in_mixed_precision(policy):
    optimizer = LazyAdam(0.1) if policy == "mixed_bfloat16" else RowLossScale(LazyAdam(0.1))
    assert as_large_as_the_table(model(optimizer, policy=policy)) == []


def test_check_finds_dense_reads_of_a_table():
    assert "ReadVariableOp" in as_large_as_the_table(model(LazyAdam(0.1), keras.layers.Embedding))
    found = as_large_as_the_table(model(keras.optimizers.Adam(0.1, clipnorm=1.0)))
    assert {"UnsortedSegmentSum", "Sqrt", "AddV2"} <= set(found)


def test_an_overflow_of_float16_skips_the_step():
    table = keras.Variable(np.ones((3, 2), "float32"), name="embeddings")
    optimizer = RowLossScale(SparseSGD(0.5))
    values = tf.constant([[np.inf, 1.0], [1.0, 1.0]])
    optimizer.apply([tf.IndexedSlices(values, tf.constant([1, 1]), tf.constant([3, 2]))], [table])
    np.testing.assert_array_equal(table, np.ones((3, 2)))
    assert int(optimizer.iterations) == 0
