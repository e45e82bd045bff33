"""Keras callbacks by their names in a config."""

import importlib
import importlib.util

from kerasrec.config.import_class import import_class
from kerasrec.config.nearest import nearest
from kerasrec.errors import InputError

# Of Keras's own those that a file can describe and that leave stdout and the weights alone.
KERAS_CALLBACKS = (
    "CSVLogger",
    "EarlyStopping",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
)
# Their arguments that name a file or folder to write.
PATH_ARGUMENTS = ("filename", "filepath", "log_dir")
KERAS = "keras.callbacks."
SAFE = ("keras.", "kerasrec.", "kerasrec_zoo.")
PERMISSION = "give model.trust=true on the command line: it covers every class of the config"


def find_callback_class(name, trust=False):
    """A callback class: one of `KERAS_CALLBACKS`, or any by dotted path, from outside if trusted.

    Raises:
        InputError: if there is none, it is outside of Keras and kerasrec and `trust` is False, or
            the package that it writes through is not installed.
    """
    short = name.removeprefix(KERAS)
    if "." not in short:
        if short not in KERAS_CALLBACKS:
            raise InputError(
                f"there is no callback {name} for a config{nearest(short, KERAS_CALLBACKS)}; a "
                "class of another package is named by its dotted path, and in Python "
                "run(callbacks=...) takes any Keras callback"
            )
        if short == "TensorBoard" and importlib.util.find_spec("tensorboard") is None:
            raise InputError("TensorBoard is not installed: pip install tensorboard")
        return getattr(importlib.import_module("keras").callbacks, short)
    found = import_class(name, SAFE, trust, PERMISSION)
    if found is None or not issubclass(found, importlib.import_module("keras").callbacks.Callback):
        raise InputError(f"{name} is not a class of Keras callbacks")
    return found


def is_of_keras(callback_class):
    """Whether a class is one of `KERAS_CALLBACKS`, whose arguments are known here."""
    callbacks = importlib.import_module("keras").callbacks
    return any(callback_class is getattr(callbacks, name) for name in KERAS_CALLBACKS)
