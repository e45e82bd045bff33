"""Writes the weights of a model to a file, without the optimizer."""

import contextlib

from kerasrec.models.checkpoints.unfailing_file import UnfailingFile


def write_weights(model, path):
    """Writes a `.weights.h5` file as Keras does, one weight at a time, without the optimizer.

    Keras would also write the optimizer of a compiled model, which for Adam takes twice the size
    of the trained weights. A run keeps the optimizer in its training state.

    Raises:
        OSError: if the disk is full or cannot be written.
    """
    with without_optimizer(model), open(path, "w+b", buffering=0) as file:
        target = UnfailingFile(file, path.name)
        try:
            model.save_weights(target)
        finally:
            if target.error is not None:
                raise target.error


@contextlib.contextmanager
def without_optimizer(model):
    """A block in which a compiled model has no optimizer for Keras to write or to read."""
    attributes = vars(model)
    # Through `vars`: Keras tracks an attribute again when it is set.
    optimizer = attributes.pop("optimizer", None)
    try:
        yield
    finally:
        if optimizer is not None:
            attributes["optimizer"] = optimizer
