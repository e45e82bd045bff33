"""All that a stopped training needs to go on as if nothing had happened."""

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
# What reading a file raises that is no state, or half of one.
DAMAGE = (OSError, EOFError, ValueError, LookupError, RecursionError, zipfile.BadZipFile)


class TrainingState(keras.callbacks.Callback):
    """Writes the state of the training after every epoch, and brings it back.

    The state is every variable of the model (weights and the states of random generators), every
    variable of the optimizer, the logs of all epochs and the seconds that they took, in one `.npz`
    of plain arrays, written and read one by one. The `.csv` beside it holds the logs for people.

    Args:
        path: The `.npz` file; None to write nothing, and to keep the logs alone.
        history_path: The `.csv` file.
        began: `time.perf_counter()` when the training of this process began; None for now.

    Attributes:
        history: Logs of all epochs so far, one dict an epoch.
        seconds: What the processes before this one have spent on them.
    """

    def __init__(self, path, history_path, began=None):
        super().__init__()
        self.path = path and pathlib.Path(path)
        self.history_path = history_path and pathlib.Path(history_path)
        self.history, self.seconds = [], 0.0
        self._began = time.perf_counter() if began is None else began

    def restore(self, model):
        """Brings a compiled model to the state of the file; does nothing where there is none.

        Raises:
            InputError: if the file is damaged or belongs to another model.
        """
        if not (self.path and self.path.exists()):
            return
        with open(self.path, "rb") as raw:
            with _naming_damage(self.path):
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
        # A kill comes between the two files as well.
        write_history(self.history_path, self.history)

    def _read(self, file, name):
        with _naming_damage(self.path):
            return file[name]

    def on_epoch_end(self, epoch, logs=None):
        self.history.append({name: float(value) for name, value in (logs or {}).items()})
        if not self.path:
            return
        variables = _variables(self.model)
        seconds = self.seconds + time.perf_counter() - self._began
        state = {"format": FORMAT, "history": self.history, "seconds": seconds}
        state["shapes"] = _shapes(variables)
        # One by one: `numpy.savez` holds a copy of the model and of its optimizer.
        with replacing(self.path) as partial, zipfile.ZipFile(partial, "w") as file:
            _write(file, "state", np.array(json.dumps(state)))
            for name, variable in _named(variables):
                _write(file, name, keras.ops.convert_to_numpy(variable))
        write_history(self.history_path, self.history)


def seconds_spent(path):
    """The seconds that the training of a state took, in all of its processes; 0 without a file.

    Raises:
        InputError: if the file is damaged.
    """
    if not path.exists():
        return 0.0
    with _naming_damage(path), np.load(path, allow_pickle=False) as file:
        return _state(file).get("seconds", 0.0)


def write_history(path, history):
    """The logs of all epochs as a table, a row an epoch, counted from 1."""
    names = list(dict.fromkeys(name for logs in history for name in logs))
    with replacing(path) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["epoch", *names])
        writer.writeheader()
        writer.writerows({"epoch": n, **logs} for n, logs in enumerate(history, start=1))


def _state(file):
    state = json.loads(str(file["state"]))
    if not isinstance(state, dict) or not {"shapes", "history"} <= set(state):
        raise ValueError("it holds no state")
    return state


@contextlib.contextmanager
def _naming_damage(path):
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
