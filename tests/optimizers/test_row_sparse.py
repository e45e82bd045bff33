"""The update rules compared with NumPy in float64."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrec.errors import InputError, failed_check
from kerasrec.optimizers import LazyAdam, RowwiseAdagrad, SparseAdagrad, SparseSGD

OPTIMIZERS = [LazyAdam, SparseAdagrad, RowwiseAdagrad, SparseSGD]
# In float32 the 1 - beta_2^t of Keras's Adam, the rule of the dense weight, has an error of 1e-5 at
# the first step: a rate of .03 is too fast for 1e-6.
ROWS, DIM, RATE = 8, 3, 2**-7
STOCK = {
    LazyAdam: keras.optimizers.Adam(RATE),
    SparseAdagrad: keras.optimizers.Adagrad(RATE, initial_accumulator_value=0.0, epsilon=1e-14),
    SparseSGD: keras.optimizers.SGD(RATE),
}
REPEATED = [1, 1, 1, 2, 4, 4]
every_optimizer = pytest.mark.parametrize("cls", OPTIMIZERS)


def weights(seed=0):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape).astype("float32") for shape in ((ROWS, DIM), (4,))]


def variables(values):
    names = ("embeddings", "kernel")
    return [keras.Variable(value, name=name) for value, name in zip(values, names, strict=True)]


def draw(steps, ids_of=lambda step: REPEATED):
    """For each step (ids, a value for each, gradient of the dense weight)."""
    generator = np.random.default_rng(1)
    for step in range(steps):
        ids = np.array(ids_of(step), "int64")
        yield ids, *(generator.normal(size=s).astype("float32") for s in ((len(ids), DIM), (4,)))


def slices(ids, values):
    return tf.IndexedSlices(tf.constant(values), tf.constant(ids), tf.constant([ROWS, DIM]))


def train(optimizer, trained, drawn):
    apply = tf.function(lambda *grads: optimizer.apply(list(grads), trained))
    optimizer.build(trained)
    for ids, values, dense in drawn:
        apply(slices(ids, values), tf.constant(dense))


def dense(ids, values):
    table = np.zeros((ROWS, DIM))
    np.add.at(table, ids, values)
    return table


def rule(cls, state, touched, gradient, t):
    """The step before the learning rate, as in each optimizer's docstring."""
    if cls is SparseSGD:
        return gradient
    if cls is LazyAdam:
        m, v = (state.setdefault(name, np.zeros(state["shape"])) for name in "mv")
        last = state.setdefault("last", np.zeros(state["shape"][0]))
        # Each row was touched k steps ago: Adam itself where all are touched at every step.
        k = (t - last[touched]).reshape(-1, *[1] * (gradient.ndim - 1))
        last[touched] = t
        m[touched] = 0.9**k * m[touched] + 0.1 * gradient
        v[touched] = 0.999**k * v[touched] + 0.001 * gradient**2
        carried = sum(np.where(n < k, (0.9 / np.sqrt(0.999)) ** n, 0.0) for n in range(t))
        unbiased = np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return unbiased * carried * m[touched] / (np.sqrt(v[touched]) + 1e-7)
    by_row = cls is RowwiseAdagrad and len(state["shape"]) == 2
    squares = np.mean(gradient**2, axis=-1, keepdims=True) if by_row else gradient**2
    a = state.setdefault("a", np.zeros((ROWS, 1) if by_row else state["shape"]))
    a[touched] += squares
    return gradient / np.sqrt(a[touched] + 1e-14)


