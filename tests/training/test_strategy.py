import json
import subprocess
import sys

import pytest

from kerasrec.errors import InputError
from kerasrec.training import strategy_scope

TWO_CPUS = """
import json, tempfile
import keras, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from kerasrec.config.nodes import TrainNode
from kerasrec.data.datasets import load
from kerasrec.data.splits import next_item
from kerasrec.training import RunFolder, strategy_scope
from kerasrec.training.fit import fit
from kerasrec_zoo import Hybrid

# 38 users make 150 windows: even, so that every batch is cut into equal halves.
split = next_item(load("synthetic", users=38, items=100))
schema = split.train.schema(history_length=8)
found = {}
for strategy in ("cpu", "mirrored"):
    folder = RunFolder(tempfile.mkdtemp())
    with strategy_scope(strategy):
        for epochs in (2,) if strategy == "cpu" else (1, 2):  # the second resumes the first
            keras.utils.set_random_seed(0)
            model = Hybrid(schema, dim=4, content_dim=4, dropout=0.0)
            model.adapt(split.train)
            optimizer = {"class": "sgd", "learning_rate": 0.5}
            train = TrainNode(epochs=epochs, batch_size=10, optimizer=optimizer)
            history = fit(model, split, train, folder, resume=True, progress=False)
    found[strategy] = [logs["loss"] for logs in history]
print(json.dumps(found))
"""


def test_two_replicas_give_the_loss_of_one_device():
    done = subprocess.run([sys.executable, "-c", TWO_CPUS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["mirrored"] == pytest.approx(found["cpu"], abs=1e-5)
    # A step that is lost or taken twice would be seen.
    assert found["cpu"][0] - found["cpu"][1] > 1e-2


@pytest.mark.parametrize("name", ["none", "cpu"])
def test_what_is_there(name):
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
def test_what_is_not_there(name, words):
    import tensorflow as tf

    if name in ("gpu", "mirrored") and tf.config.list_logical_devices("GPU"):
        pytest.skip("this machine has one")
    with pytest.raises(InputError, match=words):
        strategy_scope(name)
