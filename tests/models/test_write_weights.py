"""A full disk raises an `OSError` and does not crash the process at exit."""

import errno
import io
import pathlib
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest

from kerasrec.models.checkpoints.unfailing_file import UnfailingFile
from kerasrec.models.checkpoints.write_weights import write_weights

MODELS = pathlib.Path(UnfailingFile.__init__.__code__.co_filename).parent
# Many groups, so that HDF5 writes parts of its index early and reads them back.
SCRIPT = """
import sys
import h5py
import numpy as np
from tests_unfailing import Limited, UnfailingFile
with open(sys.argv[1], "w+b", buffering=0) as file:
    target = UnfailingFile(Limited(file, int(sys.argv[2])), "a")
    with h5py.File(target, "w") as weights:
        for n in range(4000):
            weights.create_group(f"layers/l{n}/vars").create_dataset("0", data=np.ones(50))
print(target.error.errno)
"""


class Limited:
    """A file on a disk that holds at most `most` bytes."""

    def __init__(self, file, most):
        self._file, self._most = file, most

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data):
        room = max(0, self._most - self._file.tell())
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data[:room])


def made():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((40,)), *[keras.layers.Dense(40) for _ in range(4)]])
    return model


def compiled():
    model = made()
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def test_keras_reads_the_written_weights(tmp_path):
    model, other = compiled(), made()
    other.set_weights([np.zeros(weight.shape) for weight in other.weights])
    write_weights(model, tmp_path / "model.weights.h5")
    assert model.optimizer is not None
    other.load_weights(tmp_path / "model.weights.h5")
    for one, read in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, read)
    with h5py.File(tmp_path / "model.weights.h5") as file:
        assert "optimizer" not in file


@pytest.mark.parametrize("size", [0, 100, 5000, 20000])
def test_a_file_that_cannot_grow_raises(tmp_path, size, largest_file):
    model = compiled()
    with largest_file(size), pytest.raises(OSError, match="too large") as error:
        write_weights(model, tmp_path / "model.weights.h5")
    assert error.value.errno == errno.EFBIG and model.optimizer is not None


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="only on Linux")
def test_a_full_device_raises(tmp_path):
    with pytest.raises(OSError) as error:
        with open("/dev/full", "w+b", buffering=0) as file:
            target = UnfailingFile(file, "a.weights.h5")
            made().save_weights(target)
            raise target.error
    assert error.value.errno == errno.ENOSPC


def test_data_written_after_the_error_is_read_back(tmp_path):
    with open(tmp_path / "a", "w+b", buffering=0) as file:
        target = UnfailingFile(Limited(file, 5000), "a")
        rng, right = np.random.default_rng(0), bytearray(40000)
        for _ in range(300):
            at, size = int(rng.integers(0, 39000)), int(rng.integers(1, 1000))
            right[at : at + size] = data = rng.bytes(size)
            target.seek(at)
            assert target.write(data) == size
        assert target.error.errno == errno.ENOSPC
        target.seek(0, io.SEEK_END)
        assert target.tell() <= 40000
        for at, size in ((0, 40000), (4090, 10), (123, 9000)):
            found = bytearray(size)
            target.seek(at)
            assert target.readinto(found) == size
            assert found == right[at : at + size]


@pytest.mark.slow
@pytest.mark.parametrize("room", [1000, 1_000_000])
def test_the_process_exits_without_a_crash(tmp_path, room):
    source = pathlib.Path(__file__).read_text()
    limited = source[source.index("class Limited") : source.index("def made")]
    # The file is imported alone: TensorFlow would take seconds.
    head = f"import errno, sys\nsys.path.insert(0, {str(MODELS)!r})\n"
    head += "from unfailing_file import UnfailingFile\n"
    (tmp_path / "tests_unfailing.py").write_text(head + limited)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "a.h5"), str(room)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, f"{errno.ENOSPC}\n"), done.stderr
