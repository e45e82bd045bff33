"""Two replicas with half a batch each, in a separate process: devices are set once."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

TWO_CPUS = """
import itertools, json
import keras, numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from kerasrec.layers import EmbeddingTable
from kerasrec.optimizers import LazyAdam, RowwiseAdagrad, SparseAdagrad, SparseSGD

CLIPPED = {"clipnorm": 0.1, "weight_decay": 0.1}
SUMS = {"clipvalue": 0.1, "gradient_accumulation_steps": 2, "weight_decay": 0.1}
OPTIMIZERS = [LazyAdam, SparseAdagrad, RowwiseAdagrad, SparseSGD]
CASES = [*itertools.product(OPTIMIZERS, [CLIPPED, SUMS])]
CASES += [(LazyAdam, {}), (LazyAdam, {"global_clipnorm": 0.1})]
generator = np.random.default_rng(0)
batches = []
for step in range(6):
    # Row 1 is in both halves, 2 and 3 in one, 4 twice in the second, 5 to 8 now and then.
    ids = np.array([[1, 2], [1, 0], [1, 4], [4, 3]])
    ids[:, 1] = np.where(step % 3 == 0, [5, 6, 5, 7 + step // 3], ids[:, 1])
    batches.append((ids.astype("int32"), generator.normal(size=(4, 1)).astype("float32")))


def trained(strategy, cls, options):
    with strategy.scope():
        keras.utils.set_random_seed(0)
        ids = keras.Input((2,), dtype="int32")
        vectors = EmbeddingTable(10, 3, stddev=1.0)(ids)
        model = keras.Model(ids, keras.layers.Dense(1)(keras.layers.Flatten()(vectors)))
        optimizer = cls(0.05, **options)
        optimizer.build(model.trainable_variables)
    start = model.get_weights()

    @tf.function
    def step(ids, y):
        def replica(part):
            with tf.GradientTape() as tape:
                error = model(tf.gather(ids, part)) - tf.gather(y, part)
                loss = tf.reduce_sum(tf.square(error)) / len(batches[0][1])
            found = tape.gradient(loss, [v.value for v in model.trainable_variables])
            optimizer.apply(found, model.trainable_variables)

        halves = np.split(np.arange(4), strategy.num_replicas_in_sync)
        part = strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(halves[context.replica_id_in_sync_group])
        )
        strategy.run(replica, (part,))

    for ids, y in batches:
        step(tf.constant(ids), tf.constant(y))
    state = [v for v in model.variables + optimizer.variables if v.name != "rows_waiting"]
    copies = [strategy.experimental_local_results(v.value) for v in state]
    return start, *([copy[n].numpy().astype("float32") for copy in copies] for n in (0, -1))


def difference(one, two):
    return [float(np.abs(a - b).max()) for a, b in zip(one, two)]


found = {}
for cls, options in CASES:
    one, two = (
        trained(strategy, cls, options)
        for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy())
    )
    found[f"{cls.__name__} {options}"] = {
        "moved": min(difference(one[0], one[1])),
        "first": max(difference(one[1], two[1])),
        "second": max(difference(one[1], two[2])),
    }
print(json.dumps(found))
"""


def test_two_replicas_give_the_weights_and_slots_of_one_device():
    done = subprocess.run([sys.executable, "-c", TWO_CPUS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == 10
    for name, differences in found.items():
        assert differences["first"] < 1e-5 and differences["second"] < 1e-5, name
        assert differences["moved"] > 1e-3, name
