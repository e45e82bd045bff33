"""A model as Keras's own file, `.keras`: what `keras.models.load_model` opens.

A zip archive of the constructor arguments, the weights, the state of the optimizer, and under
`assets/` the same files as in a checkpoint folder: vocabularies, encoders, titles, histories.
Nothing in it can execute: the assets are JSON and plain arrays.

Keras opens the archive, builds the model, and reads weights and the state of the optimizer: what
is refused of these, such as an entry packed a hundredfold, is Keras's to say, and a config that
asks for an enormous layer is built. The assets lie in a folder of Keras's by then. They are read
as those of a checkpoint are, see `SavedCatalogs`: plain files, arrays no larger than their file,
rows, sizes and features those of the model. Nothing says who wrote them: there is no list of
hashes, which a checkpoint folder has.
"""

import pathlib

import keras

# Imported for their registered names: a compiled model is loaded with its loss and optimizer.
import kerasrec.losses
import kerasrec.metrics
import kerasrec.optimizers  # noqa: F401
from kerasrec.errors import InputError
from kerasrec.files.replacing import replacing

SUFFIX = ".keras"
LEGACY = (".h5", ".hdf5")
# What Keras reads and writes elsewhere than in the file system.
REMOTE = ("hf://", "gs://", "s3://", "gcs://")


def is_keras_file(path):
    """Whether `save` of a model to this path is for Keras, and not a checkpoint folder.

    Raises:
        InputError: for Keras's older format, which has no place for a catalogue.
    """
    name = str(path)
    if name.endswith(LEGACY):
        raise InputError(
            f"{name}: HDF5 has no place for catalogue and histories: expected a .keras file or a "
            "folder; save_weights writes .weights.h5 with weights alone"
        )
    return name.endswith(SUFFIX) or name.startswith(REMOTE)


def save_keras_file(model, path, overwrite=False):
    """Writes `model` to `path`, whole or not at all.

    Raises:
        InputError: if the file exists and `overwrite` is False, it is a folder, or the disk is
            full; an earlier file is as it was then.
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
    """What unpickling calls: Keras's own function, which finds the class by its name."""
    name = keras.saving.get_registered_name(model_class)
    with keras.saving.custom_object_scope({name: model_class}):
        return rebuild(*arguments)
