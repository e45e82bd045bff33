import json
import subprocess
import sys

import pytest

from kerasrec.errors import InputError
from kerasrec.training import strategy_scope

pytestmark = pytest.mark.slow

TWO_CPUS = """
import dataclasses, json, tempfile
import keras, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from kerasrec.config.train_node import TrainNode
from kerasrec.data import batches
from kerasrec.data.datasets import load
from kerasrec.data.splits import next_item, random_ratio
from kerasrec.training import RunFolder, strategy_scope
from kerasrec.training.fit import fit
from kerasrec_zoo import Hybrid, MatrixFactorization

data = load("synthetic", users=37, items=100)
clicks = next_item(data)
ratings = random_ratio(data)
ratings.train.value[:] = ratings.train.item % 5 + 1  # in place: values that differ
cases = {
    "ratings": (MatrixFactorization, ratings, "mse", 10, {"candidates": "pair"}),
    # Epochs of 3 batches, which a strategy makes ahead.
    "clicks": (MatrixFactorization, clicks, "softmax", 400, {"candidates": "all"}),
    "steps": (Hybrid, clicks, "softmax", 10, {"dropout": 0.0}),
}
found = {}
for case, (model_class, split, loss, batch_size, arguments) in cases.items():
    # Without times, whose vectors are dropped at random, in each replica otherwise.
    schema = dataclasses.replace(split.train.schema(history_length=8), timed=False)
    for strategy in ("none", "mirrored"):
        folder = RunFolder(tempfile.mkdtemp())
        # Once the second resumes the first.
        for epochs in (1, 2) if (case, strategy) == ("steps", "mirrored") else (2,):
            with strategy_scope(strategy):
                keras.utils.set_random_seed(0)
                model = model_class(schema, dim=4, **arguments)
                model.adapt(split.train)
                optimizer = {"class": "LazyAdam", "learning_rate": 0.05}
                train = TrainNode(
                    epochs=epochs,
                    batch_size=batch_size,
                    optimizer=optimizer,
                    loss=loss,
                    strategy=strategy,
                )
                history = fit(model, split, train, folder, resume=True, progress=False)
        found[f"{case} {strategy}"] = [logs["loss"] for logs in history]
    inputs = {"inputs": model.train_inputs, "steps": model.steps, "history_length": 8}
    *_, (_, _, weight) = batches(split.train, batch_size=batch_size, shuffle=False, **inputs)
    real = (weight.numpy().reshape(2, batch_size // 2, -1) > 0).any(-1)
    found[f"{case} shares"] = real.sum(axis=1).tolist()
print(json.dumps(found))
"""


def test_two_replicas_give_the_loss_of_one_device():
    done = subprocess.run([sys.executable, "-c", TWO_CPUS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    for case in ("ratings", "clicks", "steps"):
        one, two = found[f"{case} none"], found[f"{case} mirrored"]
        assert two == pytest.approx(one, abs=1e-5)
        # A step that is lost or taken twice would be seen.
        assert one[0] - one[1] > 1e-3
        # The replicas do not have equally many real examples in the last batch.
        first, second = found[f"{case} shares"]
        assert first > second


@pytest.mark.parametrize("name", ["none", "cpu"])
def test_available_strategies(name):
    with strategy_scope(name):
        pass


@pytest.mark.parametrize(
    "name,words",
    [
        ("tpu", "there is no TPU"),
        ("mirrored", "needs two devices"),
        ("gpu", "sees no GPU"),
        ("no", "none, cpu, gpu"),
    ],
)
def test_unavailable_strategies_are_refused(name, words):
    import tensorflow as tf

    if name in ("gpu", "mirrored") and tf.config.list_logical_devices("GPU"):
        pytest.skip("this machine has one")
    with pytest.raises(InputError, match=words):
        strategy_scope(name)
