"""A model as a `.keras` file, which `keras.models.load_model` opens.

The file is a zip archive of the constructor arguments, the weights and the state of the optimizer.
Its folder `assets/` holds the same files as a checkpoint folder: vocabularies, encoders, titles,
histories. The assets are JSON and plain arrays, so loading them runs no code.

Keras opens the archive, builds the model and reads the weights and the optimizer. Only Keras checks
these: it builds a layer of any size that the config asks for. The assets are checked like those of
a checkpoint, see `SavedCatalogs`: they must be plain files, with arrays no larger than their file
and with the rows, sizes and features of the model. There is no list of hashes as in a checkpoint
folder, so a changed asset that passes these checks is not noticed.
"""

import pathlib

import keras

# Imported to register their classes: Keras loads a compiled model with its loss and optimizer.
import kerasrec.losses
import kerasrec.metrics
import kerasrec.optimizers  # noqa: F401
from kerasrec.errors import InputError
from kerasrec.files.replacing import replacing

SUFFIX = ".keras"
LEGACY = (".h5", ".hdf5")
# Paths outside the file system, which Keras reads and writes.
REMOTE = ("hf://", "gs://", "s3://", "gcs://")


def is_keras_file(path):
    """Whether `save` to this path writes a `.keras` file, and not a checkpoint folder.

    Raises:
        InputError: for Keras's older HDF5 format, which cannot store a catalogue.
    """
    name = str(path)
    if name.endswith(LEGACY):
        raise InputError(
            f"{name}: HDF5 cannot store catalogue and histories: expected a .keras file or a "
            "folder; save_weights writes the weights alone to .weights.h5"
        )
    return name.endswith(SUFFIX) or name.startswith(REMOTE)


def save_keras_file(model, path, overwrite=False):
    """Writes `model` to `path`, completely or not at all.

    Raises:
        InputError: if the file exists and `overwrite` is False, it is a folder, or the disk is
            full. An existing file is then unchanged.
    """
    if str(path).startswith(REMOTE):
        keras.saving.save_model(model, str(path), overwrite=overwrite)
        return
    path = pathlib.Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: choose another name or remove it")
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists already: choose another file or overwrite=True")
    with replacing(path) as partial:
        keras.saving.save_model(model, partial)


def rebuild_in_scope(model_class, rebuild, arguments):
    """Unpickles a model by Keras's own function, which looks the class up by its name."""
    name = keras.saving.get_registered_name(model_class)
    with keras.saving.custom_object_scope({name: model_class}):
        return rebuild(*arguments)