def reference(
    cls, start, drawn, rate=lambda step: RATE, lazy=False, weight_decay=0.0, clipnorm=None,
    clipvalue=None, global_clipnorm=None, gradient_accumulation_steps=1,
):  # fmt: skip
    """Weights after all steps; `lazy` updates the touched rows only, else all as in dense Adam."""
    found = [np.array(value, "float64") for value in start]
    states = [{"shape": value.shape} for value in found]
    drawn, n, t = list(drawn), gradient_accumulation_steps, 0
    for step in range(n - 1, len(drawn), n):
        window, t = drawn[step - n + 1 : step + 1], t + 1
        grads = [
            np.mean([dense(ids, values) for ids, values, _ in window], axis=0),
            np.mean([gradient.astype("float64") for *_, gradient in window], axis=0),
        ]
        if clipnorm:
            grads = [g * min(1, clipnorm / np.sqrt(np.sum(g**2))) for g in grads]
        if global_clipnorm:
            norm = np.sqrt(sum(np.sum(g**2) for g in grads))
            grads = [g * min(1, global_clipnorm / norm) for g in grads]
        if clipvalue:
            grads = [np.clip(g, -clipvalue, clipvalue) for g in grads]
        rows = np.unique(np.concatenate([ids for ids, *_ in window])) if lazy else np.arange(ROWS)
        for w, state, g, touched in zip(found, states, grads, (rows, np.arange(4)), strict=True):
            w[touched] -= rate(step) * weight_decay * w[touched]
            w[touched] -= rate(step) * rule(cls, state, touched, g[touched], t)
    return found


OPTIONS = {
    "plain": {},
    "decay": {"weight_decay": 0.1},
    "clipnorm": {"clipnorm": 0.5},
    "global_clipnorm": {"global_clipnorm": 0.7},
    "clipvalue": {"clipvalue": 0.3},
    "accumulation": {"gradient_accumulation_steps": 4},
    "all": {"weight_decay": 0.1, "global_clipnorm": 0.7, "gradient_accumulation_steps": 2},
}


@pytest.mark.slow
@every_optimizer
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_twenty_steps_with_repeated_ids_equal_the_dense_rule(cls, options):
    trained = variables(weights())
    optimizer = cls(RATE, **options)
    train(optimizer, trained, draw(20))
    expected = reference(cls, weights(), draw(20), **options)
    touched, others = np.unique(REPEATED), [0, 3, 5, 6, 7]
    np.testing.assert_allclose(trained[0].numpy()[touched], expected[0][touched], 0, 1e-6)
    np.testing.assert_allclose(trained[1].numpy(), expected[1], 0, 1e-6)
    np.testing.assert_array_equal(trained[0].numpy()[others], weights()[0][others])
    fresh = cls(RATE, **options)
    fresh.build(trained)
    for new, old in zip(optimizer.variables, fresh.variables, strict=True):
        # The list of waiting rows is no slot: how many of it count is a variable of its own.
        if new.shape[:1] == (ROWS,) and new.name != "rows_waiting":
            np.testing.assert_array_equal(new.numpy()[others], old.numpy()[others], new.path)


@pytest.mark.slow
@every_optimizer
@pytest.mark.parametrize("steps", [1, 2])
def test_rows_accumulate_between_updates(cls, steps):
    batches = [[1, 2, 2], [5], [2, 6, 6, 1], [], [6, 0]]
    options = {"gradient_accumulation_steps": steps} if steps > 1 else {}
    drawn = list(draw(20, lambda step: batches[step % 5]))
    trained = variables(weights())
    train(cls(RATE, weight_decay=0.1, **options), trained, drawn)
    expected = reference(cls, weights(), drawn, lazy=True, weight_decay=0.1, **options)
    np.testing.assert_allclose(trained[0].numpy(), expected[0], 0, 1e-6)
    np.testing.assert_allclose(trained[1].numpy(), expected[1], 0, 1e-6)
    np.testing.assert_array_equal(trained[0].numpy()[[3, 4, 7]], weights()[0][[3, 4, 7]])


def test_rare_row_moves_as_far_as_in_adam():
    """A gradient at every fourth step: Adam moves the row at the three others as well."""
    found = []
    for optimizer in (LazyAdam(RATE, 0.8, 0.9), keras.optimizers.Adam(RATE, 0.8, 0.9)):
        table, places = keras.Variable(np.zeros((2, 1)), name="embeddings"), []
        optimizer.build([table])
        for step in range(80):
            ids = [1] if step % 4 == 0 else []
            gradient = tf.IndexedSlices(tf.ones((len(ids), 1)), tf.constant(ids, "int64"))
            if not isinstance(optimizer, LazyAdam):
                gradient = tf.constant([[0.0], [float(len(ids))]])
            optimizer.apply([gradient], [table])
            places.append(float(table[1, 0]))
        found.append(places[79] - places[59])
    np.testing.assert_allclose(*found, rtol=1e-4)
    assert found[1] < -5 * RATE


