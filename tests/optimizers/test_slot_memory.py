"""Peak memory of creating slots, measured in a separate process."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

# Large compared with the 40 MB by which the peak of a process varies.
ROWS, DIM = 1_000_000, 64
TABLE = ROWS * DIM * 4
CODE = f"""
import pathlib

import keras
import numpy as np

import kerasrec.optimizers
from kerasrec.layers import EmbeddingTable


def peak():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(dict(line.split(":", 1) for line in lines)["VmHWM"].split()[0])


def trained(rows, optimizer):
    ids = keras.Input((), dtype="int32")
    model = keras.Model(ids, keras.layers.Dense(1)(EmbeddingTable(rows, {DIM})(ids)))
    model.compile(getattr(kerasrec.optimizers, optimizer)(), "mse")
    model.fit(np.arange(64), np.ones((64, 1)), verbose=0)
    return model


trained(100, "NAME")
before = peak()
model = trained({ROWS}, "NAME")
print(peak() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("name,slots", [("LazyAdam", 2), ("SparseAdagrad", 1), ("SparseSGD", 0)])
def test_keras_model_stores_each_slot_once(name, slots):
    # oneDNN's allocator rounds large blocks up.
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", CODE.replace("NAME", name)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    taken = int(done.stdout.split()[-1]) / TABLE
    assert 0.9 * (1 + slots) < taken < 1 + slots + 0.5
