"""The state of a training, saved so that a stopped one can be resumed."""

import contextlib
import csv
import json
import pathlib
import time
import zipfile

import keras
import numpy as np

from kerasrec.errors import InputError
from kerasrec.files.replacing import replacing

FORMAT = 2
# What reading raises for a file that is not a state, or only part of one.
DAMAGE = (OSError, EOFError, ValueError, LookupError, RecursionError, zipfile.BadZipFile)


class TrainingState(keras.callbacks.Callback):
    """Writes the state of the training after every epoch, and restores it.

    The state is every variable of the model (weights and the states of random generators), every
    variable of the optimizer, the logs of all epochs, the seconds that they took and the number of
    users that validations rank for, in one `.npz` of plain arrays, written and read one by one. A
    `.csv` holds the logs for people.

    Args:
        path: The `.npz` file; None to write nothing and only collect the logs.
        history_path: The `.csv` file.
        start: `time.perf_counter()` when the training of this process began; None for now.
        validation_users: `ValidationUsers`, whose number is saved and restored; None for none.

    Attributes:
        history: Logs of all epochs so far, one dict an epoch.
        seconds: Time that earlier processes spent on these epochs.
    """

    def __init__(self, path, history_path, start=None, validation_users=None):
        super().__init__()
        self.path = path and pathlib.Path(path)
        self.history_path = history_path and pathlib.Path(history_path)
        self.history, self.seconds = [], 0.0
        self.validation_users = validation_users
        self._start = time.perf_counter() if start is None else start

    def restore(self, model):
        """Restores a compiled model from the file; does nothing where there is none.

        Raises:
            InputError: if the file is damaged or belongs to another model.
        """
        if not (self.path and self.path.exists()):
            return
        with open(self.path, "rb") as raw:
            with naming_damage(self.path):
                file = np.load(raw, allow_pickle=False)
                state = _state(file)
            if state.get("format") != FORMAT:
                raise InputError(
                    f"{self.path} has format {state.get('format')}, this kerasrec reads {FORMAT}"
                )
            model.optimizer.build(model.trainable_variables)
            variables = _variables(model)
            if state["shapes"] != _shapes(variables):
                raise InputError(
                    f"{self.path} belongs to another model or optimizer: start a new run"
                )
            for name, variable in _named(variables):
                variable.assign(self._read(file, name))
        self.history, self.seconds = state["history"], state.get("seconds", 0.0)
        if self.validation_users and "validated_users" in state:
            self.validation_users.number = state["validated_users"]
        # A kill between the two writes leaves an old table.
        write_history(self.history_path, self.history)

    def _read(self, file, name):
        with naming_damage(self.path):
            return file[name]

    def on_epoch_end(self, epoch, logs=None):
        self.history.append({name: float(value) for name, value in (logs or {}).items()})
        if not self.path:
            return
        variables = _variables(self.model)
        seconds = self.seconds + time.perf_counter() - self._start
        state = {"format": FORMAT, "history": self.history, "seconds": seconds}
        state["shapes"] = _shapes(variables)
        if self.validation_users:
            state["validated_users"] = self.validation_users.number
        # One by one, for `numpy.savez` needs a copy of all of them in memory.
        with replacing(self.path) as partial, zipfile.ZipFile(partial, "w") as file:
            _write(file, "state", np.array(json.dumps(state)))
            for name, variable in _named(variables):
                _write(file, name, keras.ops.convert_to_numpy(variable))
        write_history(self.history_path, self.history)


def seconds_spent(path):
    """The seconds that a training took so far, in all its processes; 0 without a file.

    Raises:
        InputError: if the file is damaged.
    """
    if not path.exists():
        return 0.0
    with naming_damage(path), np.load(path, allow_pickle=False) as file:
        return _state(file).get("seconds", 0.0)


def write_history(path, history):
    """Writes the logs of all epochs as CSV: a row an epoch, counted from 1."""
    names = list(dict.fromkeys(name for logs in history for name in logs))
    with replacing(path) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["epoch", *names])
        writer.writeheader()
        writer.writerows({"epoch": n, **logs} for n, logs in enumerate(history, start=1))


def read_shapes(file):
    """Shapes of the variables in an opened state file: the model's, then the optimizer's."""
    return _state(file)["shapes"]


def _state(file):
    state = json.loads(str(file["state"]))
    if not isinstance(state, dict) or not {"shapes", "history"} <= set(state):
        raise ValueError("it holds no state")
    return state


@contextlib.contextmanager
def naming_damage(path):
    try:
        yield
    except DAMAGE as error:
        raise InputError(f"{path} is damaged ({error}): start a new run") from error


def _write(file, name, array):
    with file.open(f"{name}.npy", "w", force_zip64=True) as entry:
        np.lib.format.write_array(entry, array, allow_pickle=False)


def _variables(model):
    return [*model.variables, *model.optimizer.variables]


def _named(variables):
    return ((f"variable_{number}", variable) for number, variable in enumerate(variables))


def _shapes(variables):
    return [list(variable.shape) for variable in variables]
