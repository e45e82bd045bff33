"""A state is written and read one variable at a time."""

import tracemalloc

import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.training.callbacks.training_state import TrainingState, seconds_spent

# One weight, in bytes; with Adam's two moments there are 24 of its size.
SIZE, WEIGHTS = 2**20, 8


def made(seed):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(512, use_bias=False) for _ in range(WEIGHTS)]
    model = keras.Sequential([keras.Input((512,)), *layers])
    model.compile(keras.optimizers.Adam(), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture
def peak():
    """Of the memory that Python and NumPy take from one call to the next, in bytes."""
    tracemalloc.start()

    def measured():
        found = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        return found[1] - found[0]

    yield measured
    tracemalloc.stop()


def test_a_state_takes_the_memory_of_a_few_weights(tmp_path, peak):
    model, other = made(0), made(1)
    for number, variable in enumerate(model.optimizer.variables):
        if variable.shape == (512, 512):
            variable.assign(np.full((512, 512), number, "float32"))
    state = TrainingState(tmp_path / "state.npz", tmp_path / "history.csv")
    state.set_model(model)
    peak()
    state.on_epoch_end(0, {"loss": 1.0})
    # A copy of one weight, TensorFlow's of it, and what is in between; not all 24.
    assert peak() < 4 * SIZE < (tmp_path / "state.npz").stat().st_size / 5
    again = TrainingState(tmp_path / "state.npz", tmp_path / "history.csv")
    peak()
    again.restore(other)
    assert peak() < 4 * SIZE
    assert again.history == [{"loss": 1.0}]
    pairs = zip(
        [*model.variables, *model.optimizer.variables],
        [*other.variables, *other.optimizer.variables],
        strict=True,
    )
    for one, read in pairs:
        np.testing.assert_array_equal(one, read)


def test_a_state_is_an_npz_of_numpy(tmp_path):
    model = made(0)
    state = TrainingState(tmp_path / "state.npz", tmp_path / "history.csv")
    state.set_model(model)
    state.on_epoch_end(0, {"loss": 1.0})
    with np.load(tmp_path / "state.npz", allow_pickle=False) as file:
        assert len(file.files) == 1 + len(model.variables) + len(model.optimizer.variables)
        np.testing.assert_array_equal(file["variable_0"], model.variables[0])


@pytest.mark.parametrize("state", ["[]", "7", "{", "[" * 100_000, '{"format": 2}'])
def test_a_damaged_state_is_named(tmp_path, state):
    path = tmp_path / "state.npz"
    np.savez(path, state=np.array(state))
    with pytest.raises(InputError, match="state.npz is damaged"):
        seconds_spent(path)
    with pytest.raises(InputError, match="state.npz is damaged"):
        TrainingState(path, tmp_path / "history.csv").restore(made(0))