def test_divergent_moments_are_refused():
    with pytest.raises(InputError, match="beta_1=0.95, beta_2=0.9"):
        LazyAdam(RATE, 0.95, 0.9)


@every_optimizer
def test_a_schedule_counts_every_step(cls):
    schedule = keras.optimizers.schedules.ExponentialDecay(RATE, 5, 0.5)
    options = {"gradient_accumulation_steps": 2, "weight_decay": 0.1}
    drawn = list(draw(8, lambda step: range(ROWS)))
    trained = variables(weights())
    train(cls(schedule, **options), trained, drawn)
    # Keras gives a schedule the number of batches, not that of updates.
    expected = reference(cls, weights(), drawn, lambda step: RATE * 0.5 ** (step / 5), **options)
    np.testing.assert_allclose(trained[0].numpy(), expected[0], 0, 1e-6)
    np.testing.assert_allclose(trained[1].numpy(), expected[1], 0, 1e-6)


@every_optimizer
def test_no_update_before_enough_gradients(cls):
    trained = variables(weights())
    optimizer = cls(RATE, weight_decay=0.1, gradient_accumulation_steps=3)
    train(optimizer, trained, draw(2, lambda step: [step, step]))
    for variable, start in zip(trained, weights(), strict=True):
        np.testing.assert_array_equal(variable, start)
    assert not any(v.numpy().any() for v in optimizer.variables if "momentum" in v.path)


@pytest.mark.parametrize("cls", STOCK)
def test_dense_gradients_use_keras_rule_exactly(cls):
    found, stock = [], STOCK[cls].from_config(STOCK[cls].get_config())
    for optimizer in (cls(RATE), stock):
        trained = variables(weights())
        for ids, values, gradient in draw(5):
            optimizer.apply(
                [tf.constant(dense(ids, values), "float32"), tf.constant(gradient)], trained
            )
        slots = [v for v in optimizer.variables if v.name != "touched"]
        found.append([np.array(v) for v in [*trained, *slots]])
    for ours, stock in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, stock)


def test_rowwise_adagrad_has_its_own_rule_for_a_dense_gradient_of_a_table():
    trained = variables(weights())
    optimizer = RowwiseAdagrad(RATE)
    for ids, values, gradient in draw(5):
        optimizer.apply(
            [tf.constant(dense(ids, values), "float32"), tf.constant(gradient)], trained
        )
    expected = reference(RowwiseAdagrad, weights(), draw(5))
    np.testing.assert_allclose(trained[0].numpy(), expected[0], 0, 1e-6)
    np.testing.assert_allclose(trained[1].numpy(), expected[1], 0, 1e-6)
    assert [v.shape for v in optimizer.variables[2:]] == [(ROWS,), (4,)]


@pytest.mark.slow
@every_optimizer
@pytest.mark.parametrize("weight_decay", [None, 0.1])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_non_finite_gradient_is_named_and_changes_nothing(cls, bad, weight_decay):
    trained = variables(weights())
    optimizer = cls(RATE, weight_decay=weight_decay)
    train(optimizer, trained, draw(2))
    # Not the count of steps: Keras counts on while the graph stops.
    state = [*trained, *optimizer.variables[1:]]
    before = [np.array(v) for v in state]
    broken = [slices([1, 2], [[0.0] * DIM, [0.0, bad, 0.0]]), tf.fill([4], bad)]
    fine = [slices([1], [[1.0] * DIM]), tf.ones(4)]
    apply = tf.function(lambda *grads: optimizer.apply(list(grads), trained))
    for grads, name in (((broken[0], fine[1]), "embeddings"), ((fine[0], broken[1]), "kernel")):
        optimizer.iterations.assign(2)
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            apply(*grads)
        expected = f"step 3 has a NaN or infinite gradient of {name}"
        assert failed_check(caught.value) == expected
        optimizer.iterations.assign(2)
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            optimizer.apply(list(grads), trained)
        assert failed_check(caught.value).startswith(expected)
    for now, old in zip(state, before, strict=True):
        np.testing.assert_array_equal(now, old)


def test_message_of_an_eager_check():
    trained = variables(weights())
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        SparseSGD(RATE).apply([slices([1], [[np.nan] * DIM]), tf.ones(4)], trained)
    assert failed_check(caught.value) == "step 1 has a NaN or infinite gradient of embeddings"


def test_dense_step_updates_every_row():
    """Nine dense steps, then one of a row: for Adam it is the tenth of ten equal ones."""
    trained, optimizer = variables([np.zeros((ROWS, DIM)), np.zeros(4)]), LazyAdam(RATE)
    for _ in range(9):
        optimizer.apply([tf.ones((ROWS, DIM)), tf.ones(4)], trained)
    optimizer.apply([slices([1], [[1.0] * DIM]), tf.ones(4)], trained)
    np.testing.assert_allclose(trained[0].numpy()[1], -10 * RATE, rtol=1e-4)


@every_optimizer
def test_table_used_by_lookup_and_as_a_whole(cls):
    """Tied weights: the gradients of both uses are added up and make one dense gradient."""
    (ids, looked_up, gradient), (_, whole, _) = *draw(1), *draw(1, lambda step: range(ROWS))
    trained = variables(weights())

    def step():
        with tf.GradientTape() as tape:
            table, kernel = trained[0].value, trained[1].value
            loss = tf.reduce_sum(tf.gather(table, ids) * looked_up) + tf.reduce_sum(table * whole)
            loss += tf.reduce_sum(kernel * gradient)
        optimizer.apply(tape.gradient(loss, [table, kernel]), trained)

    optimizer = cls(RATE, global_clipnorm=0.7)
    step()
    tf.function(step)()
    both = (np.concatenate([ids, range(ROWS)]), np.concatenate([looked_up, whole]), gradient)
    expected = reference(cls, weights(), [both, both], global_clipnorm=0.7)
    for variable, value in zip(trained, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, 0, 1e-6)


@every_optimizer
def test_config_holds_the_arguments(cls):
    asked = {
        "learning_rate": 0.25, "weight_decay": 0.5, "clipnorm": 2.0, "name": "own",
        "gradient_accumulation_steps": 3,
        **({"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3} if cls is LazyAdam else {}),
        **({"initial_accumulator_value": 0.2, "epsilon": 1e-3} if "grad" in cls.__name__ else {}),
    }  # fmt: skip
    config = cls(**asked).get_config()
    assert config == pytest.approx({**asked, "clipvalue": None, "global_clipnorm": None})
    revived = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(cls.from_config(config))
    )
    assert type(revived) is cls and revived.get_config() == pytest.approx(config)
    for name in ("clipvalue", "global_clipnorm"):
        assert cls(**{name: 3.0}).get_config()[name] == 3.0
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 5, 0.5)
    revived = cls.from_config(cls(schedule).get_config())
    assert float(revived.learning_rate) == 0.5


@every_optimizer
def test_the_learning_rate_can_be_set(cls):
    trained, drawn = variables(weights()), list(draw(1, lambda step: range(ROWS)))
    optimizer = cls(0.5)
    optimizer.learning_rate = RATE
    train(optimizer, trained, drawn)
    expected = reference(cls, weights(), drawn)
    np.testing.assert_allclose(trained[0].numpy(), expected[0], 0, 1e-6)


@every_optimizer
def test_too_large_slots_are_refused_before_allocation(cls, monkeypatch):
    monkeypatch.setattr("kerasrec.tables.memory.free_memory", lambda: 100)
    trained = variables([np.zeros((200, DIM), "float32"), np.zeros(4, "float32")])
    cls(RATE).build(trained[1:])
    words = {
        LazyAdam: r"LazyAdam.*: 200 x 3 x 4 \+ 200 x 3 x 4 \+ 200 x 4 bytes \+ 3 smaller =",
        SparseAdagrad: r"SparseAdagrad.*: 200 x 3 x 4 \+ 4 x 4 bytes = 0.0 GiB",
        RowwiseAdagrad: r"RowwiseAdagrad.*: 200 x 4 \+ 4 x 4 bytes = 0.0 GiB",
    }
    if cls is SparseSGD:
        cls(RATE).build(trained)
        return
    optimizer = cls(RATE)
    with pytest.raises(InputError, match=words[cls]):
        optimizer.build(trained)
    assert len(optimizer.variables) == 2  # the step and the learning rate
